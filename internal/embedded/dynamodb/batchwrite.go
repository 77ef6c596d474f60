package dynamodb

import "slices"

const maxBatchWrite = 25

// batchRequest is one put or delete of a BatchWriteItem.
type batchRequest struct {
	table *table
	text  []byte // as it came, to be handed back if it is not processed
	put   *write // nil: a delete
	key   key
}

// tableRequests is the part of a batch that goes to one table.
type tableRequests struct {
	name     string
	table    *table // nil: there is none
	requests []batchRequest
}

// batchWriteItem carries out up to 25 puts and deletes. The whole call is refused if any of them
// is wrong; nothing has been written then.
func (s *Server) batchWriteItem(r *request) *apiError {
	p := &r.params
	detail := p.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	p.enum("ReturnItemCollectionMetrics", "NONE", returnMetricsSet...)
	if p.err != nil {
		return p.err
	}
	batch, err := s.readBatch(r)
	if err != nil {
		return err
	}
	leftOver, used, done := s.writeBatch(r, batch, detail != "NONE")
	if done == 0 {
		return throughputError()
	}
	r.out = append(r.out, `{"UnprocessedItems":{`...)
	for i := range leftOver {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		r.out = appendJSONString(r.out, leftOver[i].name)
		r.out = append(r.out, ":["...)
		for j, request := range leftOver[i].requests {
			if j > 0 {
				r.out = append(r.out, ',')
			}
			r.out = append(r.out, request.text...)
		}
		r.out = append(r.out, ']')
	}
	r.out = append(r.out, '}')
	r.appendUsages(used, detail)
	r.out = append(r.out, '}')
	return nil
}

// readBatch reads and checks RequestItems. Errors that need no table come before the lookup of the
// tables, and that before the check of keys, as at the service.
func (s *Server) readBatch(r *request) ([]tableRequests, *apiError) {
	text := r.params.text("RequestItems")
	if text == nil {
		return nil, constraintError("null", "requestItems", "Member must not be null")
	}
	var batch []tableRequests
	var keyErr *apiError
	total := 0
	c := &r.reader
	c.reset(text)
	c.open('{')
	first := true
	for {
		name, ok := c.member(&first)
		if !ok {
			break
		}
		tr := tableRequests{name: string(name)}
		if err := checkTableName(tableName(tr.name)); err != nil {
			return nil, err
		}
		tr.table = s.table(tr.name)
		c.names = nil
		if tr.table != nil {
			c.names = tr.table.names
		}
		if !c.null() {
			c.open('[')
			firstRequest := true
			for c.element(&firstRequest) {
				if total++; total > maxBatchWrite {
					c.fail(validationError("Too many items requested for the BatchWriteItem call"))
					break
				}
				request, err := r.readBatchRequest(tr.table)
				if keyErr == nil {
					keyErr = err
				}
				tr.requests = append(tr.requests, request)
			}
		}
		if c.err == nil && len(tr.requests) == 0 {
			c.fail(validationErrorf("The batch write request list for a table cannot be null or empty: %s", name))
		}
		batch = append(batch, tr)
	}
	if c.err != nil {
		return nil, c.err
	}
	if len(batch) == 0 {
		return nil, constraintError("'{}'", "requestItems", "Member must have length greater than or equal to 1")
	}
	for _, tr := range batch {
		if tr.table == nil {
			return nil, notFoundError()
		}
	}
	if keyErr != nil {
		return nil, keyErr
	}
	for _, tr := range batch {
		if tr.repeatsKey() {
			return nil, validationError("Provided list of item keys contains duplicates")
		}
	}
	return batch, nil
}

// readBatchRequest reads one element of a table's list. The error it answers is about the key; all
// others stop the cursor.
func (r *request) readBatchRequest(t *table) (request batchRequest, keyErr *apiError) {
	c := &r.reader
	request.table = t
	if c.null() {
		c.fail(validationError("The batch write request list for a table cannot be null or empty"))
		return request, nil
	}
	c.peek()
	start := c.pos
	c.open('{')
	first := true
	kinds := 0
	for {
		name, ok := c.member(&first)
		if !ok {
			break
		}
		put := string(name) == "PutRequest"
		if !put && string(name) != "DeleteRequest" {
			c.skip()
			continue
		}
		if c.null() {
			continue
		}
		if kinds++; kinds > 1 {
			break
		}
		keyErr = r.readBatchItem(t, put, &request)
	}
	if kinds != 1 && c.err == nil {
		c.fail(validationError("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"))
	}
	if c.err == nil {
		request.text = c.text[start:c.pos]
	}
	return request, keyErr
}

