package dynamodb

// maxPageBytes is how much Query and Scan read before they answer.
const maxPageBytes = 1 << 20

// pageRequest is what Query and Scan have in common.
type pageRequest struct {
	table      *table
	index      *index // nil: the table itself
	limit      int64  // items to look at, 0: no limit
	selects    string
	projected  projecting
	filter     condition
	consistent bool
	detail     string
	start      *entry // exclusive
}

const (
	selectAll       = "ALL_ATTRIBUTES"
	selectProjected = "ALL_PROJECTED_ATTRIBUTES"
	selectSpecific  = "SPECIFIC_ATTRIBUTES"
	selectCount     = "COUNT"
)

// page collects one answer.
type page struct {
	pageRequest
	items   [][]byte
	count   int
	scanned int
	bytes   int
	last    *entry // where the next page begins, nil: at the end
}

// take looks at one item and reports whether there is room for another.
func (g *page) take(e *entry) bool {
	it := e.item
	g.scanned++
	g.bytes += it.size
	if g.filter == nil || g.filter.holds(g.visible(it.doc)) {
		g.count++
		if g.selects != selectCount {
			g.items = append(g.items, it.doc)
		}
	}
	if g.limit > 0 && int64(g.scanned) >= g.limit || g.bytes >= maxPageBytes {
		g.last = &entry{e.key, it}
		return false
	}
	return true
}

// visible is the item as far as the index holds it.
func (g *page) visible(doc []byte) fields {
	item := decodeItem(doc, g.table.names)
	if g.index == nil || g.index.projection.kind == "ALL" || g.index.local && g.selects == selectAll {
		return item
	}
	out := item[:0]
	for _, f := range item {
		if g.index.holds(g.table, f.name) {
			out = append(out, f)
		}
	}
	return out
}

