package detector_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/detector"
)

// Several flags match, some before the transactions and some behind them, with starts between: each transaction is written once.
func TestOneAlert(t *testing.T) {
	r := newRig(t, 3)
	r.cfg.OneAlert = true
	r.flag(1, 1, 1)
	first, second, third := numbered("first", 30), numbered("second", 30), numbered("third", 30)
	r.pay(1, 3, first...)
	r.pay(2, 3, second...)
	d := start(t, r.cfg)
	r.awaitVisible(slices.Clone(first)...)
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	r.flag(1, 2, 2)
	r.cfg.StateDir = t.TempDir() // what was emitted follows from the position alone
	d = start(t, r.cfg)
	r.awaitVisible(slices.Concat(first, second)...)
	r.flag(1, 2)
	r.pay(2, 3, third...)
	joined := numbered("joined", 6) // by these, both partitions of the flags are, in each shard
	r.pay(3, 3, joined[:3]...)
	r.pay(4, 3, joined[3:]...)
	r.flag(3, 4)
	r.awaitVisible(slices.Concat(first, second, third, joined)...)
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	r.cfg.OneAlert = false // from here on: what was not written stays so
	r.flag(2)
	d = start(t, r.cfg)
	r.awaitVisible(slices.Concat(first, second, third, joined, second, third)...)
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestSettingsBeyondTheJob(t *testing.T) {
	const sources = `{"PropertyGroupId": "consumer.config.0", "PropertyMap": {"table.name": "f", "topic.name": "f", "bootstrap.servers": "b:1", "startup.mode": "earliest-offset"}},
		{"PropertyGroupId": "consumer.config.1", "PropertyMap": {"table.name": "t", "topic.name": "t", "bootstrap.servers": "b:1", "startup.mode": "earliest-offset"}},
		{"PropertyGroupId": "producer.config.0", "PropertyMap": {"table.name": "o", "topic.name": "o", "bootstrap.servers": "b:1"}}`
	parse := func(group string) (detector.Config, error) {
		return detector.ParseProperties(strings.NewReader("[" + sources + group + "]"))
	}
	for _, c := range []struct {
		name, group string
		oneAlert    bool
		fails       string // part of the error's text
	}{
		{name: "none"},
		{name: "as a text", group: `, {"PropertyGroupId": "detector.config.0", "PropertyMap": {"one.alert": "true"}}`, oneAlert: true},
		{name: "as a boolean", group: `, {"PropertyGroupId": "detector.config.0", "PropertyMap": {"one.alert": true}}`, oneAlert: true},
		{name: "off", group: `, {"PropertyGroupId": "detector.config.0", "PropertyMap": {"one.alert": "false"}}`},
		{name: "not a boolean", group: `, {"PropertyGroupId": "detector.config.0", "PropertyMap": {"one.alert": "yes"}}`,
			fails: `property group "detector.config.0", key "one.alert", value "yes": must be true or false`},
		{name: "not a map", group: `, {"PropertyGroupId": "detector.config.0", "PropertyMap": 1}`, fails: "must be an object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parse(c.group)
			if c.fails != "" {
				var property *detector.PropertyError
				if !errors.As(err, &property) || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("got %v, want %s", err, c.fails)
				}
				return
			}
			if err != nil || got.OneAlert != c.oneAlert {
				t.Errorf("got %v, %v", got.OneAlert, err)
			}
			if _, err = detector.New(got); err != nil {
				t.Errorf("New: %v", err)
			}
		})
	}
}