// readBatchItem reads {"Item": {...}} or {"Key": {...}}.
func (r *request) readBatchItem(t *table, put bool, request *batchRequest) (keyErr *apiError) {
	c := &r.reader
	member := "Key"
	if put {
		member = "Item"
	}
	found := false
	c.open('{')
	first := true
	for {
		name, ok := c.member(&first)
		if !ok {
			break
		}
		if string(name) != member || c.null() {
			if string(name) != member {
				c.skip()
			}
			continue
		}
		found = true
		encoded := c.item()
		if c.err != nil {
			return nil
		}
		if put && c.size > maxItemBytes {
			c.fail(errItemSize)
			return nil
		}
		if t != nil {
			keyErr = r.checkBatchItem(t, put, encoded, request)
		}
		c.out = c.out[:0]
	}
	if !found {
		c.fail(validationError("The supplied Item contains a null AttributeValue"))
	}
	return keyErr
}

// checkBatchItem fits one item or key to its table. A batch has the words of the key-only calls
// for a bad key, for puts too.
func (r *request) checkBatchItem(t *table, put bool, encoded []byte, request *batchRequest) *apiError {
	if !put {
		k, err := t.schema.exactKey(&r.reader, r.scratch[:0])
		request.key = k
		return err
	}
	k, err := t.schema.itemKey(&r.reader, r.scratch[:0], false)
	if err != nil {
		return err
	}
	if err := t.checkIndexKeys(&r.reader); err != nil {
		return err
	}
	request.key = k
	request.put = &write{
		key:     k,
		doc:     append(make([]byte, 0, len(encoded)), encoded...),
		size:    r.reader.size,
		indexed: t.indexKeys(r.reader.attribute, r.scratch[:0]),
	}
	return nil
}

func (tr *tableRequests) repeatsKey() bool {
	for i := range tr.requests {
		for j := range i {
			a, b := tr.requests[i].key, tr.requests[j].key
			if a.bytes == b.bytes && a.hashLen == b.hashLen {
				return true
			}
		}
	}
	return false
}

// writeBatch writes what capacity and faults let through and answers the rest.
func (s *Server) writeBatch(r *request, batch []tableRequests, wanted bool) (leftOver []tableRequests, used []*usage, done int) {
	for _, tr := range batch {
		u, rest := s.writeRequests(r, tr, wanted)
		used = append(used, u)
		done += len(tr.requests) - len(rest)
		if len(rest) > 0 {
			s.stats.unprocessed.Add(int64(len(rest)))
			leftOver = append(leftOver, tableRequests{tr.name, tr.table, rest})
		}
	}
	return leftOver, used, done
}

// writeRequests is writeBatch for one table.
func (s *Server) writeRequests(r *request, tr tableRequests, wanted bool) (used *usage, rest []batchRequest) {
	t := tr.table
	used = &usage{table: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, request := range tr.requests {
		admitted := t.limits.admit(false, nil)
		if !admitted {
			s.stats.throttled.Add(1)
		}
		if !admitted || s.unprocessed(r.fault) {
			rest = append(rest, request)
			continue
		}
		var one usage
		s.store(t, t.find(request.key), request.key, request.put, &one, wanted)
		used.add(&one)
	}
	return used, rest
}

// add sums up two accounts of one table.
func (u *usage) add(other *usage) {
	u.units += other.units
	for ix, units := range other.indexes {
		u.addIndex(ix, units)
	}
}

// appendUsages adds the ConsumedCapacity of a call that may touch several tables.
func (r *request) appendUsages(used []*usage, detail string) {
	if detail == "NONE" {
		return
	}
	used = slices.DeleteFunc(used, func(u *usage) bool { return u.total() == 0 })
	if r.out[len(r.out)-1] != '{' {
		r.out = append(r.out, ',')
	}
	r.out = append(r.out, `"ConsumedCapacity":[`...)
	for i, u := range used {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		r.out = u.appendConsumed(r.out, detail)
	}
	r.out = append(r.out, ']')
}
