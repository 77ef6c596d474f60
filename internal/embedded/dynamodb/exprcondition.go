package dynamodb

import (
	"strconv"
	"strings"
)

// condition is a parsed and checked ConditionExpression or FilterExpression.
type condition interface {
	// holds decides about an item; nil is an item that does not exist.
	holds(item fields) bool
}

// parseCondition parses a whole expression that yields a truth value.
func (x *expressions) parseCondition(expression, text string) (*node, *apiError) {
	p := x.parser(expression, text)
	n := p.parseOr()
	if p.err == nil && p.peek().kind == tokenEOF {
		p.mustCondition(n)
	}
	p.end()
	if p.err != nil {
		return nil, p.err
	}
	return n, n.check(expression, true)
}

// check applies the rules that need no item. top says that a truth value is wanted here.
func (n *node) check(expression string, top bool) *apiError {
	if n.call {
		f, known := functions[n.op]
		switch {
		case !known:
			return invalidExpression(expression, "Invalid function name; function: %s", n.op)
		case f.where == inUpdates:
			return invalidExpression(expression, "The function is not allowed in a condition expression; function: %s", n.op)
		case len(n.args) != f.operands:
			return operandCount(expression, n)
		case n.op != "contains" && n.op != "begins_with" && n.args[0].op != opPath && n.op != "attribute_type" && (n.op != "size" || n.args[0].op != opValue):
			return invalidExpression(expression, "Operator or function requires a document path; operator or function: %s", n.op)
		case top != (f.where == inConditions):
			return invalidExpression(expression, "The function is not allowed to be used this way in an expression; function: %s", n.op)
		}
	}
	logical := n.op == "AND" || n.op == "OR" || n.op == "NOT"
	for _, arg := range n.args {
		if err := arg.check(expression, logical); err != nil {
			return err
		}
	}
	if logical || n.op == opPath || n.op == opValue {
		return nil
	}
	if err := n.checkDistinct(expression); err != nil {
		return err
	}
	return n.checkTypes(expression)
}

