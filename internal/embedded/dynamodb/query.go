package dynamodb

import (
	"slices"
	"strings"
)

// query reads the items of one hash attribute, in the order of the range attribute.
func (s *Server) query(r *request) *apiError {
	p := &r.params
	g, x, _ := s.readPage(r, "KeyConditionExpression", "FilterExpression")
	forward := true
	if p.has("ScanIndexForward") {
		forward = p.boolean("ScanIndexForward")
	}
	var terms []keyTerm
	if p.err == nil {
		terms, p.err = p.keyCondition(x)
	}
	switch {
	case p.err != nil:
		return p.err
	case g.table == nil:
		return notFoundError()
	}
	if err := g.findIndex(p); err != nil {
		return err
	}
	order, schema := g.order()
	where, err := matchKeyCondition(terms, schema)
	if err != nil {
		return err
	}
	if err := checkFilter(g.filter, schema); err != nil {
		return err
	}
	if err := g.readStart(r); err != nil {
		return err
	}
	if g.start != nil {
		if g.start.key.hashPart() != where.hash {
			return validationError("The provided starting key is outside query boundaries based on provided conditions")
		}
		if !where.matches(g.start.key.rangePart()) {
			return validationError("The provided starting key does not match the range key predicate")
		}
	}
	out := page{pageRequest: g}
	return s.runPage(r, &out, func(take func(*entry) bool) {
		where.walk(order, forward, g.start, take)
	})
}

// keyTerm is one comparison of a KeyConditionExpression.
type keyTerm struct {
	attribute string
	op        string
	values    []value
}

