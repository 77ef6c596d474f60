package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"sluice/internal/demo"
)

func TestMain(m *testing.M) {
	// sarama's metrics library starts one goroutine for the process when it is first used, and never ends it.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// free has every part on a port of its own.
func free() demo.Options {
	return demo.Options{KafkaAddr: "127.0.0.1:0", DynamoDBAddr: "127.0.0.1:0", RESTAddr: "127.0.0.1:0"}
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestTheTableIsVerified(t *testing.T) {
	var out bytes.Buffer
	o := free()
	o.Records, o.Seed, o.Console = 3000, 7, demo.NewConsole(&out)
	if err := demo.Run(testContext(t), o); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "\nverified: 3000 transactions, ") || strings.Contains(out.String(), " 0 flagged, 0 items") {
		t.Errorf("got %q", out.String())
	}
}

func TestItRunsUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(testContext(t))
	defer stop()
	var status struct {
		Connector struct{ State string }
		Type      string
	}
	o := free()
	o.Rate = 500
	o.Ready = func(a demo.Addresses) {
		defer stop()
		client := &http.Client{Timeout: 10 * time.Second}
		defer client.CloseIdleConnections()
		poll := time.NewTicker(10 * time.Millisecond)
		defer poll.Stop()
		for ctx.Err() == nil { // the status follows the answer to the POST
			resp, err := client.Get(a.REST + "/connectors/transactions-sink/status")
			if err != nil {
				t.Error(err)
				return
			}
			err = json.NewDecoder(resp.Body).Decode(&status)
			resp.Body.Close()
			if err == nil && status.Connector.State == "RUNNING" {
				return
			}
			<-poll.C
		}
	}
	if err := demo.Run(ctx, o); err != nil {
		t.Fatal(err)
	}
	if status.Type != "sink" {
		t.Errorf("got status %+v", status)
	}
}

// People try their own topics on the demo's Kafka, and it makes them, as the broker of the compose file does.
func TestTopicsAreMadeByUse(t *testing.T) {
	ctx, stop := context.WithCancel(testContext(t))
	defer stop()
	o := free()
	o.Rate = 500
	o.Ready = func(a demo.Addresses) {
		defer stop()
		client, err := kgo.NewClient(kgo.SeedBrokers(a.Kafka), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(0))
		if err != nil {
			t.Error(err)
			return
		}
		defer client.Close()
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: []byte("{}")}).FirstErr(); err != nil {
			t.Error(err)
		}
	}
	if err := demo.Run(ctx, o); err != nil {
		t.Fatal(err)
	}
}

func TestABusyPortIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	for part, set := range map[string]func(*demo.Options){
		"Kafka":    func(o *demo.Options) { o.KafkaAddr = addr },
		"DynamoDB": func(o *demo.Options) { o.DynamoDBAddr = addr },
		"worker":   func(o *demo.Options) { o.RESTAddr = addr },
	} {
		t.Run(part, func(t *testing.T) {
			o := free()
			set(&o)
			err := demo.Run(testContext(t), o)
			var start *demo.StartError
			if !errors.As(err, &start) || !strings.Contains(start.Part, part) || !strings.Contains(err.Error(), addr) {
				t.Errorf("got %v, want a start error of %s that names %s", err, part, addr)
			}
		})
	}
}

func TestADataDirectoryMustBeEmpty(t *testing.T) {
	o := free()
	o.DataDir, o.Records = filepath.Join(t.TempDir(), "kafka"), 50
	if err := demo.Run(testContext(t), o); err != nil {
		t.Fatal(err)
	}
	err := demo.Run(testContext(t), o)
	var start *demo.StartError
	if !errors.As(err, &start) || !strings.Contains(err.Error(), o.DataDir) {
		t.Errorf("the second run: got %v", err)
	}
}