func operandCount(expression string, n *node) *apiError {
	return invalidExpression(expression, "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.op, len(n.args))
}

// checkDistinct refuses an operator whose first operand returns among the others.
func (n *node) checkDistinct(expression string) *apiError {
	first := n.args[0]
	if first.op != opPath {
		return nil
	}
	for _, other := range n.args[1:] {
		if other.op == opPath && other.path.String() == first.path.String() {
			return invalidExpression(expression, "The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", n.op, first.path)
		}
	}
	return nil
}

// checkTypes checks the operands whose type is known: the placeholders.
func (n *node) checkTypes(expression string) *apiError {
	wrong := func(arg *node) *apiError {
		return operandType(expression, n.op, arg.value.kind)
	}
	literal := func(arg *node) bool { return arg.op == opValue }
	switch n.op {
	case "<", "<=", ">", ">=", "BETWEEN":
		for _, arg := range n.args {
			if literal(arg) && !arg.value.kind.orderable() {
				return wrong(arg)
			}
		}
		if n.op == "BETWEEN" {
			return n.checkBounds(expression)
		}
	case "begins_with":
		for _, arg := range n.args {
			if literal(arg) && arg.value.kind != kindString && arg.value.kind != kindBinary {
				return wrong(arg)
			}
		}
	case "size":
		if k := n.args[0].value.kind; literal(n.args[0]) && (k == kindNumber || k == kindNull || k == kindTrue || k == kindFalse) {
			return wrong(n.args[0])
		}
	case "attribute_type":
		arg := n.args[1]
		if !literal(arg) || arg.value.kind != kindString {
			return wrong(arg)
		}
		if _, known := wireKinds[arg.value.text]; !known {
			return invalidExpression(expression, "Invalid attribute type name found; type: %s, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}", arg.value.text)
		}
	}
	return nil
}

func operandType(expression, op string, k kind) *apiError {
	return invalidExpression(expression, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", op, k)
}

// checkBounds compares the bounds of BETWEEN where both are placeholders.
func (n *node) checkBounds(expression string) *apiError {
	low, high := n.args[1], n.args[2]
	switch {
	case low.op != opValue || high.op != opValue:
		return nil
	case low.value.kind != high.value.kind:
		return invalidExpression(expression, "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s",
			low.value.debug(), high.value.debug())
	case low.value.compare(high.value) > 0:
		return invalidExpression(expression, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s",
			low.value.debug(), high.value.debug())
	}
	return nil
}

// operand answers what an operand stands for in an item.
func (n *node) operand(item fields) (value, bool) {
	switch n.op {
	case opValue:
		return n.value, true
	case opPath:
		return n.path.resolve(item)
	}
	v, ok := n.args[0].operand(item) // size is the only operand that is a function
	if !ok {
		return value{}, false
	}
	return v.length()
}

// length is what the function size answers: not what the value weighs.
func (v value) length() (value, bool) {
	var n int
	switch v.kind {
	case kindString, kindBinary:
		n = len(v.text)
	case kindStringSet, kindNumberSet, kindBinarySet:
		n = len(v.set)
	case kindList:
		n = len(v.list)
	case kindMap:
		n = len(v.fields)
	default:
		return value{}, false
	}
	return value{kind: kindNumber, text: strconv.Itoa(n)}, true
}

func (n *node) holds(item fields) bool {
	switch n.op {
	case "AND":
		return n.args[0].holds(item) && n.args[1].holds(item)
	case "OR":
		return n.args[0].holds(item) || n.args[1].holds(item)
	case "NOT":
		return !n.args[0].holds(item)
	case "attribute_exists", "attribute_not_exists":
		_, exists := n.args[0].operand(item)
		return exists == (n.op == "attribute_exists")
	}
	first, ok := n.args[0].operand(item)
	if !ok {
		return n.op == "<>" // what is not there differs from everything
	}
	rest := make([]value, len(n.args)-1)
	for i, arg := range n.args[1:] {
		if rest[i], ok = arg.operand(item); !ok && n.op != "IN" {
			return n.op == "<>"
		}
	}
	switch n.op {
	case "=":
		return first.equal(rest[0])
	case "<>":
		return !first.equal(rest[0])
	case "<":
		return sameOrder(first, rest[0]) && first.compare(rest[0]) < 0
	case "<=":
		return sameOrder(first, rest[0]) && first.compare(rest[0]) <= 0
	case ">":
		return sameOrder(first, rest[0]) && first.compare(rest[0]) > 0
	case ">=":
		return sameOrder(first, rest[0]) && first.compare(rest[0]) >= 0
	case "BETWEEN":
		return sameOrder(first, rest[0]) && sameOrder(first, rest[1]) &&
			first.compare(rest[0]) >= 0 && first.compare(rest[1]) <= 0
	case "IN":
		for _, v := range rest {
			if first.equal(v) {
				return true
			}
		}
		return false
	case "begins_with":
		return first.kind == rest[0].kind && (first.kind == kindString || first.kind == kindBinary) &&
			strings.HasPrefix(first.text, rest[0].text)
	case "contains":
		return first.contains(rest[0])
	case "attribute_type":
		return first.kind.String() == rest[0].text
	}
	return false
}

// sameOrder reports whether two values can be ordered.
func sameOrder(a, b value) bool { return a.kind == b.kind && a.kind.orderable() }

// contains is the function of that name: part of a text, member of a set, element of a list.
func (v value) contains(w value) bool {
	switch {
	case v.kind == kindString || v.kind == kindBinary:
		return v.kind == w.kind && strings.Contains(v.text, w.text)
	case v.kind.isSet():
		return v.kind.member() == w.kind && v.has(w.text)
	case v.kind == kindList:
		for _, e := range v.list {
			if e.equal(w) {
				return true
			}
		}
	}
	return false
}
