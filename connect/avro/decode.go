package avro

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"sluice/connect"
)

// op says how the bytes of a value are read.
type op uint8

const (
	opBoolean op = iota
	opInt
	opInt8
	opInt16
	opLong
	opFloat
	opDouble
	opString
	opBytes
	opFixed
	opEnum
	opDecimal      // of bytes
	opFixedDecimal // of fixed
	opDate
	opTime
	opTimestamp
	opArray
	opMap
	opEntries  // an array of key and value, which is a map
	opRecord   // a struct
	opOptional // a union of null and something
	opSingle   // a union of one type, which is that type
	opUnion    // a struct, of whose fields one is set
)

// node says how a value is read and which schema it has then. Nodes of recursive schemas form a graph.
type node struct {
	op     op
	schema *connect.Schema

	layout  *layout  // opRecord
	members []member // opUnion
	null    int64    // opOptional: the index of null
	key     *node    // opEntries
	elem    *node    // opArray, opMap, opEntries: item or value; opOptional: what is not null; opSingle: what is there
	swapped bool     // opEntries: the value comes before the key
	symbols []string // opEnum
	size    int      // opFixed, opFixedDecimal
	scale   int      // opDecimal, opFixedDecimal
}

// layout are the fields of a record, in order. Nodes of one record that differ in being optional share it.
type layout struct {
	fields   []*node
	complete bool
}

// member is one type of a union; its node is nil for null.
type member struct {
	node  *node
	field int // of the struct
}

// Bounds on what a record can make of its bytes. A value mostly takes a byte or more; those that take none (records without fields, fixed values
// of no bytes) could otherwise be had by the billion.
const (
	maxDepth      = 1000
	spareValues   = 1 << 16
	valuesPerByte = 64
)

var (
	errShort  = errors.New("the data ends too early")
	errVarint = errors.New("an integer is longer than its type allows")
	errDeep   = fmt.Errorf("the data is nested deeper than %d levels", maxDepth)
	errMany   = errors.New("the data claims more values than its size allows")
)

// decoder reads Avro's binary encoding.
type decoder struct {
	data   []byte
	text   string // data as a string, made when the first text is read: texts share its memory
	pos    int
	depth  int
	budget int // values that may still be read
}

func newDecoder(data []byte) decoder {
	return decoder{data: data, budget: spareValues + min(len(data), math.MaxInt/valuesPerByte-spareValues)*valuesPerByte}
}

