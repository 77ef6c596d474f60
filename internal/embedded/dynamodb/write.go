package dynamodb

// Words of ReturnValues and its kin, in the order in which the service prints each set.
var (
	returnValuesSet   = []string{"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"}
	returnConsumedSet = []string{"INDEXES", "TOTAL", "NONE"}
	returnMetricsSet  = []string{"SIZE", "NONE"}
	returnOnFailSet   = []string{"ALL_OLD", "NONE"}
)

// writeOptions is what PutItem, UpdateItem and DeleteItem have in common.
type writeOptions struct {
	returnValues   string
	returnConsumed string
	returnOnFail   string
	condition      condition // nil: none
}

// readItem reads an Item or Key member into r.reader. The names of the table's attributes are
// known by number if the table is there.
func (r *request) readItem(member string, t *table) (encoded []byte) {
	p := &r.params
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

// readWriteOptions reads the members; allowed are the words of ReturnValues that the call takes.
func (r *request) readWriteOptions(allowed ...string) (o writeOptions) {
	p := &r.params
	o.returnValues = p.enum("ReturnValues", "NONE", returnValuesSet...)
	o.returnConsumed = p.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	p.enum("ReturnItemCollectionMetrics", "NONE", returnMetricsSet...)
	o.returnOnFail = p.enum("ReturnValuesOnConditionCheckFailure", "NONE", returnOnFailSet...)
	if p.err != nil {
		return o
	}
	for _, word := range append(allowed, "NONE") {
		if o.returnValues == word {
			return o
		}
	}
	p.err = validationError("Return values set to invalid value")
	return o
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
		indexed: t.indexKeys(&r.reader, r.scratch[:0]),
	}, nil
}

var errItemSize = validationError("Item size has exceeded the maximum allowed size")

// putItem replaces an item as a whole.
func (s *Server) putItem(r *request) *apiError {
	p := &r.params
	t, _ := s.requestTable(p)
	p.refuse("Expected", "ConditionalOperator")
	o := r.readWriteOptions("ALL_OLD")
	o.condition = r.readCondition()
	encoded := r.readItem("Item", t)
	switch {
	case p.err != nil:
		return p.err
	case r.reader.size > maxItemBytes:
		return errItemSize
	case t == nil:
		return notFoundError()
	}
	w, err := r.newWrite(t, encoded)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.commit(r, t, o, w.key, func(fields) (*write, *apiError) { return &w, nil }, nil)
}

// deleteItem removes an item; an absent one is no error.
func (s *Server) deleteItem(r *request) *apiError {
	p := &r.params
	t, _ := s.requestTable(p)
	p.refuse("Expected", "ConditionalOperator")
	o := r.readWriteOptions("ALL_OLD")
	o.condition = r.readCondition()
	r.readItem("Key", t)
	switch {
	case p.err != nil:
		return p.err
	case t == nil:
		return notFoundError()
	}
	k, err := t.schema.exactKey(&r.reader, r.scratch[:0])
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.commit(r, t, o, k, func(fields) (*write, *apiError) { return nil, nil }, nil)
}

// commit carries out one write under the table's lock: capacity, condition, change, answer. change
// answers the item to store, nil to delete; it is given the present item decoded if there is a
// condition. returned, if not nil, answers the Attributes instead of the old item.
func (s *Server) commit(r *request, t *table, o writeOptions, k key, change func(old fields) (*write, *apiError), returned func(*write) []byte) *apiError {
	if !t.limits.admit(false, nil) {
		s.stats.throttled.Add(1)
		return throughputError()
	}
	it := t.find(k)
	var used usage
	used.table = t
	if o.condition != nil && !o.condition.holds(t.decode(it)) {
		size := 0
		if it != nil {
			size = it.size
		}
		used.units = writeUnits(size)
		t.limits.spend(&used)
		if it == nil || o.returnOnFail != "ALL_OLD" {
			return conditionFailedError(nil)
		}
		return conditionFailedError(appendItemJSON(nil, it.doc, t.names, nil))
	}
	w, err := change(t.decode(it))
	if err != nil {
		return err
	}
	old := s.store(t, it, k, w, &used, o.returnConsumed != "NONE")
	r.out = append(r.out, '{')
	switch {
	case returned != nil:
		if attributes := returned(w); attributes != nil {
			r.out = append(append(r.out, `"Attributes":`...), attributes...)
		}
	case o.returnValues == "ALL_OLD" && old != nil:
		r.out = append(r.out, `"Attributes":`...)
		r.out = appendItemJSON(r.out, old, t.names, nil)
	}
	r.appendUsage(&used, o.returnConsumed)
	r.out = append(r.out, '}')
	return nil
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
