package dynamodb

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxTransactItems = 100
	maxTokenBytes    = 36
	tokenWindow      = 10 * time.Minute
)

// idempotency remembers the client tokens of transactions.
type idempotency struct {
	mu   sync.Mutex // guards seen
	seen map[string]tokenUse
}

type tokenUse struct {
	digest [sha256.Size]byte // of the items
	at     time.Time
}

// check reports whether a transaction with this token was carried out before; it is an error if
// that one was another transaction.
func (i *idempotency) check(token string, items []byte, now time.Time) (done bool, err *apiError) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for t, use := range i.seen {
		if now.Sub(use.at) > tokenWindow {
			delete(i.seen, t)
		}
	}
	use, known := i.seen[token]
	if known && use.digest != sha256.Sum256(items) {
		return false, newError(typeIdempotentMismatch, "")
	}
	return known, nil
}

func (i *idempotency) remember(token string, items []byte, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.seen == nil {
		i.seen = make(map[string]tokenUse)
	}
	i.seen[token] = tokenUse{sha256.Sum256(items), now}
}

// readTransactItems splits TransactItems into its elements.
func readTransactItems(p *params) (texts [][]byte) {
	if p.err == nil && !p.has("TransactItems") {
		p.err = constraintError("null", "transactItems", "Member must not be null")
	}
	p.scan("TransactItems", func(c *cursor) {
		c.open('[')
		first := true
		for c.element(&first) {
			texts = append(texts, c.skip())
		}
		switch {
		case c.err != nil:
		case len(texts) == 0:
			c.fail(constraintError("'[]'", "transactItems", "Member must have length greater than or equal to 1"))
		case len(texts) > maxTransactItems:
			c.fail(validationError("Member must have length less than or equal to 100"))
		}
	})
	return texts
}

var transactKinds = []struct {
	member string
	kind   actionKind
}{
	{"ConditionCheck", actionCheck}, {"Put", actionPut}, {"Update", actionUpdate}, {"Delete", actionDelete},
}

// transactWriteItems carries out all of its actions or none.
func (s *Server) transactWriteItems(r *request) *apiError {
	p := &r.params
	detail := p.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	p.enum("ReturnItemCollectionMetrics", "NONE", returnMetricsSet...)
	token := p.string("ClientRequestToken")
	if p.err == nil && len(token) > maxTokenBytes {
		p.err = constraintError("'"+token+"'", "clientRequestToken", "Member must have length less than or equal to 36")
	}
	texts := readTransactItems(p)
	if p.err != nil {
		return p.err
	}
	actions, reasons, err := s.readTransaction(r, texts)
	if err != nil {
		return err
	}
	unlock := lockTables(actions)
	defer unlock()
	if token != "" {
		done, err := s.tokens.check(token, p.text("TransactItems"), s.opts.Clock())
		if err != nil {
			return err
		}
		if done {
			r.appendTransactUsage(usagesOf(actions, true), detail)
			return nil
		}
	}
	writes := make([]*write, len(actions))
	for i := range actions {
		if reasons[i] == nil && !actions[i].table.limits.admit(false, nil) {
			s.stats.throttled.Add(1)
			reasons[i] = throughputError()
		}
		if reasons[i] == nil {
			writes[i], reasons[i] = actions[i].prepare(actions[i].table.find(actions[i].key))
		}
	}
	if err := canceled(reasons); err != nil {
		return err
	}
	used := usagesOf(actions, false)
	for i := range actions {
		s.transactOne(&actions[i], writes[i], used[actions[i].table], detail != "NONE")
	}
	if token != "" {
		s.tokens.remember(token, p.text("TransactItems"), s.opts.Clock())
	}
	r.appendTransactUsage(used, detail)
	return nil
}

// transactOne carries out one action whose condition holds.
func (s *Server) transactOne(a *action, w *write, used *usage, wanted bool) {
	it := a.table.find(a.key)
	var one usage
	one.table = a.table
	if a.kind == actionCheck {
		one.units = writeUnits(sizeOf(it))
		a.table.limits.spend(&one)
	} else {
		s.store(a.table, it, a.key, w, &one, wanted)
	}
	used.add(&one)
	used.add(&one) // a transaction costs double
}

// usagesOf makes an account for each table of the actions. replayed fills in what the replay of a
// finished transaction costs: a read of each item.
func usagesOf(actions []action, replayed bool) map[*table]*usage {
	used := make(map[*table]*usage)
	for i := range actions {
		t := actions[i].table
		if used[t] == nil {
			used[t] = &usage{table: t}
		}
		if replayed {
			used[t].units += 2 * readUnits(sizeOf(t.find(actions[i].key)), true)
		}
	}
	return used
}

