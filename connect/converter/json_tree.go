package converter

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
)

// A tree of JSON values keeps what a map of Go loses: the order of members, and the digits of numbers. Its values are nil, bool, string,
// number, []any and *object.
type (
	number string

	object struct {
		names  []string       // in the order of their first appearance
		values []any          // the last value of each name
		places map[string]int // of the names, nil as long as they are few
	}
)

// fewNames is how many names are searched one by one.
const fewNames = 32

// get returns the named member, and whether there is one.
func (o *object) get(name string) (any, bool) {
	if i, ok := o.place(name); ok {
		return o.values[i], true
	}
	return nil, false
}

func (o *object) place(name string) (int, bool) {
	if o.places != nil {
		i, ok := o.places[name]
		return i, ok
	}
	i := slices.Index(o.names, name)
	return i, i >= 0
}

// put gives a member a value.
func (o *object) put(name string, v any) {
	if i, ok := o.place(name); ok {
		o.values[i] = v
		return
	}
	o.names, o.values = append(o.names, name), append(o.values, v)
	switch {
	case o.places != nil:
		o.places[name] = len(o.names) - 1
	case len(o.names) == fewNames:
		o.places = make(map[string]int, 2*fewNames)
		for i, n := range o.names {
			o.places[n] = i
		}
	}
}

// readTree reads a value that a scanner has checked; it does not check anything itself.
func readTree(text []byte) any {
	t := treeReader{data: text}
	return t.value()
}

type treeReader struct {
	data []byte
	pos  int
}

func (t *treeReader) value() any {
	switch c := t.peek(); c {
	case '{':
		return t.object()
	case '[':
		t.pos++
		items := []any{}
		for t.peek() != ']' {
			items = append(items, t.value())
			t.skipComma()
		}
		t.pos++
		return items
	case '"':
		return t.text()
	case 't':
		t.pos += len("true")
		return true
	case 'f':
		t.pos += len("false")
		return false
	case 'n':
		t.pos += len("null")
		return nil
	}
	start := t.pos
	for t.pos < len(t.data) && isNumberByte(t.data[t.pos]) {
		t.pos++
	}
	return number(t.data[start:t.pos])
}

func (t *treeReader) object() *object {
	t.pos++
	o := &object{}
	for t.peek() != '}' {
		name := t.text()
		t.peek()
		t.pos++ // the colon
		o.put(name, t.value())
		t.skipComma()
	}
	t.pos++
	return o
}

// skip moves behind a value.
func (t *treeReader) skip() {
	depth := 0
	for {
		switch c := t.peek(); c {
		case '"':
			t.skipText()
		case '{', '[':
			depth++
			t.pos++
			continue
		case '}', ']':
			depth--
			t.pos++
		case ',', ':':
			t.pos++
			continue
		default:
			for t.pos < len(t.data) && (isNumberByte(t.data[t.pos]) || t.data[t.pos] >= 'a' && t.data[t.pos] <= 'z') {
				t.pos++
			}
		}
		if depth == 0 {
			return
		}
	}
}

func (t *treeReader) skipText() {
	for i := t.pos + 1; ; i++ {
		switch t.data[i] {
		case '\\':
			i++
		case '"':
			t.pos = i + 1
			return
		}
	}
}

func (t *treeReader) text() string {
	start := t.pos + 1
	escaped := false
	for i := start; ; i++ {
		switch t.data[i] {
		case '\\':
			escaped = true
			i++
			continue
		case '"':
			t.pos = i + 1
			if !escaped {
				return string(t.data[start:i])
			}
			var s string
			if json.Unmarshal(t.data[start-1:i+1], &s) != nil {
				return string(t.data[start:i]) // not for a checked text
			}
			return s
		}
	}
}

