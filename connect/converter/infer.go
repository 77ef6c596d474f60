package converter

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"sluice/connect"
)

// inferValue reads a text as the value it looks like, by the table of [SimpleHeader].
//
// Kafka: org.apache.kafka.connect.data.Values.parseString.
func inferValue(text string) connect.SchemaAndValue {
	if text == "" {
		return connect.SchemaAndValue{Schema: connect.StringSchema, Value: text}
	}
	p := valueParser{text: text}
	v, err := p.value(false)
	if err != nil {
		return connect.SchemaAndValue{Schema: connect.StringSchema, Value: text}
	}
	return v
}

// errNoValue says that a text inside of a list or map is no value, which makes the whole a string.
var errNoValue = errors.New("no value")

// valueParser cuts a text into tokens: each of : , { } [ ] and " is one, unless a backslash stands before it, and so is what is between them.
//
// Kafka: org.apache.kafka.connect.data.Values.Parser.
type valueParser struct {
	text  string
	pos   int
	ahead string // the token that was looked at, "" if none
	depth int
}

func (p *valueParser) mark() int { return p.pos - len(p.ahead) }

func (p *valueParser) rewind(pos int) { p.pos, p.ahead = pos, "" }

func (p *valueParser) more() bool { return p.ahead != "" || p.pos < len(p.text) }

func (p *valueParser) next() string {
	if t := p.ahead; t != "" {
		p.ahead = ""
		return t
	}
	return p.read()
}

// nextN returns the next n tokens as one text, or "" and stays where it is if there are not as many.
func (p *valueParser) nextN(n int) string {
	start := p.mark()
	for range n {
		if !p.more() {
			p.rewind(start)
			return ""
		}
		p.next()
	}
	return p.text[start:p.pos]
}

func (p *valueParser) read() string {
	start := p.pos
	escaped := false
	for ; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case '\\':
			escaped = !escaped
			continue
		case ':', ',', '{', '}', '[', ']', '"':
			if !escaped {
				if start == p.pos {
					p.pos++
				}
				return p.text[start:p.pos]
			}
		}
		escaped = false
	}
	return p.text[start:]
}

// take goes past the next token if it is the given one; blanks around it do not count.
func (p *valueParser) take(token string) bool {
	if p.ahead == "" {
		if !p.more() {
			return false
		}
		p.ahead = p.read()
	}
	for trim(p.ahead) == "" && p.pos < len(p.text) {
		p.ahead = p.read()
	}
	if trim(p.ahead) != token {
		return false
	}
	p.ahead = ""
	return true
}

// takeLiteral is take for a word, which must be the whole text or stand inside of a list or map.
func (p *valueParser) takeLiteral(word string, embedded bool) bool {
	start := p.mark()
	if p.take(word) && (embedded || !p.more()) {
		return true
	}
	p.rewind(start)
	return false
}

// trim is Java's String.trim.
func trim(s string) string { return strings.TrimFunc(s, func(c rune) bool { return c <= ' ' }) }

var (
	trueValue  = connect.SchemaAndValue{Schema: connect.BooleanSchema, Value: true}
	falseValue = connect.SchemaAndValue{Schema: connect.BooleanSchema, Value: false}
)

// value reads a value; nil without a schema is a null.
func (p *valueParser) value(embedded bool) (connect.SchemaAndValue, error) {
	if !p.more() {
		return connect.SchemaAndValue{}, nil
	}
	if embedded && p.take(`"`) {
		return p.quoted(), nil
	}
	switch {
	case p.takeLiteral("null", embedded):
		return connect.SchemaAndValue{}, nil
	case p.takeLiteral("true", embedded):
		return trueValue, nil
	case p.takeLiteral("false", embedded):
		return falseValue, nil
	}
	start := p.mark()
	if p.depth < maxDepth { // Java would run out of stack
		p.depth++
		v, ok, err := p.container()
		p.depth--
		if err == nil && ok {
			return v, nil
		}
		if err != nil {
			p.rewind(start)
		}
	}
	token := p.next()
	if trimmed := trim(token); trimmed == "" {
		return connect.SchemaAndValue{Schema: connect.StringSchema, Value: token}, nil
	} else if v, ok := p.scalar(trimmed); ok {
		return v, nil
	}
	if embedded {
		return connect.SchemaAndValue{}, errNoValue
	}
	return connect.SchemaAndValue{Schema: connect.StringSchema, Value: p.text}, nil
}

