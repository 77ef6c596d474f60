package dynamodb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"sluice/connect"
)

const (
	// What stands around an item in a request, at most: {"DeleteRequest":{"Key":…}},
	itemOverhead = 32

	maxAnswerBytes = 32 << 20        // an answer may hold the whole request again
	skewTolerance  = 2 * time.Minute // the service allows five minutes
)

// client sends writes. The items are DynamoDB's JSON already, so bodies are put together from their bytes; the SDK's
// serialisation, which would build them anew from values, is not used. Nor, mostly, are its signer and net/http (wire.go).
type client struct {
	session  *session
	signer   *v4.Signer
	table    *table
	settings *settings

	head []byte // of a BatchWriteItem body
	ask  string // what every request begins with: a question, or nothing

	skew atomic.Int64 // nanoseconds that the service's clock is ahead of ours
}

func newClient(session *session, t *table, s *settings) *client {
	c := &client{session: session, signer: v4.NewSigner(), table: t, settings: s}
	if s.consumed {
		c.ask = askForCapacity
	}
	c.head = append(appendEscaped([]byte(`{`+c.ask+`"RequestItems":{"`), t.name), `":[`...)
	return c
}

// noAnswer is the outcome of a call of which it is not known whether it was carried out.
func (c *client) noAnswer(operation string, cause error) outcome {
	err := &serviceError{operation: operation, table: c.table.name, cause: cause}
	if mendable(cause) {
		return outcome{class: fatal, err: fmt.Errorf("%s to table %q (%s): %w", operation, c.table.name, c.session.identity(), err)}
	}
	return outcome{class: transient, err: c.wrap(operation, err)}
}

func (c *client) wrap(operation string, err error) error {
	return fmt.Errorf("%s to table %q: %w", operation, c.table.name, err)
}

// rejection is the error of a record that the service rejects.
func (c *client) rejection(cause error) error {
	return connect.NewDataError("table %q: the service rejected the item: %w", c.table.name, cause)
}

// body puts a request together, for example {"RequestItems":{"t":[{"PutRequest":{"Item":{"id":{"S":"a"}}}}]}}.
func (c *client) body(writes []*write) []byte {
	size := len(c.head) + 4
	for _, w := range writes {
		size += len(w.item) + itemOverhead
	}
	b := append(make([]byte, 0, size), c.head...)
	for i, w := range writes {
		if i > 0 {
			b = append(b, ',')
		}
		if w.op == deleteItem {
			b = append(b, `{"DeleteRequest":{"Key":`...)
		} else {
			b = append(b, `{"PutRequest":{"Item":`...)
		}
		b = append(b, w.item...)
		b = append(b, `}}`...)
	}
	return append(b, `]}}`...)
}

// post signs and sends a body and reads the answer. The body is not used after it has returned.
func (c *client) post(ctx context.Context, operation string, body []byte) (answerHead, []byte, error) {
	credentials, err := c.session.credentials.Retrieve(ctx)
	if err != nil {
		return answerHead{}, nil, err
	}
	at := time.Now().Add(time.Duration(c.skew.Load()))
	send := c.postByHTTP
	if c.session.direct() != nil && canSign(&credentials) {
		send = c.postByWire
	}
	head, answer, err := send(ctx, operation, body, &credentials, at)
	if err == nil {
		err = head.check(answer)
	}
	return head, answer, err
}

// postByWire makes a call by a connection of the sink's own.
func (c *client) postByWire(ctx context.Context, operation string, body []byte, credentials *aws.Credentials, at time.Time) (answerHead, []byte, error) {
	w := c.session.direct()
	return w.roundTrip(ctx, func(dst []byte) []byte { return w.signer.appendHead(dst, operation, body, credentials, at) }, body)
}

// postByHTTP makes a call by net/http, signed by the SDK's signer.
func (c *client) postByHTTP(ctx context.Context, operation string, body []byte, credentials *aws.Credentials, at time.Time) (answerHead, []byte, error) {
	body = bytes.Clone(body) // net/http may read it after the answer has come
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.session.endpoint, bytes.NewReader(body))
	if err != nil {
		return answerHead{}, nil, err
	}
	r.Header = http.Header{"Content-Type": {contentType}, "X-Amz-Target": {targetPrefix + operation}, "User-Agent": {userAgent}}
	sum := sha256.Sum256(body)
	if err := c.signer.SignHTTP(ctx, *credentials, r, hex.EncodeToString(sum[:]), "dynamodb", c.session.signingRegion, at); err != nil {
		return answerHead{}, nil, fmt.Errorf("sign the request: %w", err)
	}
	response, err := c.session.http.Do(r)
	if err != nil {
		return answerHead{}, nil, err
	}
	defer response.Body.Close()
	answer, err := readBounded(response.Body)
	if err != nil {
		return answerHead{}, nil, fmt.Errorf("read the answer: %w", err)
	}
	return headOf(response), answer, nil
}

