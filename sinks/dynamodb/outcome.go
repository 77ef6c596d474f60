package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"sluice/connect"
)

// send makes one call and says what became of each write. It never returns an outcome that is better than what the service said.
func (c *client) send(ctx context.Context, writes []*write) outcome {
	switch writes[0].route {
	case statementRoute:
		return c.sendStatements(ctx, writes)
	case transactRoute:
		return c.sendTransaction(ctx, writes)
	case singleRoute:
		return c.sendSingle(ctx, writes[0])
	}
	return c.sendBatch(ctx, writes)
}

func (c *client) sendBatch(ctx context.Context, writes []*write) outcome {
	const operation = "BatchWriteItem"
	head, answer, err := c.call(ctx, operation, c.body(writes))
	if err != nil {
		return c.noAnswer(operation, err)
	}
	if head.status != http.StatusOK {
		return c.failed(ctx, operation, head, answer)
	}
	unprocessed, err := c.unprocessed(answer, writes)
	if err != nil {
		return c.noAnswer(operation, fmt.Errorf("read the answer: %w", err))
	}
	return outcome{class: done, each: unprocessed, consumed: c.consumed(answer)}
}

// sendSingle sends one write by a call of its own.
func (c *client) sendSingle(ctx context.Context, w *write) outcome {
	operation := operationNames[w.op]
	body := append(appendEscaped([]byte(`{`+c.ask+`"TableName":"`), c.table.name), `",`...)
	body = append(append(body, newRequest(w, c.table, &c.settings.handling).out...), '}')
	head, answer, err := c.call(ctx, operation, body)
	if err != nil {
		return c.noAnswer(operation, err)
	}
	if head.status == http.StatusOK {
		if !json.Valid(answer) { // something else has answered
			return c.noAnswer(operation, errors.New("read the answer: it is not JSON"))
		}
		return outcome{class: done, consumed: c.consumed(answer)}
	}
	cause := readServiceError(head, answer)
	if cause.code != conditionFailedCode {
		return c.failed(ctx, operation, head, answer)
	}
	var old struct{ Item json.RawMessage }
	_ = json.Unmarshal(answer, &old) // it has been read before
	cause.operation, cause.table = operation, c.table.name
	return outcome{class: done, each: []verdict{c.unmet(w, old.Item, cause)}}
}

// sendTransaction sends writes by a call that carries out all or none of them. If it is refused, each write has a reason: those without are
// sent again as they are.
func (c *client) sendTransaction(ctx context.Context, writes []*write) outcome {
	const operation = "TransactWriteItems"
	body := []byte(`{` + c.ask + `"TransactItems":[`)
	for i, w := range writes {
		if i > 0 {
			body = append(body, ',')
		}
		name := operationNames[w.op]
		body = append(append(append(body, `{"`...), name[:len(name)-len("Item")]...), `":{"TableName":"`...)
		body = append(appendEscaped(body, c.table.name), `",`...)
		body = append(append(body, newRequest(w, c.table, &c.settings.handling).out...), `}}`...)
	}
	head, answer, err := c.call(ctx, operation, append(body, `]}`...))
	if err != nil {
		return c.noAnswer(operation, err)
	}
	if head.status == http.StatusOK {
		if !json.Valid(answer) {
			return c.noAnswer(operation, errors.New("read the answer: it is not JSON"))
		}
		return outcome{class: done, consumed: c.consumed(answer)}
	}
	cause := readServiceError(head, answer)
	var refused struct{ CancellationReasons []statementError }
	_ = json.Unmarshal(answer, &refused)
	if cause.code != "TransactionCanceledException" || len(refused.CancellationReasons) != len(writes) {
		return c.failed(ctx, operation, head, answer)
	}
	if !slices.ContainsFunc(refused.CancellationReasons, statementError.isReason) {
		return outcome{class: transient, err: c.wrap(operation, cause)}
	}
	each := make([]verdict, len(writes))
	for i, w := range writes {
		if r := refused.CancellationReasons[i]; !r.isReason() {
			each[i] = verdict{class: again}
		} else {
			each[i] = c.verdict(ctx, w, r, operation, cause.requestID)
		}
	}
	return outcome{class: done, each: each}
}

// sendStatements sends writes as PartiQL statements, each of which succeeds or fails by itself.
func (c *client) sendStatements(ctx context.Context, writes []*write) outcome {
	const operation = "BatchExecuteStatement"
	body := []byte(`{` + c.ask + `"Statements":[`)
	for i, w := range writes {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendStatement(body, w, c.table, &c.settings.handling)
	}
	head, answer, err := c.call(ctx, operation, append(body, `]}`...))
	if err != nil {
		return c.noAnswer(operation, err)
	}
	if head.status != http.StatusOK {
		return c.failed(ctx, operation, head, answer)
	}
	var got struct {
		Responses []struct{ Error *statementError }
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return c.noAnswer(operation, fmt.Errorf("read the answer: %w", err))
	}
	if len(got.Responses) != len(writes) {
		return c.noAnswer(operation, fmt.Errorf("read the answer: it speaks of %d statements, %d were sent", len(got.Responses), len(writes)))
	}
	each := make([]verdict, len(writes))
	for i, w := range writes {
		if e := got.Responses[i].Error; e != nil {
			each[i] = c.verdict(ctx, w, *e, operation, head.requestID)
		}
	}
	return outcome{class: done, each: each, consumed: c.consumed(answer)}
}

