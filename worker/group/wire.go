package group

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"sluice/connect"
)

// WorkerState is what a member tells the leader when it joins.
//
// The bytes are, with integers big-endian and a string led by its length as int16:
//
//	version int16, url string, config offset int64, [allocation: int32 length, -1 for none, and an Assignment]
//
// in which the last part is missing in version 0.
//
// Kafka: ConnectProtocol.WorkerState, ExtendedWorkerState.
type WorkerState struct {
	Version int16
	// URL is that of the member's REST API.
	URL string
	// ConfigOffset is how far the member has read the config topic: the offset of the next record, -1 for nothing.
	ConfigOffset int64
	// Allocation is what the member has, with what its last round told; nil if it has not been in a round yet, and in version 0. Its version
	// is this one, but for workers of Kafka 2.8, whose is 1.
	Allocation *Assignment
}

// Assignment is what the leader tells a member.
//
// The bytes are, each array led by its length as int32:
//
//	version int16, error int16, leader string, leader url string, config offset int64, added [connector string, tasks [int32]],
//	[revoked as added, delay in milliseconds int32]
//
// in which the last two are missing in version 0. The task -1 is the Connector itself.
//
// Kafka: ConnectProtocol.Assignment, ExtendedAssignment.
type Assignment struct {
	Version int16
	Error   AssignmentError
	// Leader is the leader's member id, LeaderURL that of its REST API.
	Leader, LeaderURL string
	// ConfigOffset is how far one has to have read the config topic to act on the rest.
	ConfigOffset int64
	// Added is what the member gets, in version 0 all that it is to have. Revoked is what it is to stop.
	Added, Revoked Work
	// Delay is when the member is to join again, if nothing happens until then; 0 for never. Only milliseconds are told.
	Delay time.Duration
}

// AssignmentError says why a leader has assigned nothing.
type AssignmentError int16

// The errors of assignments.
const (
	// NoError is that of a valid assignment.
	NoError AssignmentError = 0
	// ConfigMismatch says that the leader has read less of the config topic than another member: all are to join again.
	ConfigMismatch AssignmentError = 1
)

// MarshalBinary encodes the state. It fails if a text is longer than 32767 bytes.
func (s WorkerState) MarshalBinary() ([]byte, error) {
	e := encoder{}
	e.int16(s.Version)
	e.string("url", s.URL)
	e.int64(s.ConfigOffset)
	if s.Version > 0 {
		if s.Allocation == nil {
			e.int32(-1)
		} else {
			data, err := s.Allocation.MarshalBinary()
			if err != nil {
				return nil, fmt.Errorf("encode worker state: allocation: %w", err)
			}
			e.int32(int32(len(data)))
			e.data = append(e.data, data...)
		}
	}
	if e.err != nil {
		return nil, fmt.Errorf("encode worker state: %w", e.err)
	}
	return e.data, nil
}

// MarshalBinary encodes the assignment. It fails if a text is longer than 32767 bytes.
func (a Assignment) MarshalBinary() ([]byte, error) {
	e := encoder{}
	e.int16(a.Version)
	e.int16(int16(a.Error))
	e.string("leader", a.Leader)
	e.string("leader url", a.LeaderURL)
	e.int64(a.ConfigOffset)
	e.work(a.Added)
	if a.Version > 0 {
		e.work(a.Revoked)
		e.int32(int32(min(a.Delay.Milliseconds(), math.MaxInt32)))
	}
	if e.err != nil {
		return nil, fmt.Errorf("encode assignment: %w", e.err)
	}
	return e.data, nil
}

// ParseWorkerState decodes what a member tells. As in Java what follows the known fields is ignored, and the allocation may be missing.
func ParseWorkerState(data []byte) (WorkerState, error) {
	d := decoder{rest: data}
	s := WorkerState{Version: d.version(), URL: d.string("url"), ConfigOffset: d.int64("config offset")}
	if s.Version > 0 && d.err == nil && len(d.rest) > 0 {
		if allocation := d.bytes("allocation"); allocation != nil && d.err == nil {
			a, err := ParseAssignment(allocation)
			if err != nil {
				return WorkerState{}, fmt.Errorf("decode worker state: allocation: %w", err)
			}
			s.Allocation = &a
		}
	}
	if d.err != nil {
		return WorkerState{}, fmt.Errorf("decode worker state: %w", d.err)
	}
	return s, nil
}

