package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/producer"
)

// patience is how long nothing may move, while something is missing, before the demo gives up on it.
const patience = 60 * time.Second

const tableName = "flagged-transactions"

// produceAndWatch sends the transactions and shows how they fare until ctx ends, or until all of them were sent and the table is as it must be.
func (s *stack) produceAndWatch(ctx context.Context) error {
	p, err := s.transactionProducer()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	produced := make(chan error, 1)
	go func() { produced <- p.Run(ctx) }()
	running := true
	defer func() {
		stop()
		if running {
			<-produced
		}
	}()

	d := newDisplay(s.o.Console, time.Now())
	defer s.o.Console.end()
	tick := time.NewTicker(min(d.interval(), 250*time.Millisecond))
	defer tick.Stop()
	shown, moved := time.Now(), time.Now()
	var last progress
	for {
		select {
		case <-ctx.Done():
			d.show(s.progress(p), time.Now())
			return nil
		case err := <-produced:
			running = false
			if err != nil {
				return fmt.Errorf("produce transactions: %w", err)
			}
			if ctx.Err() == nil && s.o.Records == 0 {
				s.o.Log.Info("the producer rests, since everything here is kept in memory; all else goes on", "transactions", p.Stats().Acknowledged)
			}
			moved = time.Now()
		case now := <-tick.C:
			at := s.progress(p)
			if now.Sub(shown) >= d.interval() {
				shown = now
				d.show(at, now)
			}
			if at != last {
				last, moved = at, now
			}
			if s.o.Records == 0 || running {
				continue
			}
			if s.complete(at) || now.Sub(moved) > patience {
				d.show(at, now)
				return s.verify()
			}
		}
	}
}

func (s *stack) progress(p *producer.Producer) progress {
	flagged := s.detector.Stats().Acknowledged
	stored := max(0, s.database.TableItemCount(tableName))
	return progress{transactions: p.Stats().Acknowledged, flagged: flagged, stored: stored, lag: max(0, flagged-stored)}
}

// complete reports whether everything that was sent has come through: the detector has joined all transactions and flags, and the table has as many
// items as the detector has written.
func (s *stack) complete(at progress) bool {
	items, pairs := s.expected.size()
	d := s.detector.Stats()
	return d.Transactions == s.o.Records && d.Matches == d.Acknowledged && d.Acknowledged >= int64(pairs) && at.stored >= int64(items)
}

// verify compares the table with what must stand in it and prints the verdict.
func (s *stack) verify() error {
	want, pairs := s.expected.items()
	got := map[itemKey]map[string]string{}
	for item := range s.database.Items(tableName) {
		attributes := item.Attributes()
		for name, kind := range attributes {
			text, ok := item.String(name)
			if !ok {
				text, _ = item.Number(name)
			}
			attributes[name] = kind + " " + text
		}
		id, _ := item.String("transaction_id")
		date, _ := item.String("transaction_date")
		got[itemKey{id, date}] = attributes
	}
	difference := compare(want, got)
	if d := s.detector.Stats(); d.Acknowledged != int64(pairs) {
		difference = fmt.Sprintf("the detector wrote %d records, expected %d\n%s", d.Acknowledged, pairs, difference)
	}
	if difference != "" {
		return &VerifyError{difference}
	}
	if err := s.o.Console.print(fmt.Sprintf("verified: %d transactions, %d flagged, %d items in table", s.o.Records, pairs, len(got))); err != nil {
		return errors.Join(errors.New("print the verdict"), err)
	}
	return errDone
}
