package dynamodb

import (
	"cmp"
	"slices"
)

// updating is a parsed UpdateExpression.
type updating struct {
	sets    []setAction
	removes []path
	adds    []valueAction
	deletes []valueAction
}

type setAction struct {
	path  path
	value *node
}

// valueAction is an ADD or DELETE: a path and a placeholder.
type valueAction struct {
	path path
	node *node
}

const updateExpression = "UpdateExpression"

// parseUpdate parses an UpdateExpression and applies the rules that need no item.
func (x *expressions) parseUpdate(text string) (*updating, *apiError) {
	p := x.parser(updateExpression, text)
	u := new(updating)
	seen := map[string]bool{}
	for p.err == nil && p.peek().kind != tokenEOF {
		t := p.peek()
		section := ""
		for _, keyword := range []string{"SET", "REMOVE", "ADD", "DELETE"} {
			if t.is(keyword) {
				section = keyword
			}
		}
		if section == "" {
			p.failSyntax()
			break
		}
		p.next()
		if seen[section] {
			p.failf("The \"%s\" section can only be used once in an update expression;", section)
			break
		}
		seen[section] = true
		for p.err == nil {
			u.parseAction(p, section)
			if !p.accept(",") {
				break
			}
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return u, u.check()
}

func (u *updating) parseAction(p *parser, section string) {
	if updateKeyword(p.peek()) {
		p.failSyntax()
		return
	}
	to := p.parsePath()
	switch section {
	case "SET":
		p.expect("=")
		u.sets = append(u.sets, setAction{to, p.parseSetValue()})
	case "REMOVE":
		u.removes = append(u.removes, to)
	default:
		if p.err == nil && p.peek().kind != tokenValue {
			p.failSyntax()
		}
		if p.err != nil {
			return
		}
		a := valueAction{to, p.parseValue()}
		if section == "ADD" {
			u.adds = append(u.adds, a)
		} else {
			u.deletes = append(u.deletes, a)
		}
	}
}

// updateKeyword reports whether the token begins a section.
func updateKeyword(t token) bool {
	return t.is("SET") || t.is("REMOVE") || t.is("ADD") || t.is("DELETE")
}

// parseSetValue reads an operand, or the sum or difference of two.
func (p *parser) parseSetValue() *node {
	left := p.parseSetOperand()
	t := p.peek()
	if p.err != nil || !t.symbol("+") && !t.symbol("-") {
		return left
	}
	p.next()
	p.operator()
	return &node{op: t.text, args: []*node{left, p.parseSetOperand()}}
}

func (p *parser) parseSetOperand() *node {
	switch {
	case p.err != nil:
		return &node{op: opPath, path: path{{}}}
	case p.accept("("):
		n := p.nested(p.parseSetValue)
		p.expect(")")
		if n.parens && p.err == nil {
			p.failf("The expression has redundant parentheses;")
		}
		n.parens = true
		return n
	case p.atCall():
		return p.parseCall(p.parseSetOperand)
	case p.peek().kind == tokenValue:
		return p.parseValue()
	}
	return &node{op: opPath, path: p.parsePath()}
}

// paths answers every path the expression changes.
func (u *updating) paths() []path {
	var out []path
	for _, a := range u.sets {
		out = append(out, a.path)
	}
	out = append(out, u.removes...)
	for _, a := range u.adds {
		out = append(out, a.path)
	}
	for _, a := range u.deletes {
		out = append(out, a.path)
	}
	return out
}

func (u *updating) check() *apiError {
	for _, a := range u.sets {
		if err := a.value.checkUpdate(""); err != nil {
			return err
		}
	}
	for _, a := range u.adds {
		if k := a.node.value.kind; k != kindNumber && !k.isSet() {
			return actionOperand("ADD", k, "ALLOWED_FOR_ADD_OPERAND")
		}
	}
	for _, a := range u.deletes {
		if k := a.node.value.kind; !k.isSet() {
			return actionOperand("DELETE", k, "ALLOWED_FOR_DELETE_OPERAND")
		}
	}
	return checkOverlap(updateExpression, u.paths())
}

// longNames are the names of types in the texts about ADD and DELETE.
var longNames = map[kind]string{
	kindString: "STRING", kindNumber: "NUMBER", kindBinary: "BINARY", kindStringSet: "STRING_SET",
	kindNumberSet: "NUMBER_SET", kindBinarySet: "BINARY_SET", kindTrue: "BOOLEAN", kindFalse: "BOOLEAN",
	kindNull: "NULL", kindList: "LIST", kindMap: "MAP",
}

func actionOperand(action string, k kind, set string) *apiError {
	return invalidExpression(updateExpression, "Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: %s", action, longNames[k], set)
}

// checkUpdate applies the rules of SET's operands. within is the function around the node.
func (n *node) checkUpdate(within string) *apiError {
	if n.call {
		f, known := functions[n.op]
		switch {
		case !known:
			return invalidExpression(updateExpression, "Invalid function name; function: %s", n.op)
		case f.where != inUpdates:
			return invalidExpression(updateExpression, "The function is not allowed in an update expression; function: %s", n.op)
		case len(n.args) != f.operands:
			return operandCount(updateExpression, n)
		case n.op == "if_not_exists" && n.args[0].op != opPath:
			return invalidExpression(updateExpression, "Operator or function requires a document path; operator or function: if_not_exists")
		case n.op == "list_append" && within != "":
			return invalidExpression(updateExpression, "The function is not allowed to be used this way in an expression; function: list_append")
		}
	}
	for _, arg := range n.args {
		if err := arg.checkUpdate(n.op); err != nil {
			return err
		}
		literal := arg.op == opValue
		switch {
		case literal && (n.op == "+" || n.op == "-") && arg.value.kind != kindNumber,
			literal && n.op == "list_append" && arg.value.kind != kindList:
			return operandType(updateExpression, n.op, arg.value.kind)
		}
	}
	return nil
}

var (
	errUpdatePath    = validationError("The document path provided in the update expression is invalid for update")
	errUpdateOperand = validationError("An operand in the update expression has an incorrect data type")
	errUpdateMissing = validationError("The provided expression refers to an attribute that does not exist in the item")
)

// compute answers what a SET's right side is in an item.
func (n *node) compute(item fields) (value, *apiError) {
	switch n.op {
	case opValue:
		return n.value, nil
	case opPath:
		v, ok := n.path.resolve(item)
		if !ok {
			return v, errUpdateMissing
		}
		return v, nil
	case "if_not_exists":
		if v, ok := n.args[0].path.resolve(item); ok {
			return v, nil
		}
		return n.args[1].compute(item)
	}
	a, err := n.args[0].compute(item)
	if err != nil {
		return a, err
	}
	b, err := n.args[1].compute(item)
	if err != nil {
		return b, err
	}
	if n.op == "list_append" {
		if a.kind != kindList || b.kind != kindList {
			return a, errUpdateOperand
		}
		return value{kind: kindList, list: slices.Concat(a.list, b.list)}, nil
	}
	if a.kind != kindNumber || b.kind != kindNumber {
		return a, errUpdateOperand
	}
	sum, err := addNumbers(a.text, b.text, n.op == "-")
	return value{kind: kindNumber, text: sum}, err
}

// apply answers the item after the update. Every operand is what it was before; elements of lists
// go last, so that indexes mean the same throughout.
func (u *updating) apply(item fields) (fields, *apiError) {
	type change struct {
		path  path
		value value
	}
	var changes []change
	removes := slices.Clone(u.removes)
	for _, a := range u.sets {
		v, err := a.value.compute(item)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change{a.path, v})
	}
	for _, a := range u.adds {
		old, exists := a.path.resolve(item)
		v, err := add(old, exists, a.node.value)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change{a.path, v})
	}
	for _, a := range u.deletes {
		old, exists := a.path.resolve(item)
		v := value{}
		if exists {
			var err *apiError
			if v, err = subtract(old, a.node.value); err != nil {
				return nil, err
			}
		}
		if len(v.set) == 0 { // a set is never empty; nor may the way to it lead nowhere
			removes = append(removes, a.path)
			continue
		}
		changes = append(changes, change{a.path, v})
	}
	slices.SortStableFunc(changes, func(a, b change) int { return comparePaths(a.path, b.path) })
	slices.SortStableFunc(removes, func(a, b path) int { return comparePaths(b, a) })
	root := value{kind: kindMap, fields: item}
	for _, c := range changes {
		var ok bool
		if root, ok = root.replaced(c.path, &c.value); !ok {
			return nil, errUpdatePath
		}
	}
	for _, p := range removes {
		var ok bool
		if root, ok = root.replaced(p, nil); !ok {
			return nil, errUpdatePath
		}
	}
	return root.fields, nil
}

