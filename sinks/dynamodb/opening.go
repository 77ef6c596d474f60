package dynamodb

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"sluice/connect"
)

// opening is what came of asking for a table again and again.
type opening struct {
	name   string
	table  *table
	err    error
	waited bool // the log says that it could not be written to at first

	asker  *connect.SinkRecord // the record that the table was asked for; nil: none
	keyErr error               // why it does not tell the types of the table's key
}

const notReady = "the table cannot be written to yet, asking until it can"

// ask asks for a table in the background, until the answer is one that lasts. Waited tells that it was asked for before, in vain. The record is the one
// that is for the table, if there is one: if the table has to be made it may tell the types of its key.
func (t *task) ask(name string, r *connect.SinkRecord, waited bool) {
	if t.cancel != nil {
		t.cancel() // of the one before, which is over
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel = cancel
	t.asking = true
	o := opening{name: name}
	key := t.settings.keyTypes()
	if r != nil {
		asker := *r
		o.asker = &asker
		if t.settings.tables.create {
			key, o.keyErr = t.settings.keyTypesOf(t.settings.content(r), name)
		}
	}
	t.waiting.Go(func() {
		for n := 0; ; n++ {
			if waited {
				select {
				case <-time.After(backoff(holdBase, outageHoldMax, n, rand.Float64())):
				case <-ctx.Done():
					return
				}
			}
			found, class, err := t.finder.find(ctx, name, key)
			if class == done || class == fatal {
				o.table, o.err, o.waited = found, err, waited
				t.opened <- o
				t.tc.Wake()
				return
			}
			if !waited && ctx.Err() == nil {
				t.log.Warn(notReady, "table", name, "err", err)
			}
			waited = true
		}
	})
}

// begin takes the answer to a question for a table.
func (t *task) begin(o opening) error {
	t.asking = false
	if errors.Is(o.err, errNeedsRecord) {
		return t.rejectHeld(o.asker, placed(o.keyErr, o.name, "")) // the next record may tell more
	}
	if o.err != nil {
		return o.err
	}
	log := t.log
	if o.name != t.settings.table {
		log = t.tc.Logger().With("table", o.name)
	}
	if o.waited {
		log.Info("the table can be written to now")
	}
	found, err := t.newTarget(o.table, log)
	if err != nil {
		return err
	}
	if o.name == t.settings.table {
		t.only = found
	} else {
		t.targets.byName[o.name] = found
	}
	return nil
}

// rejectHeld reports the first of the records that are held, if it still is the one that a table was asked for.
func (t *task) rejectHeld(asker *connect.SinkRecord, reason error) error {
	if asker == nil || len(t.held) == 0 || t.held[0].TopicPartition() != asker.TopicPartition() || t.held[0].Offset != asker.Offset {
		return nil
	}
	first := t.held[0]
	t.held = t.held[1:]
	return t.reject(t.misrouted(), &first, reason)
}