// appendTransactUsage writes the answer of a TransactWriteItems that went well.
func (r *request) appendTransactUsage(used map[*table]*usage, detail string) {
	r.out = append(r.out, '{')
	r.appendUsages(sortedUsages(used), detail)
	r.out = append(r.out, '}')
}

func sortedUsages(used map[*table]*usage) []*usage {
	list := slices.Collect(maps.Values(used))
	slices.SortFunc(list, func(a, b *usage) int { return strings.Compare(a.table.name, b.table.name) })
	return list
}

// readTransaction reads and binds the actions. An action that does not fit its table is a reason
// to cancel, whatever else is wrong is refused at once.
func (s *Server) readTransaction(r *request, texts [][]byte) (actions []action, reasons []*apiError, err *apiError) {
	missing := false
	for i, text := range texts {
		kind, inner, err := readTransactItem(i, text)
		if err != nil {
			return nil, nil, err
		}
		a, encoded := s.readAction(r, inner, kind)
		if inner.err != nil {
			return nil, nil, inner.err
		}
		if a.table == nil {
			missing = true
			continue
		}
		reason := a.bind(r, encoded)
		actions = append(actions, a)
		reasons = append(reasons, reason)
	}
	if missing {
		return nil, nil, notFoundError()
	}
	return actions, reasons, checkRepeated(actions, reasons)
}

// readTransactItem takes one element apart: its kind and the members of its action.
func readTransactItem(i int, text []byte) (actionKind, *params, *apiError) {
	var outer, inner params
	if err := outer.read(text); err != nil {
		return 0, nil, err
	}
	kinds, which := 0, 0
	for j, k := range transactKinds {
		if outer.has(k.member) {
			kinds++
			which = j
		}
	}
	switch {
	case kinds > 1:
		return 0, nil, validationError("TransactItems can only contain one of Check, Put, Update or Delete")
	case kinds == 0:
		return 0, nil, validationError("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
	}
	k := transactKinds[which]
	if err := inner.read(outer.text(k.member)); err != nil {
		return 0, nil, err
	}
	for _, member := range requiredMembers(k.kind) {
		if !inner.has(member) {
			where := fmt.Sprintf("transactItems.%d.member.%s.%s", i+1, lowerFirst(k.member), lowerFirst(member))
			return 0, nil, constraintError("null", where, "Member must not be null")
		}
	}
	return k.kind, &inner, nil
}

// checkRepeated refuses two actions on one item.
func checkRepeated(actions []action, reasons []*apiError) *apiError {
	type target struct {
		table *table
		key   key
	}
	seen := map[target]bool{}
	for i, a := range actions {
		if reasons[i] != nil {
			continue
		}
		if seen[target{a.table, a.key}] {
			return validationError("Transaction request cannot include multiple operations on one item")
		}
		seen[target{a.table, a.key}] = true
	}
	return nil
}

func requiredMembers(kind actionKind) []string {
	members := []string{"TableName", kind.member()}
	switch kind {
	case actionCheck:
		members = append(members, "ConditionExpression")
	case actionUpdate:
		members = append(members, updateExpression)
	}
	return members
}

// lockTables locks every table of the actions, in the order of their names.
func lockTables(actions []action) (unlock func()) {
	var tables []*table
	for _, a := range actions {
		if !slices.Contains(tables, a.table) {
			tables = append(tables, a.table)
		}
	}
	slices.SortFunc(tables, func(a, b *table) int { return strings.Compare(a.name, b.name) })
	for _, t := range tables {
		t.mu.Lock()
	}
	return func() {
		for _, t := range tables {
			t.mu.Unlock()
		}
	}
}

// canceled turns reasons into the error that reports them; nil if there is none.
func canceled(reasons []*apiError) *apiError {
	codes := make([]string, len(reasons))
	list := []byte(`,"CancellationReasons":[`)
	failed := false
	for i, reason := range reasons {
		if i > 0 {
			list = append(list, ',')
		}
		if reason == nil {
			codes[i] = "None"
			list = append(list, `{"Code":"None"}`...)
			continue
		}
		failed = true
		codes[i] = "ValidationError"
		switch reason.typ {
		case typeConditionFailed:
			codes[i] = "ConditionalCheckFailed"
		case typeThroughput:
			codes[i] = "ProvisionedThroughputExceeded"
		}
		list = append(list, `{"Code":"`+codes[i]+`","Message":`...)
		list = appendJSONString(list, reason.message)
		list = append(list, reason.extra...) // the item that stood in the way
		list = append(list, '}')
	}
	if !failed {
		return nil
	}
	e := newError(typeTransactionCanceled, "Transaction cancelled, please refer cancellation reasons for specific reasons "+bracketed(codes))
	e.extra = append(list, ']')
	return e
}
