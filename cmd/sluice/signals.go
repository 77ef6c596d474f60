package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// notifyContext returns a context that the first SIGINT or SIGTERM cancels, so that everything stops in order. After that the
// signals have their usual effect again: a second one ends the process at once.
func notifyContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
