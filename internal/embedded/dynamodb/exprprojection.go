package dynamodb

import "slices"

// projecting is a parsed ProjectionExpression; nil lets everything through.
type projecting []path

// parseProjection parses a ProjectionExpression.
func (x *expressions) parseProjection(text string) (projecting, *apiError) {
	const expression = "ProjectionExpression"
	p := x.parser(expression, text)
	var paths projecting
	for p.err == nil {
		paths = append(paths, p.parsePath())
		if !p.accept(",") {
			break
		}
	}
	p.end()
	if p.err != nil {
		return nil, p.err
	}
	return paths, checkOverlap(expression, paths)
}

// projection reads the ProjectionExpression of a call that has no other expression.
func (p *params) projection() (out projecting) {
	if p.err != nil {
		return nil
	}
	x := p.readExpressions("ProjectionExpression")
	if p.err == nil && p.has("ProjectionExpression") {
		out, p.err = x.parseProjection(p.string("ProjectionExpression"))
	}
	if p.err == nil {
		p.err = x.unused()
	}
	return out
}

// appendItem writes what the projection leaves of an encoded item.
func (pr projecting) appendItem(out, doc []byte, names *dictionary) []byte {
	if pr == nil {
		return appendItemJSON(out, doc, names, nil)
	}
	whole := func(name string) bool {
		return slices.ContainsFunc(pr, func(p path) bool { return len(p) == 1 && p[0].name == name })
	}
	if !slices.ContainsFunc(pr, func(p path) bool { return len(p) > 1 }) {
		return appendItemJSON(out, doc, names, whole)
	}
	return appendFieldsJSON(out, pr.apply(decodeItem(doc, names)))
}

// apply answers what the projection leaves of an item.
func (pr projecting) apply(item fields) fields {
	var out fields
	for _, f := range item {
		var below []path
		for _, p := range pr {
			if p[0].name == f.name {
				below = append(below, p[1:])
			}
		}
		if v, ok := f.val.pick(below); ok {
			out = append(out, field{f.name, v})
		}
	}
	return out
}

// pick answers the parts of a value that the paths lead to, in the shape they have in the value.
// Elements of a list move together, in the list's order.
func (v value) pick(paths []path) (value, bool) {
	for _, p := range paths {
		if len(p) == 0 {
			return v, true
		}
	}
	below := func(match func(pathElement) bool) (rest []path) {
		for _, p := range paths {
			if match(p[0]) {
				rest = append(rest, p[1:])
			}
		}
		return rest
	}
	out := value{kind: v.kind}
	switch v.kind {
	case kindMap:
		for _, f := range v.fields {
			rest := below(func(e pathElement) bool { return e.name == f.name })
			if part, ok := f.val.pick(rest); ok {
				out.fields = append(out.fields, field{f.name, part})
			}
		}
		return out, len(out.fields) > 0
	case kindList:
		for i, e := range v.list {
			rest := below(func(p pathElement) bool { return p.isIndex() && p.index == i })
			if part, ok := e.pick(rest); ok {
				out.list = append(out.list, part)
			}
		}
		return out, len(out.list) > 0
	}
	return out, false
}