// value reads a value.
func (d *decoder) value(n *node) (any, error) {
	if d.budget--; d.budget < 0 {
		return nil, errMany
	}
	switch n.op {
	case opBoolean:
		b, err := d.take(1)
		if err != nil {
			return nil, err
		}
		if b[0] > 1 {
			return nil, fmt.Errorf("a boolean is %d", b[0])
		}
		return b[0] == 1, nil
	case opInt:
		v, err := d.int()
		return v, err
	case opInt8:
		v, err := d.int()
		return int8(v), err
	case opInt16:
		v, err := d.int()
		return int16(v), err
	case opLong:
		v, err := d.long()
		return v, err
	case opFloat:
		b, err := d.take(4)
		if err != nil {
			return nil, err
		}
		return math.Float32frombits(binary.LittleEndian.Uint32(b)), nil
	case opDouble:
		b, err := d.take(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
	case opString:
		v, err := d.string()
		return v, err
	case opBytes:
		v, err := d.bytes()
		return v, err
	case opFixed:
		v, err := d.take(n.size)
		return v, err
	case opEnum:
		i, err := d.int()
		if err != nil {
			return nil, err
		}
		if i < 0 || int(i) >= len(n.symbols) {
			return nil, fmt.Errorf("an enum of %d symbols has no symbol %d", len(n.symbols), i)
		}
		return n.symbols[i], nil
	case opDecimal, opFixedDecimal, opDate, opTime, opTimestamp:
		return d.logical(n)
	}
	if d.depth++; d.depth > maxDepth {
		return nil, errDeep
	}
	v, err := d.complex(n)
	d.depth--
	return v, err
}

// logical reads a value that Connect has a type of its own for.
func (d *decoder) logical(n *node) (any, error) {
	switch n.op {
	case opDecimal:
		b, err := d.bytes()
		if err != nil {
			return nil, err
		}
		return decimal(b, n.scale)
	case opFixedDecimal:
		b, err := d.take(n.size)
		if err != nil {
			return nil, err
		}
		return decimal(b, n.scale)
	case opDate:
		days, err := d.int()
		return dateOf(days), err
	case opTime:
		ms, err := d.int()
		if err != nil {
			return nil, err
		}
		return timeOf(ms)
	default:
		ms, err := d.long()
		return time.UnixMilli(ms).UTC(), err
	}
}

// complex reads a value that has values in it.
func (d *decoder) complex(n *node) (any, error) {
	switch n.op {
	case opOptional:
		i, err := d.long()
		switch {
		case err != nil:
			return nil, err
		case i == n.null:
			return nil, nil
		case i != 1-n.null:
			return nil, fmt.Errorf("a union of 2 types has no type %d", i)
		}
		return d.value(n.elem)
	case opSingle:
		i, err := d.long()
		switch {
		case err != nil:
			return nil, err
		case i != 0:
			return nil, fmt.Errorf("a union of 1 type has no type %d", i)
		}
		return d.value(n.elem)
	case opRecord:
		s := connect.NewStruct(n.schema)
		for i, field := range n.layout.fields {
			v, err := d.value(field)
			if err != nil {
				return nil, in(n.schema.Fields[i].Name, err)
			}
			s.Values[i] = v
		}
		return s, nil
	case opUnion:
		i, err := d.long()
		if err != nil {
			return nil, err
		}
		if i < 0 || i >= int64(len(n.members)) {
			return nil, fmt.Errorf("a union of %d types has no type %d", len(n.members), i)
		}
		m := n.members[i]
		if m.node == nil {
			return nil, nil
		}
		v, err := d.value(m.node)
		if err != nil {
			return nil, err
		}
		s := connect.NewStruct(n.schema)
		s.Values[m.field] = v
		return s, nil
	case opArray:
		return d.array(n)
	case opMap:
		return d.stringMap(n)
	default:
		return d.entries(n)
	}
}

func (d *decoder) array(n *node) (any, error) {
	items := []any{}
	err := d.blocks(func(count int) error {
		if cap(items) == 0 {
			items = make([]any, 0, min(count, len(d.data)-d.pos+1))
		}
		for range count {
			v, err := d.value(n.elem)
			if err != nil {
				return in("["+strconv.Itoa(len(items))+"]", err)
			}
			items = append(items, v)
		}
		return nil
	})
	return items, err
}

func (d *decoder) stringMap(n *node) (any, error) {
	m := map[string]any{}
	err := d.blocks(func(count int) error {
		for range count {
			k, err := d.string()
			if err != nil {
				return err
			}
			v, err := d.value(n.elem)
			if err != nil {
				return in("["+k+"]", err)
			}
			m[k] = v
		}
		return nil
	})
	return m, err
}

// entries reads a map that is written as an array of records with the fields key and value.
func (d *decoder) entries(n *node) (any, error) {
	isText := byText(n.schema)
	texts, others := map[string]any{}, map[any]any{}
	first, second := n.key, n.elem
	if n.swapped {
		first, second = second, first
	}
	err := d.blocks(func(count int) error {
		for range count {
			k, err := d.value(first)
			if err != nil {
				return err
			}
			v, err := d.value(second)
			if err != nil {
				return err
			}
			if n.swapped {
				k, v = v, k
			}
			if isText {
				texts[k.(string)] = v
			} else {
				others[k] = v
			}
		}
		return nil
	})
	if isText {
		return texts, err
	}
	return others, err
}

// blocks calls read with the number of items of each block of an array or map.
func (d *decoder) blocks(read func(count int) error) error {
	for {
		count, err := d.long()
		if err != nil {
			return err
		}
		if count == 0 {
			return nil
		}
		if count < 0 { // the block's size in bytes follows
			if count = -count; count < 0 {
				return errMany
			}
			if _, err := d.long(); err != nil {
				return err
			}
		}
		if count > int64(d.budget) {
			return errMany
		}
		if err := read(int(count)); err != nil {
			return err
		}
	}
}

// int reads a variable-length zig-zag integer of 32 bits.
func (d *decoder) int() (int32, error) {
	v, err := d.long()
	if err == nil && (v < math.MinInt32 || v > math.MaxInt32) {
		return 0, errVarint
	}
	return int32(v), err
}

// long reads a variable-length zig-zag integer of 64 bits.
func (d *decoder) long() (int64, error) {
	if d.pos < len(d.data) && d.data[d.pos] < 0x80 {
		u := uint64(d.data[d.pos])
		d.pos++
		return int64(u>>1) ^ -int64(u&1), nil
	}
	v, n := binary.Varint(d.data[d.pos:])
	switch {
	case n == 0:
		return 0, errShort
	case n < 0:
		return 0, errVarint
	}
	d.pos += n
	return v, nil
}

// take returns the next n bytes, which share the record's memory and cannot be appended to in place.
func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.data)-d.pos {
		return nil, errShort
	}
	b := d.data[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	return b, nil
}

func (d *decoder) length() (int, error) {
	n, err := d.long()
	switch {
	case err != nil:
		return 0, err
	case n < 0:
		return 0, fmt.Errorf("a length is %d", n)
	case n > int64(len(d.data)-d.pos):
		return 0, errShort
	}
	return int(n), nil
}

func (d *decoder) bytes() ([]byte, error) {
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

func (d *decoder) string() (string, error) {
	n, err := d.length()
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", nil
	}
	if d.text == "" {
		d.text = string(d.data)
	}
	s := d.text[d.pos : d.pos+n]
	d.pos += n
	return validText(s), nil
}