// keyCondition reads the KeyConditionExpression, the last expression of the call.
func (p *params) keyCondition(x *expressions) ([]keyTerm, *apiError) {
	if !p.has("KeyConditionExpression") {
		return nil, validationError("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	n, err := x.parseCondition("KeyConditionExpression", p.string("KeyConditionExpression"))
	if p.err != nil {
		return nil, p.err
	}
	if err == nil {
		err = x.unused()
	}
	if err != nil {
		return nil, err
	}
	return n.keyTerms(nil)
}

var keyOperators = map[string]bool{"=": true, "<": true, "<=": true, ">": true, ">=": true, "BETWEEN": true, "begins_with": true}

// mirrored is the operator with its operands exchanged.
var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}

// keyTerms takes the expression apart. Only comparisons joined by AND may occur.
func (n *node) keyTerms(terms []keyTerm) ([]keyTerm, *apiError) {
	if n.op == "AND" {
		terms, err := n.args[0].keyTerms(terms)
		if err != nil {
			return nil, err
		}
		return n.args[1].keyTerms(terms)
	}
	if !keyOperators[n.op] {
		return nil, validationError("Invalid operator used in KeyConditionExpression: " + n.op)
	}
	t := keyTerm{op: n.op}
	paths := 0
	for i, arg := range n.args {
		switch {
		case arg.op == opValue:
			t.values = append(t.values, arg.value)
			continue
		case arg.op != opPath:
			return nil, validationError("KeyConditionExpressions cannot contain nested operations")
		case len(arg.path) > 1:
			return nil, validationErrorf("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: %s", arg.path[0].name)
		}
		paths++
		t.attribute = arg.path[0].name
		if i == 1 && mirrored[t.op] != "" {
			t.op = mirrored[t.op]
		}
	}
	switch {
	case paths > 1:
		return nil, validationError("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
	case paths == 0:
		return nil, validationError("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	return append(terms, t), nil
}

// keyRange is what a Query asks for: one hash attribute and a stretch of range attributes, all in
// key form.
type keyRange struct {
	hash      string
	low, high string
	lowOpen   bool // low itself is not wanted
	highOpen  bool // high itself is not wanted
	hasLow    bool
	hasHigh   bool
	prefix    string
}

// matchKeyCondition fits the terms to the key of a table or an index.
func matchKeyCondition(terms []keyTerm, schema keySchema) (where keyRange, err *apiError) {
	seen := map[string]bool{}
	for _, t := range terms {
		if seen[t.attribute] {
			return where, validationError("KeyConditionExpressions must only contain one condition per key")
		}
		seen[t.attribute] = true
	}
	if len(terms) > 2 {
		return where, validationError("Conditions can be of length 1 or 2 only")
	}
	if !seen[schema.hash.name] {
		return where, validationErrorf("Query condition missed key schema element: %s", schema.hash.name)
	}
	for _, t := range terms {
		switch {
		case t.attribute == schema.hash.name:
			if t.op != "=" {
				return where, validationError("Query key condition not supported")
			}
			if err := t.check(schema.hash); err != nil {
				return where, err
			}
			where.hash = encodeKeyValue(t.values[0])
		case schema.hasRange && t.attribute == schema.rng.name:
			if err := t.check(schema.rng); err != nil {
				return where, err
			}
			where.bound(t)
		case schema.hasRange:
			return where, validationErrorf("Query condition missed key schema element: %s", schema.rng.name)
		default:
			return where, validationError("Query key condition not supported")
		}
	}
	return where, nil
}

func (t keyTerm) check(part keyPart) *apiError {
	for _, v := range t.values {
		if v.kind != part.kind {
			return invalidParameter("Condition parameter type does not match schema type")
		}
		if v.kind != kindNumber && v.text == "" {
			return emptyKeyError(part)
		}
	}
	return nil
}

// bound takes over a condition on the range attribute.
func (w *keyRange) bound(t keyTerm) {
	v := encodeKeyValue(t.values[0])
	switch t.op {
	case "=":
		w.low, w.high, w.hasLow, w.hasHigh = v, v, true, true
	case ">", ">=":
		w.low, w.hasLow, w.lowOpen = v, true, t.op == ">"
	case "<", "<=":
		w.high, w.hasHigh, w.highOpen = v, true, t.op == "<"
	case "BETWEEN":
		w.low, w.hasLow = v, true
		w.high, w.hasHigh = encodeKeyValue(t.values[1]), true
	case "begins_with":
		w.low, w.hasLow, w.prefix = v, true, v
	}
}

// below reports whether a range attribute lies before what is wanted, above whether behind it.
func (w *keyRange) below(rng string) bool {
	return w.hasLow && (rng < w.low || w.lowOpen && rng == w.low)
}

func (w *keyRange) above(rng string) bool {
	if w.prefix != "" {
		return rng > w.low && !strings.HasPrefix(rng, w.prefix)
	}
	return w.hasHigh && (rng > w.high || w.highOpen && rng == w.high)
}

func (w *keyRange) matches(rng string) bool { return !w.below(rng) && !w.above(rng) }

// walk visits the live entries in range, after start if there is one. The caller holds the table's
// lock.
func (w *keyRange) walk(order *ordered, forward bool, start *entry, visit func(*entry) bool) {
	entries := order.collection(w.hash)
	lo, _ := slices.BinarySearchFunc(entries, 0, func(e entry, _ int) int { return before(w.below(e.key.rangePart())) })
	hi, _ := slices.BinarySearchFunc(entries, 0, func(e entry, _ int) int { return before(!w.above(e.key.rangePart())) })
	entries = entries[lo:max(lo, hi)]
	if start != nil {
		if forward {
			at, _ := slices.BinarySearchFunc(entries, *start, func(e, s entry) int { return before(compareEntries(e, s) <= 0) })
			entries = entries[at:]
		} else {
			at, _ := slices.BinarySearchFunc(entries, *start, func(e, s entry) int { return before(compareEntries(e, s) < 0) })
			entries = entries[:at]
		}
	}
	for i := range entries {
		e := &entries[i]
		if !forward {
			e = &entries[len(entries)-1-i]
		}
		if order.live(e) && !visit(e) {
			return
		}
	}
}

// before turns "lies before the place searched for" into the result of a comparison.
func before(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

// checkFilter refuses a filter on the key that is queried.
func checkFilter(filter condition, schema keySchema) *apiError {
	n, ok := filter.(*node)
	if !ok {
		return nil
	}
	if n.op == opPath && schema.has(n.path[0].name) {
		return validationErrorf("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", n.path[0].name)
	}
	for _, arg := range n.args {
		if err := checkFilter(arg, schema); err != nil {
			return err
		}
	}
	return nil
}
