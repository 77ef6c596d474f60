package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func (r *rig) level(name string) string {
	l, err := r.h.LoggerLevel(name)
	if err != nil {
		return err.Error()
	}
	return l.Level
}

func TestLevelsOfTheWholeCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &MemoryStorage{}
		storage.Configs.Append("logger-cluster-old", []byte(`{"level":"ERROR"}`))
		one, two := newRig(t, storage), newRig(t, storage)
		one.run()
		two.run()
		want := func(name, level string) {
			t.Helper()
			for _, r := range []*rig{one, two} {
				if got := r.level(name); got != level {
					t.Errorf("level of %s: got %s, want %s", name, got, level)
				}
			}
		}
		want("old", "Logger old not found.")
		one.must(one.h.SetClusterLoggerLevel(t.Context(), "org.apache", "trace"))
		want("org.apache", "TRACE")
		want("org.apache.kafka.connect.runtime.WorkerSinkTask", "TRACE")
		want(sinkTaskClass, "TRACE")

		storage.Configs.Append("logger-cluster-org.apache", []byte(`{"level":"LOUD"}`))
		storage.Configs.Append("logger-cluster-org.apache", nil)
		one.settle()
		want("org.apache", "TRACE")
		var unknown *NotFoundError
		if err := one.h.SetClusterLoggerLevel(t.Context(), "org.apache", "loud"); !errors.As(err, &unknown) || err.Error() != "invalid log level 'loud'." {
			t.Errorf("got %v", err)
		}
		if _, err := two.h.SetLoggerLevel("org.apache", "OFF"); err != nil { // this worker alone
			t.Error(err)
		}
		if one.level("org.apache") != "TRACE" || two.level("org.apache") != "OFF" {
			t.Errorf("levels: %s, %s", one.level("org.apache"), two.level("org.apache"))
		}
		if l := two.h.LoggerLevels()["org.apache"]; l.Level != "OFF" || l.LastModified == nil {
			t.Errorf("got %v", l)
		}
	})
}

// What an operator of a Java worker would type is there before anything runs.
func TestLoggersExistFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		affected, err := r.h.SetLoggerLevel("org.apache.kafka.connect", "ERROR")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{
			"runtime.distributed.DistributedHerder", "runtime.Worker", "runtime.WorkerConnector", "runtime.WorkerSinkTask", "runtime.errors.LogReporter",
			"storage.KafkaConfigBackingStore", "storage.KafkaStatusBackingStore", strings.TrimPrefix(sinkTaskClass, "org.apache.kafka.connect."),
		} {
			if !slices.Contains(affected, "org.apache.kafka.connect."+name) {
				t.Errorf("%s is not among %q", name, affected)
			}
		}
		r.h.abandon()
	})
}
