package state

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"sluice/internal/fraud"
)

// world is all that the state works with, in memory: topics, a store on a disk
// that can lose what was not synced, and commits that are atomic.
type world struct {
	t        testing.TB
	flags    [][]*fraud.FlaggedAccount // by partition and offset; nil is a record without a row
	rows     [][]*fraud.Transaction
	fs       *vfs.MemFS
	store    *Store
	shards   []*member
	maxFlags int
	oneAlert bool
	piece    int // rows of one call of JoinFlags
	outputs  []string
}

// member is a shard with what it has not committed.
type member struct {
	*Shard
	read     int64 // offset of the next transaction
	outputs  []string
	offset   int64 // committed
	metadata string
}

func newWorld(t testing.TB, flagPartitions, partitions int) *world {
	w := &world{t: t, fs: vfs.NewCrashableMem(), piece: 1000, flags: make([][]*fraud.FlaggedAccount, flagPartitions), rows: make([][]*fraud.Transaction, partitions)}
	for range partitions {
		w.shards = append(w.shards, &member{})
	}
	w.open()
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// open starts the process: the shards begin where they were committed.
func (w *world) open() {
	w.t.Helper()
	store, err := Open(Options{Dir: "state", Owner: "test", MaxFlags: w.maxFlags, OneAlert: w.oneAlert, fs: w.fs})
	w.must(err)
	w.store = store
	w.must(store.StartFlags(make([]int64, len(w.flags))))
	for p := range w.shards {
		w.reopen(p)
	}
}

// reopen starts a shard where it was committed.
func (w *world) reopen(p int) {
	w.t.Helper()
	m := w.shards[p]
	pos := Position{Partitions: int32(len(w.rows))}
	if m.metadata != "" {
		var err error
		pos, err = ParsePosition(m.offset, m.metadata)
		w.must(err)
	}
	var err error
	m.Shard, err = w.store.Shard(int32(p), pos)
	w.must(err)
	m.read, m.outputs = m.ReadFrom(), nil
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// crash kills the process. Of what was not synced, that percentage of blocks survives.
func (w *world) crash(unsynced int) {
	w.t.Helper()
	clone := w.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(1, uint64(unsynced)))})
	w.must(w.store.Close())
	w.fs = clone
	w.open()
}

// readFlag lets the store have the next flag of a partition, if there is one.
func (w *world) readFlag(partition int) bool {
	w.t.Helper()
	at := w.store.FlagRanges()[partition].Next
	if at >= int64(len(w.flags[partition])) {
		return false
	}
	var added []FlagAt
	if f := w.flags[partition][at]; f != nil {
		added = append(added, FlagAt{at, *f})
	}
	w.must(w.store.AddFlags(int32(partition), added, at+1))
	return true
}

// readRow lets a shard have its next transaction, if there is one and it can take it. Every emission may be followed by a commit, if partly says so.
func (w *world) readRow(p int, partly bool) bool {
	w.t.Helper()
	m := w.shards[p]
	if m.read >= int64(len(w.rows[p])) || !m.Behind() && !m.Live() {
		return false
	}
	at := m.read
	m.read++
	row := w.rows[p][at]
	if row == nil {
		m.Advance(at + 1)
		return true
	}
	n, err := m.Transaction(at, row)
	w.must(err)
	for i := range n {
		m.outputs = append(m.outputs, string(row.AppendValue(nil)))
		if partly && i+1 < n {
			w.commitAt(p, m.Within(at, i+1))
		}
	}
	return true
}

// join lets a shard join a piece of the flags.
func (w *world) join(p int) bool {
	w.t.Helper()
	more, err := w.shards[p].JoinFlags(w.piece, func(t *fraud.Transaction) error {
		w.shards[p].outputs = append(w.shards[p].outputs, string(t.AppendValue(nil)))
		return nil
	})
	w.must(err)
	return more
}

func (w *world) commit(p int) { w.commitAt(p, w.shards[p].Position()) }

func (w *world) commitAt(p int, pos Position) {
	w.t.Helper()
	m := w.shards[p]
	metadata, err := pos.Metadata()
	w.must(err)
	m.offset, m.metadata = pos.Next, metadata
	w.outputs = append(w.outputs, m.outputs...)
	m.outputs = nil
}

// finish reads and joins everything there is and commits it.
func (w *world) finish() []string {
	w.t.Helper()
	for p := range w.flags {
		for w.readFlag(p) {
		}
	}
	for p := range w.shards {
		for w.readRow(p, false) {
		}
		for w.join(p) {
		}
		w.commit(p)
	}
	slices.Sort(w.outputs)
	return w.outputs
}

// want is what a naive join emits, or what of it the first alerts are.
func (w *world) want() []string {
	var want []string
	for _, rows := range w.rows {
		for _, t := range rows {
		flags:
			for _, flags := range w.flags {
				for _, f := range flags {
					if t != nil && f != nil && t.AccountID.Valid && f.AccountID == t.AccountID && t.Date.Valid && f.FlagDate.Valid && t.Date.Value > f.FlagDate.Value {
						want = append(want, string(t.AppendValue(nil)))
						if w.oneAlert {
							break flags
						}
					}
				}
			}
		}
	}
	slices.Sort(want)
	return want
}
