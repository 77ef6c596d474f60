package dynamodb

import (
	"bytes"
	"errors"
)

// errNotJSON is the answer to text that is no JSON value. A converter has checked the text of a [connect.RawJSON] before, so it is seen
// only where the sink itself was given text to read.
var errNotJSON = errors.New("the text is not a JSON value")

// errTooDeep says that the item writer refused to open another list or map.
var errTooDeep = errors.New("nested too deeply")

// errNotObject says that an item was wanted and something else stands there.
var errNotObject = errors.New("not an object")

// jsonReader reads JSON text once, from left to right, and feeds an itemWriter. It accepts what Kafka Connect's JsonConverter accepts:
// RFC 8259 with leading zeros in numbers.
type jsonReader struct {
	in  []byte
	pos int
	w   *itemWriter

	typed  bool // each value is in DynamoDB's JSON
	broken bool // a text has no form in UTF-8

	// Where the values of the top-level members "key" and "item" stand, by which Camel's sink chooses what it writes; zero if there
	// is none.
	key, item span
}

// span is a piece of the text. The zero span is none, since a member's value never begins at 0.
type span struct{ start, end int }

func (s span) given() bool { return s.end > 0 }

// readItem reads text, which must be one JSON object, as the fields of an item, which the caller closes.
func (r *jsonReader) readItem(text []byte, w *itemWriter, p *plan) error {
	w.openItem()
	return r.readMore(text, w, p)
}

// readMore is readItem into an item that is open.
func (r *jsonReader) readMore(text []byte, w *itemWriter, p *plan) error {
	*r = jsonReader{in: text, w: w}
	r.blanks()
	if r.peek() != '{' {
		return errNotObject
	}
	if err := r.members(p, true); err != nil {
		return err
	}
	r.blanks()
	if r.pos != len(r.in) {
		return errNotJSON
	}
	return nil
}

// peek returns the next byte, 0 at the end.
func (r *jsonReader) peek() byte {
	if r.pos < len(r.in) {
		return r.in[r.pos]
	}
	return 0
}

func (r *jsonReader) blanks() {
	for r.pos < len(r.in) {
		switch r.in[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// members reads an object from its opening to its closing brace.
func (r *jsonReader) members(p *plan, top bool) error {
	r.pos++
	r.blanks()
	if r.peek() == '}' {
		r.pos++
		return nil
	}
	for {
		if r.peek() != '"' {
			return errNotJSON
		}
		raw, _, escaped, err := r.quoted()
		if err != nil {
			return err
		}
		var own *plan
		if p == nil {
			r.w.rawName(raw, escaped)
		} else {
			own = r.plannedName(p, raw, escaped)
		}
		r.blanks()
		if r.peek() != ':' {
			return errNotJSON
		}
		r.pos++
		r.blanks()
		start := r.pos
		if err := r.value(own); err != nil {
			return err
		}
		if own != nil && own.drop {
			r.w.dropField()
		}
		if top && len(raw) <= len(`\u0069\u0074\u0065\u006d`) {
			if escaped {
				raw = appendUnescaped(nil, raw)
			}
			r.noteShape(raw, span{start, r.pos})
		}
		r.blanks()
		switch r.peek() {
		case ',':
			r.pos++
			r.blanks()
		case '}':
			r.pos++
			return nil
		default:
			return errNotJSON
		}
	}
}

// plannedName begins the field of a member, under the name that its plan gives it.
func (r *jsonReader) plannedName(p *plan, raw []byte, escaped bool) *plan {
	name := raw
	if escaped {
		name = appendUnescaped(nil, raw)
	}
	own := p.member(name)
	if own != nil && own.name != "" {
		r.w.name(own.name)
	} else {
		r.w.rawName(raw, escaped)
	}
	return own
}

func (r *jsonReader) noteShape(name []byte, value span) {
	switch string(name) {
	case "key":
		r.key = value
	case "item":
		r.item = value
	}
}

func (r *jsonReader) value(p *plan) error {
	if r.typed {
		return r.typedValue(p)
	}
	if p != nil && p.to.kind != absent {
		return r.converted(p)
	}
	switch c := r.peek(); {
	case c == '"':
		return r.text()
	case c == '-' || c >= '0' && c <= '9':
		start := r.pos
		for r.pos < len(r.in) && isNumberByte(r.in[r.pos]) {
			r.pos++
		}
		if !r.w.number(r.in[start:r.pos]) {
			return errNotJSON
		}
		return nil
	case c == '{':
		if !r.w.openMap() {
			return errTooDeep
		}
		if err := r.members(p, false); err != nil {
			return err
		}
		r.w.closeMap()
		return nil
	case c == '[':
		if r.w.rules.arrays == camelArrays {
			return r.camelArray()
		}
		return r.list(p)
	case c == 't' && r.word("true"):
		r.w.boolean(true)
		return nil
	case c == 'f' && r.word("false"):
		r.w.boolean(false)
		return nil
	case c == 'n' && r.word("null"):
		r.w.null()
		return nil
	}
	return errNotJSON
}

// text reads a string.
func (r *jsonReader) text() error {
	raw, size, _, err := r.quoted()
	if err != nil {
		return err
	}
	r.w.rawString(raw, size)
	return nil
}

func (r *jsonReader) list(p *plan) error {
	if !r.w.openList() {
		return errTooDeep
	}
	r.pos++
	r.blanks()
	if r.peek() == ']' {
		r.pos++
		r.w.closeList()
		return nil
	}
	for first := true; ; first = false {
		r.w.element(first)
		if err := r.value(p); err != nil {
			return err
		}
		r.blanks()
		switch r.peek() {
		case ',':
			r.pos++
			r.blanks()
		case ']':
			r.pos++
			r.w.closeList()
			return nil
		default:
			return errNotJSON
		}
	}
}

func (r *jsonReader) word(w string) bool {
	if !bytes.HasPrefix(r.in[r.pos:], []byte(w)) {
		return false
	}
	r.pos += len(w)
	return true
}

// quoted reads a string. Raw is the text between the quotes, size the length of what it says in UTF-8. A surrogate without its other half
// is noted as a fault: it has no form in UTF-8.
func (r *jsonReader) quoted() (raw []byte, size int, escaped bool, err error) {
	start := r.pos + 1
	less := 0 // bytes that the text has more than what it says
	i := start
	for {
		i = skipPlain(r.in, i)
		if i == len(r.in) {
			return nil, 0, false, errNotJSON
		}
		if r.in[i] == '"' {
			r.pos = i + 1
			return r.in[start:i], i - start - less, escaped, nil
		}
		if r.in[i] != '\\' {
			return nil, 0, false, errNotJSON // a control character
		}
		c, n, ok := readEscape(r.in[i:])
		if !ok {
			return nil, 0, false, errNotJSON
		}
		if c < 0 {
			r.halved()
		}
		escaped = true
		less += n - runeLen(c)
		i += n
	}
}

// halved notes half of a surrogate pair, which has no form in UTF-8.
func (r *jsonReader) halved() {
	r.broken = true
	if r.w != nil {
		r.w.fault(`a string must be valid Unicode, found half of a surrogate pair`)
	}
}

// runeLen is the length of a character in UTF-8. Half of a surrogate pair counts as the three bytes that it would take.
func runeLen(c rune) int {
	switch {
	case c < 0:
		return 3
	case c < 0x80:
		return 1
	case c < 0x800:
		return 2
	case c < 0x10000:
		return 3
	}
	return 4
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}
