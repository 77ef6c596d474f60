package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sluice/internal/distributed"
	"sluice/internal/loggers"
	"sluice/sinks/dynamodb"
	"sluice/worker"
	"sluice/worker/properties"
)

type workerCommand struct {
	File string `arg:"" help:"The worker's properties, as connect-distributed.sh takes them. CONNECT_* variables override them." placeholder:"FILE.properties"`
}

// Run runs the worker until the context ends.
func (c workerCommand) Run(ctx context.Context, env environment) error {
	config, err := loadWorkerConfig(c.File, env)
	if err != nil {
		return usageError(err)
	}
	plugins, err := distributed.Plugins(dynamodb.Options{})
	if err != nil {
		return startError(err)
	}
	err = distributed.Run(ctx, distributed.Options{
		Config: config, Plugins: plugins, Version: connectVersion + "-sluice." + version, Commit: commit(), Logger: env.log,
	})
	var start *distributed.StartError
	if errors.As(err, &start) {
		if start.Settings {
			return usageError(err)
		}
		return startError(err)
	}
	return failure(err)
}

// loadWorkerConfig reads the file and the environment, and logs what is worth a notice.
func loadWorkerConfig(path string, env environment) (*worker.Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	props, err := properties.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	config, notices, err := worker.LoadConfig(props, env.all)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	log := env.log.With(loggers.Key, "org.apache.kafka.connect.runtime.distributed.DistributedConfig")
	for _, n := range notices {
		log.Log(context.Background(), n.Level, n.Text)
	}
	return config, nil
}
