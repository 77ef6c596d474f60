package dynamodb

// Words of ReturnValues and its kin, in the order in which the service prints each set.
var (
	returnValuesSet   = []string{"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"}
	returnConsumedSet = []string{"INDEXES", "TOTAL", "NONE"}
	returnMetricsSet  = []string{"SIZE", "NONE"}
	returnOnFailSet   = []string{"ALL_OLD", "NONE"}
)

type actionKind byte

const (
	actionPut actionKind = iota
	actionUpdate
	actionDelete
	actionCheck // only looks; in transactions
)

// action is one write, alone or in a transaction. It is made in two steps: read takes what can be
// known from the request alone, bind fits it to its table.
type action struct {
	kind      actionKind
	table     *table
	key       key
	put       *write    // actionPut
	update    *updating // actionUpdate; nil: only make sure that the item is there
	keyFields fields    // actionUpdate: what an item that did not exist begins with
	condition condition // nil: none
	onFail    string    // ReturnValuesOnConditionCheckFailure
}

// member is the name of what holds the item or key.
func (k actionKind) member() string {
	if k == actionPut {
		return "Item"
	}
	return "Key"
}

// readAction reads an action's members except those that only single calls have. What stands in
// r.reader afterwards is for bind. The error is left in p.
func (s *Server) readAction(r *request, p *params, kind actionKind) (a action, encoded []byte) {
	a.kind = kind
	a.table, _ = s.requestTable(p)
	p.refuse("Expected", "AttributeUpdates", "ConditionalOperator")
	a.onFail = p.enum("ReturnValuesOnConditionCheckFailure", "NONE", returnOnFailSet...)
	a.readExpressions(p)
	encoded = r.readItem(p, kind.member(), a.table)
	if p.err == nil && kind == actionPut && r.reader.size > maxItemBytes {
		p.err = errItemSize
	}
	return a, encoded
}

func (a *action) readExpressions(p *params) {
	if p.err != nil {
		return
	}
	known := []string{"ConditionExpression"}
	if a.kind == actionUpdate {
		known = []string{updateExpression, "ConditionExpression"}
	}
	x := p.readExpressions(known...)
	if p.err == nil && a.kind == actionUpdate && p.has(updateExpression) {
		a.update, p.err = x.parseUpdate(p.string(updateExpression))
	}
	if p.err == nil && p.has("ConditionExpression") {
		var n *node
		if n, p.err = x.parseCondition("ConditionExpression", p.string("ConditionExpression")); p.err == nil {
			a.condition = n
		}
	}
	if p.err == nil {
		p.err = x.unused()
	}
}

// bind fits the action to its table. r.reader holds the item or key that was read last.
func (a *action) bind(r *request, encoded []byte) (err *apiError) {
	if a.kind == actionPut {
		w, err := r.newWrite(a.table, encoded)
		a.key, a.put = w.key, &w
		return err
	}
	if a.key, err = a.table.schema.exactKey(&r.reader, r.scratch[:0]); err != nil || a.kind != actionUpdate {
		return err
	}
	a.keyFields = decodeItem(encoded, a.table.names)
	if a.update == nil {
		return nil
	}
	for _, p := range a.update.paths() {
		if a.table.schema.has(p[0].name) {
			return invalidParameter("Cannot update attribute %s. This attribute is part of the key", p[0].name)
		}
	}
	return nil
}

// readItem reads an Item or Key member into r.reader. The names of the table's attributes are
// known by number if the table is there.
func (r *request) readItem(p *params, member string, t *table) (encoded []byte) {
	if p.err != nil {
		return nil
	}
	text := p.text(member)
	if text == nil {
		p.err = constraintError("null", lowerFirst(member), "Member must not be null")
		return nil
	}
	r.reader.reset(text)
	if t != nil {
		r.reader.names = t.names
	}
	encoded = r.reader.item()
	p.err = r.reader.err
	return encoded
}

// newWrite checks the item last read against the table and makes it ready to be stored. encoded is
// copied.
func (r *request) newWrite(t *table, encoded []byte) (write, *apiError) {
	k, err := t.schema.itemKey(&r.reader, r.scratch[:0], true)
	if err != nil {
		return write{}, err
	}
	if err := t.checkIndexKeys(&r.reader); err != nil {
		return write{}, err
	}
	return write{
		key:     k,
		doc:     append(make([]byte, 0, len(encoded)), encoded...),
		size:    r.reader.size,
		indexed: t.indexKeys(r.reader.attribute, r.scratch[:0]),
	}, nil
}

var errItemSize = validationError("Item size has exceeded the maximum allowed size")

// prepare decides about the action under the table's lock: whether its condition holds, and what
// is to be stored (nil for a deletion). Nothing is changed yet.
func (a *action) prepare(it *item) (w *write, err *apiError) {
	t := a.table
	if a.condition != nil && !a.condition.holds(t.decode(it)) {
		if it == nil || a.onFail != "ALL_OLD" {
			return nil, conditionFailedError(nil)
		}
		return nil, conditionFailedError(appendItemJSON(nil, it.doc, t.names, nil))
	}
	if a.kind != actionUpdate {
		return a.put, nil
	}
	updated := a.keyFields
	if it != nil {
		updated = t.decode(it)
	}
	if a.update != nil {
		if updated, err = a.update.apply(updated); err != nil {
			return nil, err
		}
	}
	return t.updated(a.key, updated)
}

