package task

import (
	"unsafe"

	"sluice/connect"
)

// boxes puts texts of JSON into interfaces, which is where the key and the value of a record stand. Go allocates memory of its own for each slice
// in an interface; for JSON without schemas those would be the only allocations of a record. So the slices stand in arrays, one for many, and the
// interfaces point into them.
//
// An array holds texts of one buffer of the consumer alone: a record that is kept keeps its array, and with it nothing but the buffer that its own
// text is in.
type boxes struct {
	free   []connect.RawJSON // what is left of an array
	size   int               // of that array
	buffer uint32            // that its texts are in
}

// mostBoxes is the size of the longest array, 1.5 KB.
const mostBoxes = 64

// value returns any(raw). The buffer is that of raw.
func (b *boxes) value(raw connect.RawJSON, buffer uint32) any {
	if b.buffer != buffer {
		*b = boxes{buffer: buffer}
	}
	if len(b.free) == 0 {
		b.size = min(max(2, 2*b.size), mostBoxes) // a key and a value; many if there turn out to be many
		b.free = make([]connect.RawJSON, b.size)
	}
	box := &b.free[0]
	b.free = b.free[1:]
	*box = raw
	return anyOf(box)
}

// close lets go of the array, and so of the buffer. What was returned stays valid for as long as it is kept.
func (b *boxes) close() { *b = boxes{} }

// anyOf returns any(*box) without a copy; box must not be written to any more. The language has no other way to say that: an interface is a
// type and a pointer to a value that nobody changes, as package reflect and many others count on, and this sets the pointer.
func anyOf(box *connect.RawJSON) any {
	v := any(connect.RawJSON(nil))
	(*struct{ typ, data unsafe.Pointer })(unsafe.Pointer(&v)).data = unsafe.Pointer(box)
	return v
}
