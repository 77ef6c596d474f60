package dynamodb

import (
	"bytes"
	"encoding/base64"

	"sluice/connect"
)

// check returns the first rule of the service that the finished item breaks, as an error that names table and attribute.
func (w *itemWriter) check() error {
	if len(w.faults) > 0 {
		f := w.faults[0]
		return connect.NewDataError("table %q, attribute %q: %s", w.table.name, w.topLevelName(f.at), f.message)
	}
	for i := range w.table.attributes {
		if err := w.checkAttribute(i); err != nil {
			return err
		}
	}
	if w.size > maxItemSize {
		return connect.NewDataError("table %q: an item may have at most %d bytes, found %d", w.table.name, maxItemSize, w.size)
	}
	return nil
}

// checkKey is check for the attributes of the table's key alone.
func (w *itemWriter) checkKey() error {
	for i := range w.table.keys {
		if err := w.checkAttribute(i); err != nil {
			return err
		}
	}
	return nil
}

func (w *itemWriter) checkAttribute(i int) error {
	a, at := &w.table.attributes[i], w.found[i]
	isKey := i < w.table.keys
	if !isKey && (at.kind == absent || at.kind == kindNull && w.nullsGo) {
		return nil // an item without an index's key is not in that index
	}
	if at.kind != a.kind {
		return connect.NewDataError("table %q, attribute %q: the %s must be of type %s, found %s", w.table.name, a.name, a.role, a.kind, at.kind)
	}
	if at.kind == kindN {
		return nil
	}
	size := w.valueSize(at)
	if size == 0 {
		return connect.NewDataError("table %q, attribute %q: the %s must be a value of type %s that is not empty, found an empty one", w.table.name, a.name, a.role, a.kind)
	}
	if a.maxSize > 0 && size > a.maxSize {
		return connect.NewDataError("table %q, attribute %q: the %s may have at most %d bytes, found %d", w.table.name, a.name, a.role, a.maxSize, size)
	}
	return nil
}

// valueSize returns the length of a key's value of type S or B.
func (w *itemWriter) valueSize(at foundAt) int {
	text := w.out[at.start:at.end]
	if at.kind == kindB {
		n := base64.StdEncoding.DecodedLen(len(text))
		for i := len(text) - 1; i >= 0 && text[i] == '='; i-- {
			n--
		}
		return n
	}
	if bytes.IndexByte(text, '\\') >= 0 {
		w.text = appendUnescaped(w.text[:0], text)
		return len(w.text)
	}
	return len(text)
}

// appendKey appends the primary key of a checked item in canonical form: two items have the same bytes if and only if the service takes
// their keys for the same.
func (w *itemWriter) appendKey(dst []byte) []byte {
	for i := range w.table.keys {
		at := w.found[i]
		dst = appendKeyPart(dst, at.kind, w.out[at.start:at.end])
	}
	return dst
}

// appendKeyPart appends one value of a key: its type, its length and its canonical text. The length keeps ("ab","c") apart from
// ("a","bc"). Text is the value as it stands between the quotes of DynamoDB's JSON.
func appendKeyPart(dst []byte, k kind, text []byte) []byte {
	dst = append(dst, byte(k), 0, 0)
	start := len(dst)
	switch k {
	case kindS:
		dst = appendUnescaped(dst, text)
	case kindN:
		if n, ok := measureNumber(text); ok {
			dst = n.appendCanonical(dst, text)
		}
	default: // base64 has one form for each value
		dst = append(dst, text...)
	}
	n := len(dst) - start // at most 2048 bytes, or their base64
	dst[start-2], dst[start-1] = byte(n>>8), byte(n)
	return dst
}

// topLevelName returns the name of the item's attribute that holds the given place in out. The fields of the item itself are gone when it
// is closed, so the text is searched: strings are skipped as strings, and depth counts braces and brackets.
func (w *itemWriter) topLevelName(place int) string {
	name, depth := "", 0
	for i := 0; i < len(w.out) && i <= place; i++ {
		switch w.out[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := i + 1
			for end < len(w.out) && w.out[end] != '"' {
				if w.out[end] == '\\' {
					end++
				}
				end++
			}
			if depth == 1 {
				name = string(appendUnescaped(nil, w.out[i+1:min(end, len(w.out))]))
			}
			i = end
		}
	}
	return name
}
