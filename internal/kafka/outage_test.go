package kafka

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOutageIsLoggedWhenItStartsAndWhenItEnds(t *testing.T) {
	refused := errors.New("refused")
	cases := map[string]struct {
		reports func(o *outage)
		want    []string // beginnings of the messages logged
	}{
		"nothing is wrong": {func(o *outage) { o.worked("a:1") }, nil},
		"one broker, several attempts": {
			func(o *outage) { o.failed(refused, "a:1"); o.failed(refused, "a:1"); o.worked("a:1"); o.worked("a:1") },
			[]string{"cannot reach Kafka at a:1, retrying", "Kafka can be reached again"},
		},
		"another broker works meanwhile": {
			func(o *outage) { o.failed(refused, "a:1"); o.worked("b:1"); o.failed(refused, "a:1"); o.worked("b:1") },
			[]string{"cannot reach Kafka at a:1, retrying"},
		},
		"all brokers, then one": {
			func(o *outage) { o.allFailed(refused, []string{"a:1", "b:1"}); o.worked("b:1") },
			[]string{"cannot reach Kafka at a:1,b:1, retrying", "Kafka can be reached again"},
		},
		"a broker that is no longer needed": {
			func(o *outage) {
				o.failed(refused, "a:1")
				time.Sleep(2 * time.Minute)
				o.worked("b:1")
				o.failed(refused, "b:1")
			},
			[]string{"cannot reach Kafka at a:1, retrying", "Kafka can be reached again", "cannot reach Kafka at b:1, retrying"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged bytes.Buffer
				c.reports(newOutage(slog.New(slog.NewTextHandler(&logged, nil))))
				lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
				if logged.Len() == 0 {
					lines = nil
				}
				if len(lines) != len(c.want) {
					t.Fatalf("got %d lines, want %d: %q", len(lines), len(c.want), lines)
				}
				for i, want := range c.want {
					if !strings.Contains(lines[i], want) {
						t.Errorf("line %d: got %q, want %q", i, lines[i], want)
					}
				}
			})
		})
	}
}
