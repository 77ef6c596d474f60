package bench

import (
	"bytes"
	"math/bits"
)

// The table of the stub, as configs/ddb.json describes it, and the attribute whose digits may never go down for a key.
const (
	stubTable   = "flagged-transactions"
	hashName    = "transaction_id"
	rangeName   = "transaction_date"
	versionName = "customer_id"
)

// stubWrite is one write of a call. Keys and items are known by their digests, so that millions of them take little memory.
type stubWrite struct {
	key     uint64 // digest of the two key attributes
	content uint64 // digest of all attributes, in whatever order they came
	version uint64
	text    []byte // the request as it came, to be handed back if it is not processed
	remove  bool
	left    bool // unprocessed
}

// scanner reads the body of a write in place, in one pass. What is not as the service wants it makes it bad; the reason is for who debugs.
type scanner struct {
	b     []byte
	i     int
	depth int // of the value that is skipped
	bad   string
}

// deepest is how deep values may be nested, a bit more than the service allows.
const deepest = 100

func (s *scanner) fail(why string) {
	if s.bad == "" {
		s.bad = why
	}
	s.i = len(s.b)
}

// peek is the next byte that is not blank, 0 at the end.
func (s *scanner) peek() byte {
	for s.i < len(s.b) {
		if c := s.b[s.i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.i++
	}
	return 0
}

func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.fail("expected " + string(rune(c)))
		return
	}
	s.i++
}

// more stands before a member or element, or at the end of what holds them; it reads the comma or the end.
func (s *scanner) more(first bool, end byte) bool {
	switch c := s.peek(); {
	case c == end:
		s.i++
		return false
	case first:
		return c != 0
	case c == ',':
		s.i++
		return true
	default:
		s.fail("expected a comma or the end")
		return false
	}
}

// quoted reads a text and leaves its escapes as they are.
func (s *scanner) quoted() []byte {
	s.expect('"')
	for begin := s.i; s.i < len(s.b); {
		end := bytes.IndexByte(s.b[s.i:], '"')
		if end < 0 {
			break
		}
		s.i += end + 1
		escapes := 0
		for s.b[s.i-2-escapes] == '\\' && s.i-2-escapes >= begin {
			escapes++
		}
		if escapes%2 == 0 {
			return s.b[begin : s.i-1]
		}
	}
	s.fail("a text does not end")
	return nil
}

func (s *scanner) name() []byte {
	n := s.quoted()
	s.expect(':')
	return n
}

// skip reads any value.
func (s *scanner) skip() []byte {
	c, begin := s.peek(), s.i
	switch c {
	case '"':
		s.quoted()
	case '{', '[':
		s.i++
		if s.depth++; s.depth > deepest {
			s.fail("nested too deep")
		}
		for first := true; s.more(first, c+2); first = false { // ] and } stand two behind [ and {
			if c == '{' {
				s.name()
			}
			s.skip()
		}
		s.depth--
	default:
		for s.i < len(s.b) && !bytes.ContainsRune([]byte(",]} \n\t\r"), rune(s.b[s.i])) {
			s.i++
		}
		if s.i == begin {
			s.fail("expected a value")
		}
	}
	return s.b[begin:min(s.i, len(s.b))]
}

// batch reads {"RequestItems":{"t":[{"PutRequest":{"Item":{…}}},{"DeleteRequest":{"Key":{…}}}]}}.
func (s *scanner) batch(writes []stubWrite) []stubWrite {
	s.expect('{')
	for first := true; s.more(first, '}'); first = false {
		if string(s.name()) != "RequestItems" {
			s.skip()
			continue
		}
		s.expect('{')
		for first := true; s.more(first, '}'); first = false {
			if string(s.name()) != stubTable {
				s.fail("unknown table")
			}
			s.expect('[')
			for first := true; s.more(first, ']'); first = false {
				writes = append(writes, s.request())
			}
		}
	}
	return writes
}

// request reads one of a batch.
func (s *scanner) request() (w stubWrite) {
	s.peek()
	begin := s.i
	s.expect('{')
	switch string(s.name()) {
	case "PutRequest":
	case "DeleteRequest":
		w.remove = true
	default:
		s.fail("neither PutRequest nor DeleteRequest")
	}
	s.expect('{')
	if n := string(s.name()); n != "Item" && n != "Key" || (n == "Key") != w.remove {
		s.fail("neither Item nor Key")
	}
	s.item(&w)
	s.expect('}')
	s.expect('}')
	if s.bad == "" {
		w.text = s.b[begin:s.i]
	}
	return w
}

// single reads {"TableName":"t","Item":{…}}, in any order.
func (s *scanner) single(remove bool) (w stubWrite) {
	w.remove = remove
	s.expect('{')
	found := false
	for first := true; s.more(first, '}'); first = false {
		switch string(s.name()) {
		case "TableName":
			if string(s.quoted()) != stubTable {
				s.fail("unknown table")
			}
		case "Item", "Key":
			s.item(&w)
			found = true
		default:
			s.skip()
		}
	}
	if !found {
		s.fail("no item")
	}
	return w
}

// item reads {"id":{"S":"a"},"n":{"N":"1"}}.
func (s *scanner) item(w *stubWrite) {
	var hash, sort uint64
	s.expect('{')
	for first := true; s.more(first, '}'); first = false {
		name := s.name()
		s.expect('{')
		kind := s.name()
		var value []byte
		if len(kind) == 1 && (kind[0] == 'S' || kind[0] == 'N' || kind[0] == 'B') {
			value = s.quoted()
		} else {
			value = s.skip()
		}
		s.expect('}')
		w.content += digest(digest(digest(1, name), kind), value)
		isText := len(kind) == 1 && kind[0] == 'S'
		switch string(name) {
		case hashName, rangeName:
			if !isText || len(value) == 0 || bytes.IndexByte(value, '\\') >= 0 {
				s.fail("a key is not a plain text")
			}
			if string(name) == hashName {
				hash = digest(2, value)
			} else {
				sort = digest(3, value)
			}
		case "account_id":
			if len(kind) != 1 || kind[0] != 'N' {
				s.fail("account_id is the key of an index and no number")
			}
		case versionName:
			w.version = digits(value)
		}
	}
	if hash == 0 || sort == 0 {
		s.fail("a key is missing")
	}
	w.key = mix(hash, sort)
}

// digits is the number that the digits of a text make.
func digits(text []byte) (n uint64) {
	for _, c := range text {
		if '0' <= c && c <= '9' {
			n = n*10 + uint64(c-'0')
		}
	}
	return n
}

// digest and mix are a hash that is the same in all processes, in the manner of wyhash: eight bytes at a time are multiplied to 128 bits,
// whose halves are added without carry.
func digest(seed uint64, text []byte) uint64 {
	h := mix(seed^0x9E3779B97F4A7C15, uint64(len(text))^0xE7037ED1A0B428DB)
	for len(text) >= 8 {
		h = mix(h^load(text[:8]), 0x8EBC6AF09C88C6E3)
		text = text[8:]
	}
	if len(text) > 0 {
		h = mix(h^load(text), 0x589965CC75374CC3)
	}
	return h
}

func load(text []byte) (v uint64) {
	if len(text) == 8 {
		return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
	}
	for i, c := range text {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xA0761D6478BD642F, b)
	return hi ^ lo
}
