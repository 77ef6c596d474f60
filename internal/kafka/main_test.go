package kafka_test

import (
	"testing"

	"github.com/rcrowley/go-metrics"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	metrics.NewMeter().Stop() // starts that ticker here, outside the bubbles of virtual time
	// go-metrics, which sarama counts with, starts one ticker per process and never stops it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}
