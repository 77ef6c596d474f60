package dynamodb

import "fmt"

// transactGetItems answers several items as they were at one moment.
func (s *Server) transactGetItems(r *request) *apiError {
	p := &r.params
	detail := p.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	texts := readTransactItems(p)
	if p.err != nil {
		return p.err
	}
	actions, projections, err := s.readTransactGets(r, texts)
	if err != nil {
		return err
	}
	unlock := lockTables(actions)
	defer unlock()
	used := usagesOf(actions, false)
	r.out = append(r.out, `{"Responses":[`...)
	for i := range actions {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		t := actions[i].table
		it := t.find(actions[i].key)
		one := usage{table: t, read: true, units: 2 * readUnits(sizeOf(it), true)}
		t.limits.spend(&one)
		used[t].add(&one)
		r.out = append(r.out, '{')
		if it != nil {
			r.out = append(r.out, `"Item":`...)
			r.out = projections[i].appendItem(r.out, it.doc, t.names)
		}
		r.out = append(r.out, '}')
	}
	r.out = append(r.out, ']')
	r.appendUsages(sortedUsages(used), detail)
	r.out = append(r.out, '}')
	return nil
}

// readTransactGets reads and binds the elements.
func (s *Server) readTransactGets(r *request, texts [][]byte) (actions []action, projections []projecting, err *apiError) {
	missing := false
	reasons := make([]*apiError, len(texts))
	for i, text := range texts {
		var outer, inner params
		if err := outer.read(text); err != nil {
			return nil, nil, err
		}
		where := fmt.Sprintf("transactItems.%d.member.get", i+1)
		if !outer.has("Get") {
			return nil, nil, constraintError("null", where, "Member must not be null")
		}
		if err := inner.read(outer.text("Get")); err != nil {
			return nil, nil, err
		}
		for _, member := range []string{"TableName", "Key"} {
			if !inner.has(member) {
				return nil, nil, constraintError("null", where+"."+lowerFirst(member), "Member must not be null")
			}
		}
		var a action
		a.table, _ = s.requestTable(&inner)
		projections = append(projections, inner.projection())
		r.readItem(&inner, "Key", a.table)
		if inner.err != nil {
			return nil, nil, inner.err
		}
		if a.table == nil {
			missing = true
			continue
		}
		a.key, reasons[i] = a.table.schema.exactKey(&r.reader, r.scratch[:0])
		actions = append(actions, a)
	}
	if missing {
		return nil, nil, notFoundError()
	}
	if err := checkRepeated(actions, reasons); err != nil {
		return nil, nil, err
	}
	return actions, projections, canceled(reasons)
}