// quoted reads a text up to its closing quote. A date, time or timestamp counts as such, any other value stays text.
func (p *valueParser) quoted() connect.SchemaAndValue {
	var b strings.Builder
	for p.more() && !p.take(`"`) {
		b.WriteString(p.next())
	}
	content := b.String()
	if v, ok := parseTemporal(content); ok && startsWithDigit(content) {
		return v
	}
	return connect.SchemaAndValue{Schema: connect.StringSchema, Value: content}
}

// scalar reads a date, a time, a timestamp or a number.
func (p *valueParser) scalar(token string) (connect.SchemaAndValue, bool) {
	if startsWithDigit(token) {
		// The colons of a time are tokens of their own.
		start := p.mark()
		if rest := p.nextN(4); rest != "" {
			if v, ok := parseTemporal(token + rest); ok {
				return v, true
			}
		}
		p.rewind(start)
		if v, ok := parseTemporal(token); ok {
			return v, true
		}
	} else if token[0] != '+' && token[0] != '-' {
		return connect.SchemaAndValue{}, false
	}
	return inferNumber(token)
}

// longestNumber bounds the text of a number in a header; beyond it is a string, since it takes ever longer to make a number of its digits.
//
// Differs: Java tries.
const longestNumber = 25_000

// inferNumber reads what java.math.BigDecimal reads.
func inferNumber(token string) (connect.SchemaAndValue, bool) {
	if len(token) > longestNumber || !isDecimal(token) {
		return connect.SchemaAndValue{}, false
	}
	d, ok := number(strings.TrimPrefix(token, "+")).decimal()
	if !ok {
		return connect.SchemaAndValue{}, false
	}
	if n, ok := exactInt64(d); ok {
		switch {
		case n >= math.MinInt8 && n <= math.MaxInt8:
			return connect.SchemaAndValue{Schema: connect.Int8Schema, Value: int8(n)}, true
		case n >= math.MinInt16 && n <= math.MaxInt16:
			return connect.SchemaAndValue{Schema: connect.Int16Schema, Value: int16(n)}, true
		case n >= math.MinInt32 && n <= math.MaxInt32:
			return connect.SchemaAndValue{Schema: connect.Int32Schema, Value: int32(n)}, true
		}
		return connect.SchemaAndValue{Schema: connect.Int64Schema, Value: n}, true
	}
	if d.Scale != 0 {
		if f, err := connect.ParseFloat(token, 32); err == nil {
			return connect.SchemaAndValue{Schema: connect.Float32Schema, Value: float32(f)}, true
		}
		if f, err := connect.ParseFloat(token, 64); err == nil {
			return connect.SchemaAndValue{Schema: connect.Float64Schema, Value: f}, true
		}
	}
	return connect.SchemaAndValue{Schema: decimalSchema(d.Scale), Value: d}, true
}

// isDecimal reports whether a text is a sign, digits with at most one dot, and an exponent; all but the digits may be missing.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if s != "" && s[0] == '+' { // inferNumber has not taken it off yet
		s = s[1:]
	}
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(s), "e")
	if hasExponent {
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			exponent = exponent[1:]
		}
		if !isDigits(exponent) {
			return false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	return isDigits(whole + fraction)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// exactInt64 returns the value of a decimal that is a whole number of 64 bits.
func exactInt64(d connect.Decimal) (int64, bool) {
	b := d.Unscaled
	switch {
	case b.Sign() == 0:
		return 0, true
	case d.Scale < -18 || d.Scale > len(b.String()):
		return 0, false // too great, or a fraction
	case d.Scale < 0:
		b = new(big.Int).Mul(b, pow10(-d.Scale))
	case d.Scale > 0:
		rest := new(big.Int)
		if b, rest = new(big.Int).QuoRem(b, pow10(d.Scale), rest); rest.Sign() != 0 {
			return 0, false
		}
	}
	return b.Int64(), b.IsInt64()
}

func decimalSchema(scale int) *connect.Schema {
	version := 1
	return &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: &version, Parameters: map[string]string{"scale": strconv.Itoa(scale)}}
}