// peek skips blanks and returns the byte after them, 0 at the end.
func (t *treeReader) peek() byte {
	for ; t.pos < len(t.data); t.pos++ {
		switch c := t.data[t.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (t *treeReader) skipComma() {
	if t.peek() == ',' {
		t.pos++
	}
}

func isNumberByte(c byte) bool {
	return isDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// integral reports whether the number has neither fraction nor exponent; 1e2 does not count, as in Jackson.
func (n number) integral() bool { return !strings.ContainsAny(string(n), ".eE") }

// float returns the nearest double. Beyond the range it is an infinity; there is no negative zero, unless the number is out of reach.
func (n number) float() float64 { return n.nearest(64) }

// float32 returns the double narrowed to 32 bits, as Java's floatValue of a decimal.
func (n number) float32() float32 { return float32(n.nearest(32)) }

func (n number) nearest(bits int) float64 {
	f, _ := connect.ParseFloat(string(n), bits) // the only error is the range
	if f == 0 && math.Signbit(f) {
		if _, ok := n.decimal(); ok {
			return 0
		}
	}
	return f
}

// isInt32 reports whether the number is an integer of 32 bits.
func (n number) isInt32() bool {
	_, err := strconv.ParseInt(string(n), 10, 32)
	return err == nil
}

// long returns the low 64 bits of the number without its fraction, as Java's longValue does; of a number out of reach the greatest or least one.
func (n number) long() int64 {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i
	}
	d, ok := n.decimal()
	switch {
	case !ok:
		return n.bound(math.MinInt64, math.MaxInt64)
	case d.Scale > maxNumberLength, d.Scale <= -64: // no digit before the point; or 64 factors of two in the power of ten
		return 0
	case d.Scale > 0:
		return low64(new(big.Int).Quo(d.Unscaled, pow10(d.Scale)))
	}
	return low64(new(big.Int).Mul(d.Unscaled, pow10(-d.Scale)))
}

// int returns the low 32 bits of long, as Java's intValue does; of a number out of reach the greatest or least one.
func (n number) int() int32 {
	long := n.long()
	if long == math.MaxInt64 || long == math.MinInt64 {
		if _, ok := n.decimal(); !ok {
			return int32(n.bound(math.MinInt32, math.MaxInt32))
		}
	}
	return int32(long)
}

// bound returns what Java makes of a double that is an infinity or a zero when it becomes a whole number.
func (n number) bound(least, most int64) int64 {
	switch f := n.float(); {
	case f > 0:
		return most
	case f < 0:
		return least
	}
	return 0
}

// decimal returns the exact number with the scale that its text has: 1.50 has scale 2, 1e2 scale -2. It reports false for a number out of
// reach: its exponent or scale is beyond 32 bits. Jackson reads such a number as a double, which is an infinity or a zero.
func (n number) decimal() (connect.Decimal, bool) {
	digits, exponent := string(n), int64(0)
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		e, err := strconv.ParseInt(digits[i+1:], 10, 32)
		if err != nil {
			return connect.Decimal{}, false
		}
		digits, exponent = digits[:i], e
	}
	scale := int64(0)
	if i := strings.IndexByte(digits, '.'); i >= 0 {
		scale = int64(len(digits) - i - 1)
		digits = digits[:i] + digits[i+1:]
	}
	scale -= exponent
	b, ok := new(big.Int).SetString(digits, 10)
	if !ok || scale > math.MaxInt32 || scale < math.MinInt32 {
		return connect.Decimal{}, false
	}
	return connect.Decimal{Unscaled: b, Scale: int(scale)}, true
}

// low64 returns the low 64 bits in two's complement.
func low64(b *big.Int) int64 {
	low := new(big.Int).And(b, new(big.Int).SetUint64(math.MaxUint64))
	return int64(low.Uint64())
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// plain returns the value of a tree without a schema, with the types of Connect.
func plain(v any) any {
	switch v := v.(type) {
	case number:
		if v.integral() {
			return v.long()
		}
		return v.float()
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case *object:
		m := make(map[string]any, len(v.names))
		for i, name := range v.names {
			m[name] = plain(v.values[i])
		}
		return m
	}
	return v
}

// kind names the type of a JSON value as Jackson's JsonNodeType does.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "NULL"
	case bool:
		return "BOOLEAN"
	case string:
		return "STRING"
	case number:
		return "NUMBER"
	case []any:
		return "ARRAY"
	}
	return "OBJECT"
}
