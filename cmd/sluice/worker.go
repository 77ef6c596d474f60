package main

import (
	"context"

	"sluice/cli"
)

type workerCommand struct {
	File string `arg:"" help:"The worker's properties, as connect-distributed.sh takes them. CONNECT_* variables override them." placeholder:"FILE.properties"`
}

// Run runs the worker until the context ends.
func (c workerCommand) Run(ctx context.Context, env environment) error {
	return cli.Worker{Environ: env.all, Version: version, Commit: cli.Commit(), Logger: env.log}.Run(ctx, c.File)
}
