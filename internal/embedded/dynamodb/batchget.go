package dynamodb

const (
	maxBatchGet      = 100
	maxBatchGetBytes = 16 << 20 // of an answer; what is beyond is left over
)

// tableKeys is the part of a BatchGetItem that goes to one table.
type tableKeys struct {
	name       string
	table      *table
	params     params // the members of the table's object
	keys       []key
	texts      [][]byte // of the keys, as they came
	projected  projecting
	consistent bool
}

// batchGetItem answers up to 100 items by their keys. Items that do not exist are left out.
func (s *Server) batchGetItem(r *request) *apiError {
	detail := r.params.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	if r.params.err != nil {
		return r.params.err
	}
	batch, err := s.readGets(r)
	if err != nil {
		return err
	}
	var used []*usage
	var leftOver []tableKeys
	done := 0
	r.out = append(r.out, `{"Responses":{`...)
	for i := range batch {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		u, rest := s.getBatch(r, &batch[i])
		used = append(used, u)
		done += len(batch[i].keys) - len(rest.keys)
		if len(rest.keys) > 0 {
			leftOver = append(leftOver, rest)
		}
	}
	if done == 0 {
		return throughputError()
	}
	r.out = append(r.out, `},"UnprocessedKeys":{`...)
	for i := range leftOver {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		r.out = leftOver[i].appendRequest(r.out)
	}
	r.out = append(r.out, '}')
	r.appendUsages(used, detail)
	r.out = append(r.out, '}')
	return nil
}

// readGets reads RequestItems.
func (s *Server) readGets(r *request) ([]tableKeys, *apiError) {
	if !r.params.has("RequestItems") {
		return nil, constraintError("null", "requestItems", "Member must not be null")
	}
	c := cursor{text: r.params.text("RequestItems")}
	var batch []tableKeys
	total := 0
	c.open('{')
	first := true
	for {
		name, ok := c.member(&first)
		if !ok {
			break
		}
		b := tableKeys{name: string(name)}
		if err := checkTableName(tableName(b.name)); err != nil {
			return nil, err
		}
		b.table = s.table(b.name)
		if !c.null() {
			if err := b.params.read(c.skip()); err != nil {
				return nil, err
			}
		}
		if err := b.read(&total); err != nil {
			return nil, err
		}
		batch = append(batch, b)
	}
	if c.err != nil {
		return nil, c.err
	}
	if len(batch) == 0 {
		return nil, constraintError("'{}'", "requestItems", "Member must have length greater than or equal to 1")
	}
	return batch, bindGets(r, batch)
}

// read takes a table's object apart without looking at the table.
func (b *tableKeys) read(total *int) *apiError {
	p := &b.params
	p.refuse("AttributesToGet")
	b.consistent = p.boolean("ConsistentRead")
	b.projected = p.projection()
	p.scan("Keys", func(c *cursor) {
		c.open('[')
		first := true
		for c.element(&first) {
			if *total++; *total > maxBatchGet {
				c.fail(validationError("Too many items requested for the BatchGetItem call"))
				return
			}
			if c.null() {
				c.fail(validationErrorf("The list of keys in RequestItems for BatchGetItem may not contain null or empty values: %s has one or more empty keys", b.name))
				return
			}
			b.texts = append(b.texts, c.skip())
		}
	})
	if p.err == nil && len(b.texts) == 0 {
		return validationErrorf("The list of keys in RequestItems for BatchGetItem is required: %s has empty list", b.name)
	}
	return p.err
}

// bindGets checks the keys against their tables.
func bindGets(r *request, batch []tableKeys) *apiError {
	var keyErr *apiError
	missing := false
	for i := range batch {
		b := &batch[i]
		missing = missing || b.table == nil
		seen := map[key]bool{}
		for _, text := range b.texts {
			r.reader.reset(text)
			r.reader.item()
			if r.reader.err != nil {
				return r.reader.err
			}
			if b.table == nil || keyErr != nil {
				continue
			}
			k, err := b.table.schema.exactKey(&r.reader, r.scratch[:0])
			if err == nil && seen[k] {
				err = validationError("Provided list of item keys contains duplicates")
			}
			seen[k] = true
			keyErr = err
			b.keys = append(b.keys, k)
		}
	}
	if missing {
		return notFoundError()
	}
	return keyErr
}

// getBatch writes a table's items and answers the keys that are left over.
func (s *Server) getBatch(r *request, b *tableKeys) (used *usage, rest tableKeys) {
	t := b.table
	rest = *b
	rest.keys, rest.texts = nil, nil
	used = &usage{table: t, read: true}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.out = appendJSONString(r.out, b.name)
	r.out = append(r.out, ":["...)
	first := true
	for i, k := range b.keys {
		admitted := t.limits.admit(true, nil)
		if !admitted {
			s.stats.throttled.Add(1)
		}
		if !admitted || len(r.out) > maxBatchGetBytes || s.unprocessed(r.fault) {
			s.stats.unprocessed.Add(1)
			rest.keys = append(rest.keys, k)
			rest.texts = append(rest.texts, b.texts[i])
			continue
		}
		it := t.find(k)
		one := usage{table: t, read: true, units: readUnits(sizeOf(it), b.consistent)}
		t.limits.spend(&one)
		used.add(&one)
		if it == nil {
			continue
		}
		if !first {
			r.out = append(r.out, ',')
		}
		first = false
		r.out = b.projected.appendItem(r.out, it.doc, t.names)
	}
	r.out = append(r.out, ']')
	return used, rest
}

// appendRequest writes what is left over in the shape of the request.
func (b *tableKeys) appendRequest(out []byte) []byte {
	out = appendJSONString(out, b.name)
	out = append(out, `:{"Keys":[`...)
	for i, text := range b.texts {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, text...)
	}
	out = append(out, ']')
	for _, m := range b.params.members {
		if m.name != "Keys" {
			out = append(out, ',')
			out = appendJSONString(out, m.name)
			out = append(out, ':')
			out = append(out, m.text...)
		}
	}
	return append(out, '}')
}
