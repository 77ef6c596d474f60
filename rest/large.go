package rest

import (
	"context"
	"io"
)

const (
	// largeBody is the size in bytes from which on a body needs a slot: as much as a config topic takes for a record by default.
	largeBody = 1 << 20

	// largeBodies is how many bodies beyond that size are read and dealt with at once. Each may take a hundred times its size in memory, as
	// there is room for a million settings in it. Kafka has no such bound.
	largeBodies = 2
)

// measured is a body that waits for a slot when it turns out to be large. The slot is kept until release, as what is made of the body is what
// needs the memory.
type measured struct {
	io.ReadCloser
	ctx   context.Context
	slots chan struct{}
	left  int // bytes until it is large
	held  bool
}

func measure(ctx context.Context, body io.ReadCloser, slots chan struct{}) *measured {
	return &measured{ReadCloser: body, ctx: ctx, slots: slots, left: largeBody}
}

// Read reads on; the error is the context's if it ends before there is a slot.
func (m *measured) Read(p []byte) (int, error) {
	if m.left <= 0 && !m.held {
		select {
		case m.slots <- struct{}{}:
			m.held = true
		case <-m.ctx.Done():
			return 0, context.Cause(m.ctx)
		}
	}
	n, err := m.ReadCloser.Read(p)
	m.left -= n
	return n, err
}

// release gives the slot back.
func (m *measured) release() {
	if m.held {
		m.held = false
		<-m.slots
	}
}