// comparePaths orders elements of lists by index and leaves everything else as it is.
func comparePaths(a, b path) int {
	for i := range min(len(a), len(b)) {
		if a[i].name != b[i].name {
			return 0
		}
		if c := cmp.Compare(a[i].index, b[i].index); c != 0 {
			return c
		}
	}
	return 0
}

// replaced answers v with the part at the path set, or removed if to is nil. It is not ok if the
// path leads through something that is not there. v itself is not changed.
func (v value) replaced(p path, to *value) (value, bool) {
	e, last := p[0], len(p) == 1
	if e.isIndex() {
		if v.kind != kindList {
			return v, false
		}
		out := value{kind: kindList, list: slices.Clone(v.list)}
		switch {
		case last && to == nil && e.index < len(v.list):
			out.list = slices.Delete(out.list, e.index, e.index+1)
		case last && to == nil:
		case last && e.index < len(v.list):
			out.list[e.index] = *to
		case last:
			out.list = append(out.list, *to)
		case e.index >= len(v.list):
			return v, false
		default:
			part, ok := v.list[e.index].replaced(p[1:], to)
			if !ok {
				return v, false
			}
			out.list[e.index] = part
		}
		return out, true
	}
	if v.kind != kindMap {
		return v, false
	}
	if last && to == nil {
		return value{kind: kindMap, fields: v.fields.without(e.name)}, true
	}
	if last {
		return value{kind: kindMap, fields: v.fields.with(e.name, *to)}, true
	}
	part, ok := v.fields.get(e.name)
	if ok {
		part, ok = part.replaced(p[1:], to)
	}
	if !ok {
		return v, false
	}
	return value{kind: kindMap, fields: v.fields.with(e.name, part)}, true
}

// add is the action ADD: a sum of numbers, a union of sets.
func add(old value, exists bool, by value) (value, *apiError) {
	switch {
	case !exists:
		return by, nil
	case old.kind != by.kind:
		return old, errUpdateOperand
	case by.kind == kindNumber:
		sum, err := addNumbers(old.text, by.text, false)
		return value{kind: kindNumber, text: sum}, err
	}
	members := slices.Concat(old.set, by.set)
	sortSet(by.kind, members)
	return value{kind: by.kind, set: slices.Compact(members)}, nil
}

// subtract is the action DELETE: a difference of sets, which may be empty.
func subtract(old, by value) (value, *apiError) {
	if old.kind != by.kind {
		return old, errUpdateOperand
	}
	rest := slices.DeleteFunc(slices.Clone(old.set), by.has)
	return value{kind: by.kind, set: rest}, nil
}

// touched answers the attributes of an item that the expression changes, as far as its paths lead
// to something there.
func (u *updating) touched(item fields) fields {
	var out fields
	for _, p := range u.paths() {
		if _, ok := p.resolve(item); !ok {
			continue
		}
		v, _ := item.get(p[0].name)
		out = out.with(p[0].name, v)
	}
	return out
}
