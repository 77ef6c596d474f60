package worker

import (
	"context"
	"errors"
	"time"
)

// requestTimeout is how long a request may take.
//
// Kafka: RestServer.DEFAULT_REST_REQUEST_TIMEOUT_MS.
const requestTimeout = 90 * time.Second

// answer is what came of a request.
type answer[T any] struct {
	value T
	err   error
}

// ask lets the loop decide on a request and waits for the answer, which decide or something it sets off gives once. A request whose
// caller has gone before its turn is dropped; one that takes too long is answered with a [*TimeoutError] and may still be carried out.
func ask[T any](ctx context.Context, h *Herder, decide func(reply func(T, error))) (T, error) {
	var none T
	result := make(chan answer[T], 1)
	reply := func(v T, err error) {
		select {
		case result <- answer[T]{v, err}:
		default: // answered before
		}
	}
	timer := time.NewTimer(requestTimeout)
	defer timer.Stop()
	request := requested{func() {
		if ctx.Err() == nil {
			decide(reply)
		}
	}}
	events := h.events
	for {
		select {
		case events <- request:
			events = nil // it is in the loop's hands: wait for the answer
		case a := <-result:
			return a.value, a.err
		case <-h.stopping:
			return none, ErrShuttingDown
		case <-timer.C:
			return none, h.timeout()
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return none, h.timeout()
			}
			return none, context.Cause(ctx)
		}
	}
}

// timeout has Kafka's text.
func (h *Herder) timeout() error {
	text := "Request timed out"
	if stage := h.stages.summary(); stage != "" {
		text += ". " + stage
	}
	return &TimeoutError{Message: text}
}

// write answers a request by a change of the config topic. Changes are made one at a time, so begin decides on the state that the one
// before has left: it returns the write, or an error that answers the request. Afterwards end answers it, with the write's error.
func (h *Herder) write(ctx context.Context, stage string, begin func() (func(ctx context.Context) error, error), end func(error)) {
	var err error
	h.do(&h.writes, job{
		stage: stage,
		begin: func() func(context.Context) {
			if err = ctx.Err(); err != nil { // nobody waits for it any more
				return nil
			}
			var write func(context.Context) error
			if write, err = begin(); err != nil {
				return nil
			}
			return func(context.Context) { err = write(h.writeCtx) }
		},
		end: func() { end(err) },
	})
}