// ParseAssignment decodes what a leader tells. As in Java what follows the known fields is ignored, and what is assigned and revoked, and the
// delay, may be missing.
func ParseAssignment(data []byte) (Assignment, error) {
	d := decoder{rest: data}
	a := Assignment{
		Version: d.version(), Error: AssignmentError(d.int16("error")), Leader: d.string("leader"), LeaderURL: d.string("leader url"),
		ConfigOffset: d.int64("config offset"),
	}
	if len(d.rest) > 0 {
		a.Added = d.work("assigned work")
	}
	if a.Version > 0 && len(d.rest) > 0 {
		a.Revoked = d.work("revoked work")
	}
	if a.Version > 0 && len(d.rest) > 0 {
		a.Delay = time.Duration(d.int32("delay")) * time.Millisecond
	}
	if d.err != nil {
		return Assignment{}, fmt.Errorf("decode assignment: %w", d.err)
	}
	return a, nil
}

// encoder appends to data until there is an error.
type encoder struct {
	data []byte
	err  error
}

func (e *encoder) int16(v int16) { e.data = binary.BigEndian.AppendUint16(e.data, uint16(v)) }
func (e *encoder) int32(v int32) { e.data = binary.BigEndian.AppendUint32(e.data, uint32(v)) }
func (e *encoder) int64(v int64) { e.data = binary.BigEndian.AppendUint64(e.data, uint64(v)) }

func (e *encoder) string(what, s string) {
	if len(s) > math.MaxInt16 {
		e.err = fmt.Errorf("%s of %d bytes: at most %d fit", what, len(s), math.MaxInt16)
		return
	}
	e.int16(int16(len(s)))
	e.data = append(e.data, s...)
}

// work groups by connector, in the order in which connectors are first met: Connectors first, then tasks.
func (e *encoder) work(w Work) {
	var names []string
	numbers := map[string][]int32{}
	for _, ids := range piecesOf(w) {
		for _, id := range ids {
			if _, met := numbers[id.Connector]; !met {
				names = append(names, id.Connector)
			}
			numbers[id.Connector] = append(numbers[id.Connector], int32(id.Task))
		}
	}
	e.int32(int32(len(names)))
	for _, name := range names {
		e.string("connector", name)
		e.int32(int32(len(numbers[name])))
		for _, n := range numbers[name] {
			e.int32(n)
		}
	}
}

// decoder takes from rest until there is an error.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) take(what string, n int) []byte {
	if d.err == nil && (n < 0 || n > len(d.rest)) {
		d.err = fmt.Errorf("%s of %d bytes: %d are left", what, n, len(d.rest))
	}
	if d.err != nil {
		return nil
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) int16(what string) int16 {
	if b := d.take(what, 2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (d *decoder) int32(what string) int32 {
	if b := d.take(what, 4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (d *decoder) int64(what string) int64 {
	if b := d.take(what, 8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (d *decoder) version() int16 {
	v := d.int16("version")
	if d.err == nil && v < 0 {
		d.err = fmt.Errorf("version %d: must not be negative", v)
	}
	return v
}

func (d *decoder) string(what string) string { return string(d.take(what, int(d.int16(what)))) }

// bytes returns nil for none.
func (d *decoder) bytes(what string) []byte {
	n := d.int32(what)
	if n < 0 {
		if n != -1 && d.err == nil {
			d.err = fmt.Errorf("%s of %d bytes: must not be negative", what, n)
		}
		return nil
	}
	return d.take(what, int(n))
}

// count reads the length of an array, none being 0. Elements have at least size bytes, so that a length that cannot be is found before
// room is made for it.
func (d *decoder) count(what string, size int) int {
	n := d.int32(what)
	switch {
	case d.err != nil || n == -1:
		return 0
	case n < 0 || int(n) > len(d.rest)/size:
		d.err = fmt.Errorf("%s of %d elements: %d bytes are left", what, n, len(d.rest))
		return 0
	}
	return int(n)
}

func (d *decoder) work(what string) (w Work) {
	for range d.count(what, 6) {
		name := d.string("connector")
		for range d.count("tasks of connector "+name, 4) {
			if n := int(d.int32("task")); n == connectorTask {
				w.Connectors = append(w.Connectors, name)
			} else {
				w.Tasks = append(w.Tasks, connect.TaskID{Connector: name, Task: n})
			}
		}
	}
	return w
}
