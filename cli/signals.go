package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// NotifyContext returns a context that the first SIGINT or SIGTERM cancels, so that everything stops in order. After that the
// signals have their usual effect again: a second one ends the process at once.
func NotifyContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