// failed reads an answer other than 200.
func (c *client) failed(ctx context.Context, operation string, head answerHead, answer []byte) outcome {
	cause := readServiceError(head, answer)
	cause.operation, cause.table = operation, c.table.name
	class := classify(cause.status, cause.code)
	switch {
	case isExpired(cause.code):
		if !c.session.credentials.renewable() {
			class = fatal
		}
	case c.clockIsWrong(head, cause.code):
		class = transient
	case isNotReady(cause.code) && !c.settings.tables.blind:
		if _, found, err := c.session.describe(ctx, c.table.name); found != fatal {
			class = transient // it is being made, or was a moment ago, or nobody knows
			if err != nil {
				cause.message += "; " + err.Error()
			}
		}
	}
	switch class {
	case rejected: // becomes the record's error once the item is found
		return outcome{class: class, err: c.rejection(cause)}
	case fatal:
		return outcome{class: class, err: fmt.Errorf("%s to table %q (%s): %w", operation, c.table.name, c.session.identity(), cause)}
	}
	return outcome{class: class, err: c.wrap(operation, cause), hot: cause.hot()}
}

func isExpired(code string) bool { return code == "ExpiredTokenException" || code == "ExpiredToken" }

// clockIsWrong corrects the time that requests are signed with if the service's clock shows another one than was used.
func (c *client) clockIsWrong(head answerHead, code string) bool {
	if !isClockError(code) {
		return false
	}
	date, err := http.ParseTime(head.date)
	if err != nil {
		return false
	}
	skew := time.Until(date)
	if off := skew - time.Duration(c.skew.Load()); off > -skewTolerance && off < skewTolerance {
		return false
	}
	c.skew.Store(int64(skew))
	return true
}

// isClockError tells the codes that may mean nothing but a wrong clock.
func isClockError(code string) bool {
	return code == "InvalidSignatureException" || code == "RequestTimeTooSkewed" || code == "RequestExpired"
}

// unprocessed reads which writes came back, nil if none did. They are matched by key: the service promises no order.
func (c *client) unprocessed(answer []byte, writes []*write) ([]verdict, error) {
	if string(answer) == `{"UnprocessedItems":{}}` {
		return nil, nil
	}
	var body struct {
		UnprocessedItems map[string][]struct {
			PutRequest    struct{ Item map[string]json.RawMessage }
			DeleteRequest struct{ Key map[string]json.RawMessage }
		}
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		return nil, err
	}
	if body.UnprocessedItems == nil { // the service always names it; something else has answered
		return nil, errors.New("the answer does not say which items were not processed")
	}
	if len(body.UnprocessedItems) == 0 {
		return nil, nil
	}
	position := make(map[string]int, len(writes))
	for i, w := range writes {
		position[w.slot.key()] = i
	}
	came := make([]verdict, len(writes))
	var key []byte
	for _, requests := range body.UnprocessedItems {
		for _, r := range requests {
			attributes := r.PutRequest.Item
			if attributes == nil {
				attributes = r.DeleteRequest.Key
			}
			var err error
			if key, err = c.table.keyOf(key[:0], attributes); err != nil {
				return nil, err
			}
			i, ok := position[string(key)]
			if !ok {
				return nil, errors.New("UnprocessedItems holds an item that was not sent")
			}
			came[i] = verdict{class: throttled, err: errUnprocessed}
		}
	}
	return came, nil
}

// keyOf appends the canonical key of an item in DynamoDB's JSON, as itemWriter.appendKey does.
func (t *table) keyOf(dst []byte, attributes map[string]json.RawMessage) ([]byte, error) {
	for i := range t.keys {
		var value map[string]json.RawMessage
		if err := json.Unmarshal(attributes[t.attributes[i].name], &value); err != nil {
			return nil, fmt.Errorf("key attribute %q: %w", t.attributes[i].name, err)
		}
		text, ok := value[t.attributes[i].kind.String()]
		if !ok || len(text) < 2 || text[0] != '"' {
			return nil, fmt.Errorf("key attribute %q is not of type %s", t.attributes[i].name, t.attributes[i].kind)
		}
		dst = appendKeyPart(dst, t.attributes[i].kind, text[1:len(text)-1])
	}
	return dst, nil
}