// updated makes the result of an update ready to be stored.
func (t *table) updated(k key, item fields) (*write, *apiError) {
	w := &write{key: k, size: item.size()}
	switch {
	case w.size > maxItemBytes:
		return nil, validationError("Item size to update has exceeded the maximum allowed size")
	case (value{kind: kindMap, fields: item}).depth() > maxNesting:
		return nil, validationError("Nesting Levels have exceeded supported limits")
	}
	for _, ix := range t.indexes {
		for i, part := range ix.schema.parts() {
			v, ok := item.get(part.name)
			if !ok {
				continue
			}
			if err := ix.checkUpdated(part, i == 0, v); err != nil {
				return nil, err
			}
		}
	}
	w.doc = encodeItem(item, t.names)
	w.indexed = t.indexKeys(func(name string) ([]byte, bool) {
		v, ok := item.get(name)
		return appendValue(nil, v), ok
	}, nil)
	return w, nil
}

// checkUpdated is checkKey in the words of UpdateItem.
func (ix *index) checkUpdated(part keyPart, isHash bool, v value) *apiError {
	switch {
	case v.kind != part.kind:
		return validationError("The update expression attempted to update the secondary index key to unsupported type")
	case v.kind != kindNumber && v.text == "":
		return validationErrorf("One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. "+
			"The AttributeValue for a key attribute cannot contain an empty %s value.", emptyWord(v.kind))
	}
	return ix.checkKey(part, isHash, v.kind, []byte(v.text))
}

func (s *Server) putItem(r *request) *apiError {
	return s.writeItem(r, actionPut, "ALL_OLD")
}

func (s *Server) deleteItem(r *request) *apiError {
	return s.writeItem(r, actionDelete, "ALL_OLD")
}

func (s *Server) updateItem(r *request) *apiError {
	return s.writeItem(r, actionUpdate, "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
}

// writeItem carries out a single write. returns are the words of ReturnValues that the call takes
// besides NONE.
func (s *Server) writeItem(r *request, kind actionKind, returns ...string) *apiError {
	p := &r.params
	returnValues := p.enum("ReturnValues", "NONE", returnValuesSet...)
	detail := p.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	p.enum("ReturnItemCollectionMetrics", "NONE", returnMetricsSet...)
	a, encoded := s.readAction(r, p, kind)
	switch {
	case p.err != nil:
		return p.err
	case !allowed(returnValues, returns):
		return validationError("Return values set to invalid value")
	case a.table == nil:
		return notFoundError()
	}
	if err := a.bind(r, encoded); err != nil {
		return err
	}
	t := a.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.limits.admit(false, nil) {
		s.stats.throttled.Add(1)
		return throughputError()
	}
	it := t.find(a.key)
	used := usage{table: t}
	w, err := a.prepare(it)
	if err != nil {
		if err.typ == typeConditionFailed {
			used.units = writeUnits(sizeOf(it))
			t.limits.spend(&used)
		}
		return err
	}
	old := s.store(t, it, a.key, w, &used, detail != "NONE")
	r.out = append(r.out, '{')
	r.appendReturned(&a, returnValues, old, w)
	r.appendUsage(&used, detail)
	r.out = append(r.out, '}')
	return nil
}

func allowed(word string, words []string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return word == "NONE"
}

func sizeOf(it *item) int {
	if it == nil {
		return 0
	}
	return it.size
}

// appendReturned writes the Attributes of the answer. old and w are the item before and after.
func (r *request) appendReturned(a *action, which string, old []byte, w *write) {
	names := a.table.names
	var doc []byte
	var part fields
	switch which {
	case "ALL_OLD":
		doc = old
	case "ALL_NEW":
		doc = w.doc
	case "UPDATED_OLD", "UPDATED_NEW":
		from := old
		if which == "UPDATED_NEW" {
			from = w.doc
		}
		if a.update != nil && from != nil {
			part = a.update.touched(decodeItem(from, names))
		}
	}
	switch {
	case doc != nil:
		r.out = append(r.out, `"Attributes":`...)
		r.out = appendItemJSON(r.out, doc, names, nil)
	case part != nil:
		r.out = append(r.out, `"Attributes":`...)
		r.out = appendFieldsJSON(r.out, part)
	}
}

// store puts w, or deletes the item with key k if w is nil, and accounts for it. wanted says
// whether somebody will look at the account.
func (s *Server) store(t *table, it *item, k key, w *write, used *usage, wanted bool) (old []byte) {
	if wanted || t.limits != nil {
		var before, after *version
		if it != nil {
			before = &version{it.doc, it.size, it.indexed}
		}
		if w != nil {
			after = &version{w.doc, w.size, w.indexed}
		}
		used.addWrite(t, before, after)
		t.limits.spend(used)
	}
	if w == nil {
		s.stats.deletes.Add(1)
		old, _ = t.remove(k)
		return old
	}
	s.stats.puts.Add(1)
	old, _ = t.put(*w)
	return old
}

// appendUsage adds the ConsumedCapacity to an object that is being written.
func (r *request) appendUsage(u *usage, detail string) {
	if detail == "NONE" {
		return
	}
	if r.out[len(r.out)-1] != '{' {
		r.out = append(r.out, ',')
	}
	r.out = append(r.out, `"ConsumedCapacity":`...)
	r.out = u.appendConsumed(r.out, detail)
}

// decode answers the item's attributes, nil for an absent item.
func (t *table) decode(it *item) fields {
	if it == nil {
		return nil
	}
	return decodeItem(it.doc, t.names)
}