// statementError is why one statement or action of a call was not carried out.
type statementError struct {
	Code, Message string
	Item          json.RawMessage // of a failed condition: what the table holds
}

// isReason reports whether there was something wrong with the action.
func (e statementError) isReason() bool { return e.Code != "" && e.Code != "None" }

// classOfStatement are the codes of statements and actions that have other names than as errors of calls.
var classOfStatement = map[string]class{
	"ProvisionedThroughputExceeded": throttled, "ThrottlingError": throttled, "RequestLimitExceeded": throttled,
	"InternalServerError": transient, "TransactionConflict": transient,
	"ValidationError": rejected, "ItemCollectionSizeLimitExceeded": rejected,
	"ResourceNotFound": fatal, "AccessDenied": fatal,
}

// verdict says what the error of one statement or action means for its write.
func (c *client) verdict(ctx context.Context, w *write, e statementError, operation, requestID string) verdict {
	cause := &serviceError{operation: operation, table: c.table.name, code: e.Code, message: e.Message, requestID: requestID}
	switch e.Code {
	case "ConditionalCheckFailed":
		return c.unmet(w, e.Item, cause)
	case "DuplicateItem":
		return c.duplicate(ctx, w, cause)
	case "ResourceNotFound":
		if _, found, _ := c.session.describe(ctx, c.table.name); found != fatal {
			return verdict{class: transient, err: c.wrap(operation, cause)}
		}
	}
	class, known := classOfStatement[e.Code]
	switch {
	case !known:
		class = transient // to try again does no harm; a call of its own would have a status that says more
	case class == rejected:
		return verdict{class: rejected, err: c.rejection(cause)}
	case class == fatal:
		return verdict{class: fatal, err: fmt.Errorf("%s to table %q (%s): %w", operation, c.table.name, c.session.identity(), cause)}
	}
	return verdict{class: class, err: c.wrap(operation, cause)}
}

// duplicate deals with an INSERT that found an item, which the service does not show: it has to be read if it matters whether it is the
// record's own.
func (c *client) duplicate(ctx context.Context, w *write, cause *serviceError) verdict {
	if !w.judged {
		return c.unmet(w, nil, cause)
	}
	const operation = "GetItem"
	body := append(appendEscaped([]byte(`{"TableName":"`), c.table.name), `","ConsistentRead":true,"Key":`...)
	head, answer, err := c.call(ctx, operation, append(append(body, c.table.keyText(w.item)...), '}'))
	if err != nil {
		out := c.noAnswer(operation, err)
		return verdict{class: out.class, err: out.err}
	}
	if head.status != http.StatusOK {
		out := c.failed(ctx, operation, head, answer)
		return verdict{class: out.class, err: out.err, hot: out.hot}
	}
	var got struct{ Item json.RawMessage }
	if err := json.Unmarshal(answer, &got); err != nil {
		return verdict{class: transient, err: c.wrap(operation, fmt.Errorf("read the answer: %w", err))}
	}
	return c.unmet(w, got.Item, cause)
}

// unmet deals with a write whose condition failed. If the table holds just what the write would have left, then it was carried out
// before, in a call without an answer or before a crash, and the condition failed because of that.
func (c *client) unmet(w *write, old json.RawMessage, cause *serviceError) verdict {
	if w.holds(old, c.table, &c.settings.handling) {
		return verdict{class: done}
	}
	return verdict{class: unmetCondition, err: connect.NewDataError("table %q: the condition of the write does not hold: %w", c.table.name, cause)}
}

// holds reports whether an item, absent if there is none, is what the write leaves.
func (w *write) holds(old json.RawMessage, t *table, h *handling) bool {
	if w.op == deleteItem {
		return old == nil
	}
	if old == nil {
		return false
	}
	var have map[string]json.RawMessage
	if json.Unmarshal(old, &have) != nil {
		return false
	}
	if v := w.version; v != nil {
		return sameValue(have[h.condition.versionOf], json.RawMessage(v.attributeValue()))
	}
	if w.op == putItem || w.op == insertItem {
		return sameItem(w.item, old)
	}
	for _, a := range attributesOf(w.item) {
		value, there := have[string(appendUnescaped(nil, a.name))]
		switch {
		case a.isNull() && h.updateNull == ignoreNull:
		case a.isNull() && h.updateNull == removeNull:
			if there {
				return false
			}
		case !there || !sameValue(a.value, value):
			return false
		}
	}
	return true
}
