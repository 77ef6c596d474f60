package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// stuckLog takes no writes, as when too few replicas are there.
type stuckLog struct{ memoryReader }

func (l *stuckLog) Send(ctx context.Context, key string, value []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWritesGiveUpAfterTheirTime(t *testing.T) {
	for want, write := range map[string]func(*ConfigStore, context.Context) error{
		"Error writing connector configuration to Kafka":    func(s *ConfigStore, ctx context.Context) error { return s.PutConnectorConfig(ctx, "x", nil, nil) },
		"Error removing connector configuration from Kafka": func(s *ConfigStore, ctx context.Context) error { return s.RemoveConnectorConfig(ctx, "x") },
		"Error writing task configurations to Kafka":        func(s *ConfigStore, ctx context.Context) error { return s.PutTaskConfigs(ctx, "x", []Properties{{}}) },
		"Error writing root configuration to Kafka":         func(s *ConfigStore, ctx context.Context) error { return s.PutTaskConfigs(ctx, "x", nil) },
		"Error writing target state to Kafka":               func(s *ConfigStore, ctx context.Context) error { return s.PutTargetState(ctx, "x", Paused) },
		"Error writing restart-connector-x to Kafka": func(s *ConfigStore, ctx context.Context) error {
			return s.PutRestartRequest(ctx, RestartRequest{Connector: "x"})
		},
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log MemoryLog
				s := newConfigStore(func(onRecord func(Record)) (keyedLog, error) {
					return &stuckLog{memoryReader{log: &log, onRecord: onRecord}}, nil
				}, nil)
				if err := s.Start(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				err := write(s, t.Context())
				var failed *WriteError
				if !errors.As(err, &failed) || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				if took := time.Since(begin); took != 30*time.Second {
					t.Errorf("gave up after %s, want 30s", took)
				}
				if got := s.Snapshot().Connectors(); len(got) != 0 {
					t.Errorf("connectors %v", got)
				}
			})
		})
	}
}
