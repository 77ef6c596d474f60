package dynamodb

import "strconv"

// node is a part of a parsed expression.
type node struct {
	op     string // an operator, a function's name, or one of the following
	args   []*node
	path   path   // opPath
	name   string // opValue: the placeholder
	value  value  // opValue
	parens bool   // stood in parentheses of its own
	call   bool   // op is a function
}

const (
	opPath  = "path"
	opValue = "value"
)

// functions and where they are allowed.
const (
	inConditions = 1 << iota // yields a truth value
	asOperand                // yields an operand of a condition
	inUpdates
)

var functions = map[string]struct {
	where    int
	operands int
}{
	"attribute_exists":     {inConditions, 1},
	"attribute_not_exists": {inConditions, 1},
	"attribute_type":       {inConditions, 2},
	"begins_with":          {inConditions, 2},
	"contains":             {inConditions, 2},
	"size":                 {asOperand, 1},
	"if_not_exists":        {inUpdates, 2},
	"list_append":          {inUpdates, 2},
}

// parser turns one expression into nodes. Its error is sticky.
type parser struct {
	x          *expressions
	expression string // which one, for error texts: "ConditionExpression"
	text       string
	tokens     []token
	pos        int
	operators  int
	depth      int
	err        *apiError
}

func (x *expressions) parser(expression, text string) *parser {
	p := &parser{x: x, expression: expression, text: text}
	switch {
	case len(text) > maxExpressionBytes:
		p.failf("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	default:
		p.tokens = lex(text)
		if text == "" {
			p.failf("The expression can not be empty;")
		}
	}
	if p.err != nil {
		p.tokens = lex("")
	}
	return p
}

func (p *parser) failf(format string, args ...any) {
	if p.err == nil {
		p.err = invalidExpression(p.expression, format, args...)
	}
	p.pos = max(0, len(p.tokens)-1)
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if p.pos < len(p.tokens)-1 {
		p.pos++
	}
	return t
}

func (p *parser) accept(symbol string) bool {
	if p.err == nil && p.peek().symbol(symbol) {
		p.next()
		return true
	}
	return false
}

func (p *parser) acceptWord(keyword string) bool {
	if p.err == nil && p.peek().is(keyword) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(symbol string) {
	if !p.accept(symbol) {
		p.failSyntax()
	}
}

// failSyntax reports the present token. The text around it reaches from the token before it to the
// one after.
func (p *parser) failSyntax() {
	t := p.peek()
	from, to := t.start, t.end
	if p.pos > 0 {
		from = p.tokens[p.pos-1].start
	} else if t.kind == tokenEOF {
		from = 0
	}
	if p.pos+1 < len(p.tokens) && p.tokens[p.pos+1].kind != tokenEOF {
		to = p.tokens[p.pos+1].end
	}
	p.failf("Syntax error; token: \"%s\", near: \"%s\"", t.text, p.text[from:to])
}

// operator counts, for an expression may only hold so many.
func (p *parser) operator() {
	if p.operators++; p.operators > maxOperators {
		p.failf("The expression contains too many operators; operator count: %d", p.operators)
	}
}

// end demands that nothing is left.
func (p *parser) end() {
	if p.err == nil && p.peek().kind != tokenEOF {
		p.failSyntax()
	}
}

// parsePath reads a document path.
func (p *parser) parsePath() path {
	out := path{{name: p.pathName()}}
	for p.err == nil {
		switch {
		case p.accept("."):
			out = append(out, pathElement{name: p.pathName()})
		case p.accept("["):
			t := p.peek()
			if t.kind != tokenNumber {
				p.failSyntax()
				return out
			}
			index, err := strconv.Atoi(t.text)
			if err != nil || index > 1<<31-1 {
				p.failf("List index is not within the allowable range; index: [%s]", t.text)
				return out
			}
			p.next()
			out = append(out, pathElement{index: index})
			p.expect("]")
		default:
			if len(out) > maxPathElements {
				p.failf("The document path has too many nesting levels; nesting levels: %d", len(out))
			}
			return out
		}
	}
	return out
}

// pathName reads one name of a path, resolving placeholders.
func (p *parser) pathName() string {
	t := p.peek()
	switch t.kind {
	case tokenWord:
		if isReserved(t.text) {
			if keyword(t.text) {
				p.failSyntax()
				return ""
			}
			p.failf("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
			return ""
		}
		p.next()
		return t.text
	case tokenName:
		name, ok := p.x.names[t.text]
		if !ok {
			p.failf("An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
			return ""
		}
		p.x.usedNames[t.text] = true
		p.next()
		return name
	}
	p.failSyntax()
	return ""
}

// keyword reports whether the word is part of the grammar and therefore never a name.
func keyword(word string) bool {
	t := token{kind: tokenWord, text: word}
	return t.is("AND") || t.is("OR") || t.is("NOT") || t.is("BETWEEN") || t.is("IN")
}

// parseValue reads a value placeholder.
func (p *parser) parseValue() *node {
	t := p.next()
	v, ok := p.x.values[t.text]
	if !ok {
		p.failf("An expression attribute value used in expression is not defined; attribute value: %s", t.text)
	}
	p.x.usedValues[t.text] = true
	return &node{op: opValue, name: t.text, value: v}
}

// maxExpressionDepth bounds the recursion; the operator limit is the one that callers meet.
const maxExpressionDepth = 1000

// nested runs a rule that may contain itself.
func (p *parser) nested(rule func() *node) *node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxExpressionDepth {
		p.failf("The expression contains too many operators; operator count: %d", p.depth)
	}
	if p.err != nil {
		return &node{op: opPath, path: path{{}}}
	}
	return rule()
}

// parseCall reads a function's name and operands. operand reads one of them.
func (p *parser) parseCall(operand func() *node) *node {
	n := &node{op: p.next().text, call: true}
	p.expect("(")
	for p.err == nil {
		n.args = append(n.args, p.nested(operand))
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	p.operator()
	return n
}

// atCall reports whether a function call is next.
func (p *parser) atCall() bool {
	return p.peek().kind == tokenWord && !keyword(p.peek().text) && p.tokens[p.pos+1].symbol("(")
}

// isCondition reports whether the node yields a truth value.
func (n *node) isCondition() bool {
	if n.call {
		return n.op != "size"
	}
	return n.op != opPath && n.op != opValue && n.op != "+" && n.op != "-"
}

var comparators = map[string]bool{"=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true}

func (p *parser) parseOr() *node {
	n := p.nested(p.parseAnd)
	for p.err == nil && p.peek().is("OR") && p.mustCondition(n) {
		p.next()
		p.operator()
		right := p.nested(p.parseAnd)
		p.mustCondition(right)
		n = &node{op: "OR", args: []*node{n, right}}
	}
	return n
}

func (p *parser) parseAnd() *node {
	n := p.parseNot()
	for p.err == nil && p.peek().is("AND") && p.mustCondition(n) {
		p.next()
		p.operator()
		right := p.parseNot()
		p.mustCondition(right)
		n = &node{op: "AND", args: []*node{n, right}}
	}
	return n
}

func (p *parser) parseNot() *node {
	if !p.acceptWord("NOT") {
		return p.parseComparison()
	}
	p.operator()
	inner := p.nested(p.parseNot)
	p.mustCondition(inner)
	return &node{op: "NOT", args: []*node{inner}}
}

// mustCondition reports a syntax error at the present token if n is only an operand.
func (p *parser) mustCondition(n *node) bool {
	if p.err == nil && !n.isCondition() && !n.call {
		p.failSyntax()
	}
	return p.err == nil
}

func (p *parser) parseComparison() *node {
	left := p.parsePrimary()
	t := p.peek()
	switch {
	case p.err != nil || left.isCondition() && !left.call:
		return left
	case t.kind == tokenSymbol && comparators[t.text]:
		p.next()
		p.operator()
		return &node{op: t.text, args: []*node{left, p.parseOperand()}}
	case t.is("BETWEEN"):
		p.next()
		p.operator()
		low := p.parseOperand()
		if !p.acceptWord("AND") {
			p.failSyntax()
		}
		return &node{op: "BETWEEN", args: []*node{left, low, p.parseOperand()}}
	case t.is("IN"):
		p.next()
		p.operator()
		p.expect("(")
		n := &node{op: "IN", args: []*node{left}}
		for p.err == nil {
			n.args = append(n.args, p.parseOperand())
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
		if len(n.args) > maxInOperands+1 {
			p.failf("The IN operator is provided with too many operands; number of operands: %d", len(n.args)-1)
		}
		return n
	}
	return left
}

// parsePrimary reads an operand, a call, or anything in parentheses.
func (p *parser) parsePrimary() *node {
	switch {
	case p.accept("("):
		n := p.nested(p.parseOr)
		p.expect(")")
		if n.parens && p.err == nil {
			p.failf("The expression has redundant parentheses;")
		}
		n.parens = true
		return n
	case p.atCall():
		return p.parseCall(p.parseOperand)
	case p.peek().kind == tokenValue:
		return p.parseValue()
	}
	return &node{op: opPath, path: p.parsePath()}
}

// parseOperand is parsePrimary where no condition may stand.
func (p *parser) parseOperand() *node {
	n := p.nested(p.parsePrimary)
	if p.err == nil && n.isCondition() && !n.call {
		p.failSyntax()
	}
	return n
}
