package dynamodb

// getItem answers one item by its key.
func (s *Server) getItem(r *request) *apiError {
	p := &r.params
	t, _ := s.requestTable(p)
	p.refuse("AttributesToGet")
	detail := p.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	consistent := p.boolean("ConsistentRead")
	projected := p.projection()
	r.readItem(p, "Key", t)
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
	if !t.limits.admit(true, nil) {
		s.stats.throttled.Add(1)
		return throughputError()
	}
	t.mu.Lock()
	it := t.find(k)
	var doc []byte
	size := 0
	if it != nil {
		doc, size = it.doc, it.size
	}
	t.mu.Unlock()
	used := usage{table: t, read: true, units: readUnits(size, consistent)}
	t.limits.spend(&used)
	r.out = append(r.out, '{')
	if it != nil {
		r.out = append(r.out, `"Item":`...)
		r.out = projected.appendItem(r.out, doc, t.names)
	}
	r.appendUsage(&used, detail)
	r.out = append(r.out, '}')
	return nil
}
