package state

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/fraud"
)

// Whatever happens in whatever order, the commits of all shards together are a naive join, or its first alerts.
func TestShardsAreTheJoin(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		flagPartitions, partitions := rapid.IntRange(1, 3).Draw(rt, "flag partitions"), rapid.IntRange(1, 3).Draw(rt, "partitions")
		w := newWorld(t, flagPartitions, partitions)
		w.maxFlags = rapid.SampledFrom([]int{0, 1, 4}).Draw(rt, "flags in memory")
		w.oneAlert = rapid.Bool().Draw(rt, "one alert")
		w.crash(0)
		w.piece = rapid.IntRange(1, 5).Draw(rt, "rows at a time")
		account := func() fraud.Nullable[int64] {
			if n := rapid.Int64Range(-1, 3).Draw(rt, "account"); n != 0 {
				return fraud.Of(n)
			}
			return fraud.Nullable[int64]{}
		}
		date := func() fraud.Nullable[fraud.Timestamp] {
			if n := rapid.Int64Range(-1, 6).Draw(rt, "date"); n != 0 {
				return fraud.Of(fraud.Timestamp(n))
			}
			return fraud.Nullable[fraud.Timestamp]{}
		}
		partition := func() int { return rapid.IntRange(0, partitions-1).Draw(rt, "partition") }
		n := 0
		rt.Repeat(map[string]func(*rapid.T){
			"flag": func(rt *rapid.T) {
				p := rapid.IntRange(0, flagPartitions-1).Draw(rt, "flag partition")
				w.flags[p] = append(w.flags[p], &fraud.FlaggedAccount{AccountID: account(), FlagDate: date()})
			},
			"row": func(rt *rapid.T) {
				p := partition()
				var row *fraud.Transaction
				if n++; rapid.IntRange(0, 9).Draw(rt, "empty") > 0 {
					row = &fraud.Transaction{AccountID: account(), Date: date(), TransactionID: fraud.Of(fmt.Sprint(n))}
				}
				w.rows[p] = append(w.rows[p], row)
			},
			"readFlag": func(rt *rapid.T) { w.readFlag(rapid.IntRange(0, flagPartitions-1).Draw(rt, "flag partition")) },
			"readRow":  func(rt *rapid.T) { w.readRow(partition(), rapid.Bool().Draw(rt, "partly")) },
			"readRows": func(rt *rapid.T) {
				for p := partition(); w.readRow(p, false); {
				}
			},
			"join":   func(rt *rapid.T) { w.join(partition()) },
			"commit": func(rt *rapid.T) { w.commit(partition()) },
			"save":   func(rt *rapid.T) { w.must(w.store.Save()) },
			"fenced": func(rt *rapid.T) { w.reopen(partition()) },
			"moved": func(rt *rapid.T) { // to another process, and back without the rows
				p := partition()
				w.must(w.store.Drop(int32(p)))
				w.reopen(p)
			},
			"crash": func(rt *rapid.T) { w.crash(rapid.SampledFrom([]int{0, 50, 100}).Draw(rt, "unsynced")) },
		})
		if got, want := w.finish(), w.want(); !slices.Equal(got, want) {
			rt.Errorf("got  %q\nwant %q", got, want)
		}
		w.must(w.store.Close())
		w.store, _ = Open(Options{fs: w.fs, Dir: "state", Owner: "test"})
	})
}