// readPage reads the members that Query and Scan share. conditions are the expression members
// besides the projection, of which filter is one.
func (s *Server) readPage(r *request, conditions ...string) (g pageRequest, x *expressions, name string) {
	p := &r.params
	g.table, name = s.requestTable(p)
	p.refuse("AttributesToGet", "ConditionalOperator", "KeyConditions", "QueryFilter", "ScanFilter")
	g.limit = p.integer("Limit", 0, 1)
	g.detail = p.enum("ReturnConsumedCapacity", "NONE", returnConsumedSet...)
	g.selects = p.enum("Select", "", "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
	g.consistent = p.boolean("ConsistentRead")
	if p.err == nil {
		p.err = g.checkSelect(p)
	}
	if p.err != nil {
		return g, nil, name
	}
	x = p.readExpressions(append(conditions, "ProjectionExpression")...)
	if p.err == nil && p.has("ProjectionExpression") {
		g.projected, p.err = x.parseProjection(p.string("ProjectionExpression"))
	}
	if p.err == nil && p.has("FilterExpression") {
		var n *node
		if n, p.err = x.parseCondition("FilterExpression", p.string("FilterExpression")); p.err == nil {
			g.filter = n
		}
	}
	return g, x, name
}

func (g *pageRequest) checkSelect(p *params) *apiError {
	projecting, indexed := p.has("ProjectionExpression"), p.has("IndexName")
	switch {
	case g.selects == selectProjected && !indexed:
		return validationError("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case g.selects == selectSpecific && !projecting:
		return validationError("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case g.selects == selectCount && projecting:
		return validationError("Cannot specify the ProjectionExpression when choosing to get only the Count")
	case (g.selects == selectAll || g.selects == selectProjected) && projecting:
		return validationErrorf("Cannot specify the ProjectionExpression when choosing to get %s", g.selects)
	}
	return nil
}

// findIndex looks the IndexName up.
func (g *pageRequest) findIndex(p *params) *apiError {
	if !p.has("IndexName") {
		return nil
	}
	name := p.string("IndexName")
	if p.err != nil {
		return p.err
	}
	g.index = g.table.index(name)
	switch {
	case g.index == nil:
		return validationError("The table does not have the specified index: " + name)
	case g.consistent && !g.index.local:
		return validationError("Consistent reads are not supported on global secondary indexes")
	case g.selects == selectAll && !g.index.local && g.index.projection.kind != "ALL":
		return invalidParameter("Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", name)
	}
	return nil
}

// order is what is read: the index or the table itself.
func (g *pageRequest) order() (*ordered, keySchema) {
	if g.index != nil {
		return g.index.order, g.index.schema
	}
	return g.table.order, g.table.schema
}

var errStartKey = validationError("The provided starting key is invalid")

// readStart reads the ExclusiveStartKey: the table's key and, in an index, the index's.
func (g *pageRequest) readStart(r *request) *apiError {
	p := &r.params
	if !p.has("ExclusiveStartKey") {
		return nil
	}
	r.readItem(p, "ExclusiveStartKey", g.table)
	if p.err != nil {
		return p.err
	}
	wanted := map[string]kind{}
	for _, part := range g.table.schema.parts() {
		wanted[part.name] = part.kind
	}
	if g.index != nil {
		for _, part := range g.index.schema.parts() {
			wanted[part.name] = part.kind
		}
	}
	if len(wanted) != len(r.reader.attrs) {
		return errStartKey
	}
	for name, want := range wanted {
		encoded, ok := r.reader.attribute(name)
		if !ok {
			return errStartKey
		}
		if k, _ := scalar(encoded); k != want {
			return validationError("The provided starting key is invalid: " + errKeySchema.message)
		}
	}
	k, err := g.table.schema.itemKey(&r.reader, nil, false)
	if err != nil {
		return validationError("The provided starting key is invalid: " + err.message)
	}
	g.start = &entry{k, &item{key: k}}
	if g.index != nil {
		g.start.key = g.table.indexKeys(r.reader.attribute, nil)[g.index.number]
	}
	return nil
}

// appendKeyOf writes the key with which the next page begins.
func (g *page) appendKeyOf(out []byte, it *item) []byte {
	return appendItemJSON(out, it.doc, g.table.names, func(name string) bool {
		return g.table.schema.has(name) || g.index != nil && g.index.schema.has(name)
	})
}

// answer writes the page. The table's lock is not needed any more, for items do not change in
// place; lastKey was written while it was held.
func (g *page) answer(r *request, lastKey []byte, used *usage) {
	r.out = append(r.out, '{')
	if g.selects != selectCount {
		r.out = append(r.out, `"Items":[`...)
		for i, doc := range g.items {
			if i > 0 {
				r.out = append(r.out, ',')
			}
			r.out = g.appendItem(r.out, doc)
		}
		r.out = append(r.out, `],`...)
	}
	r.out = append(r.out, `"Count":`...)
	r.out = appendInt(r.out, g.count)
	r.out = append(r.out, `,"ScannedCount":`...)
	r.out = appendInt(r.out, g.scanned)
	if lastKey != nil {
		r.out = append(r.out, `,"LastEvaluatedKey":`...)
		r.out = append(r.out, lastKey...)
	}
	r.appendUsage(used, g.detail)
	r.out = append(r.out, '}')
}

func (g *page) appendItem(out, doc []byte) []byte {
	ix := g.index
	if ix == nil || ix.projection.kind == "ALL" || ix.local && (g.projected != nil || g.selects == selectAll) {
		return g.projected.appendItem(out, doc, g.table.names)
	}
	if g.projected == nil {
		return appendItemJSON(out, doc, g.table.names, func(name string) bool { return ix.holds(g.table, name) })
	}
	return appendFieldsJSON(out, g.projected.apply(g.visible(doc)))
}

// fill reads the page under the table's lock and answers the key with which the next one begins,
// nil at the end.
func (g *page) fill(walk func(take func(*entry) bool)) (lastKey []byte) {
	g.table.mu.Lock()
	defer g.table.mu.Unlock()
	walk(g.take)
	if g.last != nil {
		lastKey = g.appendKeyOf(nil, g.last.item)
	}
	return lastKey
}

// runPage reads a page and writes the answer. walk feeds it with entries in order.
func (s *Server) runPage(r *request, g *page, walk func(take func(*entry) bool)) *apiError {
	t := g.table
	if !t.limits.admit(true, g.index) {
		s.stats.throttled.Add(1)
		return throughputError()
	}
	lastKey := g.fill(walk)
	used := usage{table: t, read: true}
	units := readUnits(g.bytes, g.consistent)
	if g.index != nil {
		used.addIndex(g.index, units)
	} else {
		used.units = units
	}
	t.limits.spend(&used)
	g.answer(r, lastKey, &used)
	return nil
}
