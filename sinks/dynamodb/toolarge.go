package dynamodb

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// shrinking is what is done to an item that is larger than the service takes. The zero value does nothing: the record is a bad one.
type shrinking struct {
	attribute string
	gzip      bool // else the text is cut off
}

// parseShrinking reads error, truncate:attribute or gzip:attribute.
func parseShrinking(text string) (shrinking, error) {
	how, attribute, named := strings.Cut(text, ":")
	switch {
	case text == "error":
		return shrinking{}, nil
	case (how == "truncate" || how == "gzip") && named && attribute != "":
		return shrinking{attribute, how == "gzip"}, nil
	}
	return shrinking{}, errors.New("must be error, truncate:attribute or gzip:attribute")
}

// shrink makes the finished item small enough, if its attribute allows that: a top-level text that is cut off at the end of a character, or
// becomes B with the bytes of its gzip form. The attributes of the table's key and indexes stay as they are. What is still too large is found by
// check.
func (w *itemWriter) shrink(s shrinking) {
	if s.attribute == "" || w.size <= maxItemSize || w.table.attribute(appendEscaped(nil, s.attribute)) >= 0 {
		return
	}
	before := fmt.Appendf(nil, `"%s":{"S":"`, appendEscaped(nil, s.attribute))
	start := w.topLevel(before)
	if start < 0 {
		return
	}
	end := start
	for w.out[end] != '"' {
		if w.out[end] == '\\' {
			end++
		}
		end++
	}
	text := appendUnescaped(nil, w.out[start:end])
	var value []byte
	size := 0
	if s.gzip {
		packed := gzipped(text)
		value = base64.StdEncoding.AppendEncode([]byte(`{"B":"`), packed)
		size = len(packed)
	} else {
		size = max(0, len(text)-(w.size-maxItemSize))
		for size > 0 && !utf8.RuneStart(text[size]) {
			size--
		}
		value = appendEscaped([]byte(`{"S":"`), text[:size])
	}
	start -= len(`{"S":"`)
	w.replace(start, end, value)
	w.size += size - len(text)
}

// topLevel returns where the text ends that begins a field of the item, -1 if there is none.
func (w *itemWriter) topLevel(field []byte) int {
	depth := 0
	for i := 0; i < len(w.out); i++ {
		switch w.out[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if depth == 1 && bytes.HasPrefix(w.out[i:], field) {
				return i + len(field)
			}
			for i++; w.out[i] != '"'; i++ {
				if w.out[i] == '\\' {
					i++
				}
			}
		}
	}
	return -1
}

// replace puts other text in the place of a value of the item, and moves what is known about the text behind it.
func (w *itemWriter) replace(start, end int, value []byte) {
	tail := bytes.Clone(w.out[end:])
	w.out = append(append(w.out[:start], value...), tail...)
	moved := start + len(value) - end
	for i := range w.found {
		if w.found[i].kind != absent && w.found[i].start >= end {
			w.found[i].start += moved
			w.found[i].end += moved
		}
	}
	for i := range w.faults {
		if w.faults[i].at >= end {
			w.faults[i].at += moved
		}
	}
}

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}
