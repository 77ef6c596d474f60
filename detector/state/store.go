package state

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options say where a store is and what it may use.
type Options struct {
	// Dir is made if it is missing. Empty keeps the state in memory: it is gone when the store is closed, and the detector
	// builds it anew from its topics.
	Dir string
	// Owner names what the state is the state of, such as the topics. A directory with another owner's state is refused.
	Owner string
	// CacheBytes bounds the blocks of the disk's files kept in memory. 0 means 8 MiB.
	CacheBytes int64
	// WriteBytes is how much is gathered in memory before it is written to the disk; up to three times as much waits while
	// the disk is busy. What a crash loses of it is read again from Kafka. 0 means 8 MiB.
	WriteBytes int64
	// MaxFlags bounds the flags kept in memory; those beyond are looked up on disk. 0 means 200,000, of about 100 bytes each.
	MaxFlags int
	// OneAlert emits a transaction once, for the first flag that matches it, instead of once for each. It counts from the
	// position on: the same store may be opened with it and without.
	OneAlert bool
	// Logger may be nil: silence.
	Logger *slog.Logger

	fs vfs.FS // of tests
}

const (
	defaultCacheBytes = 8 << 20
	defaultWriteBytes = 8 << 20
	defaultMaxFlags   = 200_000
)

// formatVersion is raised when a store of an older program cannot be used any more: it is built anew then.
const formatVersion = "1"

// Store is the state of one process: the flags, which all shards share, and the
// rows of the shards. Open one with [Open]. Its methods may be called from any
// goroutine; a [Shard] belongs to one.
type Store struct {
	dir   string
	db    *pebble.DB
	lock  *pebble.Lock
	flags flags
	log   *slog.Logger

	oneAlert bool
	stalls   stalls
	durable  durability

	failing sync.Once
	failed  chan struct{}
	failure atomic.Pointer[Error]
}

// Error is a store that cannot be used: damaged, in use, another's, or on a disk
// that is full. Nothing is lost by it, since everything in the store is in the
// topics as well; the error says what to do.
type Error struct {
	Dir string
	Err error
}

// Error says what is wrong and what helps.
func (e *Error) Error() string {
	dir := cmp.Or(e.Dir, "in memory")
	switch {
	case errors.Is(e.Err, syscall.ENOSPC):
		return fmt.Sprintf("state %s: the disk is full: %v: make room and start again, nothing is lost", dir, e.Err)
	case errors.Is(e.Err, ErrDamaged):
		return fmt.Sprintf("state %s is damaged: %v: start with --reset-state to build it anew from the topics", dir, e.Err)
	}
	return fmt.Sprintf("state %s: %v", dir, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	// ErrDamaged says that a store holds what the detector has not written.
	ErrDamaged = errors.New("damaged state")
	// ErrOwner says that a store belongs to a detector of other topics.
	ErrOwner = errors.New("the state belongs to another detector")
)

// Open opens the store, or makes one. Its errors are of type [*Error].
func Open(o Options) (*Store, error) {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{dir: o.Dir, log: log, oneAlert: o.OneAlert, failed: make(chan struct{})}
	dir := o.Dir
	if o.fs == nil {
		o.fs = vfs.Default
		if dir == "" {
			o.fs, dir = vfs.NewMem(), "state"
		}
	}
	if err := o.fs.MkdirAll(dir, 0o755); err != nil {
		return nil, s.wrap(err)
	}
	lock, err := pebble.LockDirectory(dir, o.fs)
	if err != nil {
		return nil, s.wrap(fmt.Errorf("it cannot be locked, another process may be using it: %w", err))
	}
	s.lock = lock
	options := s.pebbleOptions(&o)
	options.Lock = lock
	db, err := pebble.Open(dir, options)
	if err != nil {
		var system syscall.Errno
		if !errors.As(err, &system) || system == syscall.ENOENT { // Pebble cannot make sense of what it finds
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return nil, errors.Join(s.wrap(err), lock.Close())
	}
	s.db = db
	if err = s.claim(o.Owner); err == nil {
		err = s.flags.load(s, cmp.Or(o.MaxFlags, defaultMaxFlags))
	}
	if err != nil {
		return nil, errors.Join(s.wrap(err), db.Close(), lock.Close())
	}
	return s, nil
}

// pebbleOptions tell Pebble to be small and never to wait for a disk.
func (s *Store) pebbleOptions(o *Options) *pebble.Options {
	options := &pebble.Options{
		FS:         o.fs,
		DisableWAL: true, // see the package comment
		CacheSize:  cmp.Or(o.CacheBytes, defaultCacheBytes),
		// Pebble starts with a small buffer and doubles it, so that the first ones fill up soon.
		MemTableSize:                uint64(cmp.Or(o.WriteBytes, defaultWriteBytes)),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       32,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                500,
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      pebbleLog{s},
		EventListener: &pebble.EventListener{
			BackgroundError: s.fail,
			DataCorruption:  func(info pebble.DataCorruptionInfo) { s.fail(fmt.Errorf("%w: %v", ErrDamaged, info.Details)) },
		},
	}
	s.watchStalls(options.EventListener)
	options.CompactionConcurrencyRange = func() (int, int) { return 1, 2 }
	return options
}

// claim makes sure that the state is the owner's and of this version; what an older version has left is removed.
func (s *Store) claim(owner string) error {
	want := formatVersion + "\n" + owner
	have, err := s.get(metaKey)
	if err != nil {
		return err
	}
	switch version, other, _ := strings.Cut(have, "\n"); {
	case have == "":
	case version != formatVersion:
		s.log.Warn("the state is of another version of this program: building it anew from the topics", "dir", s.dir)
		if err := s.db.DeleteRange([]byte{0}, []byte{0xFF}, pebble.NoSync); err != nil {
			return err
		}
	case other != owner:
		return fmt.Errorf("%w: it is of %s, not of %s", ErrOwner, other, owner)
	default:
		return nil
	}
	return s.db.Set(metaKey, []byte(want), pebble.NoSync)
}

// get returns a value, "" if there is none.
func (s *Store) get(key []byte) (string, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text := string(value)
	return text, closer.Close()
}

// getRange returns base and next offset under a key; false if there is nothing.
func (s *Store) getRange(key []byte) (r Range, found bool, err error) {
	text, err := s.get(key)
	if err != nil || text == "" {
		return r, false, err
	}
	base, n := binary.Varint([]byte(text))
	if n <= 0 {
		return r, false, fmt.Errorf("%w: key %q", ErrDamaged, key)
	}
	more, n2 := binary.Varint([]byte(text)[n:])
	if n2 <= 0 || more < 0 {
		return r, false, fmt.Errorf("%w: key %q", ErrDamaged, key)
	}
	return Range{base, base + more}, true, nil
}

func appendRange(dst []byte, r Range) []byte {
	return binary.AppendVarint(binary.AppendVarint(dst, r.Base), r.Next-r.Base)
}

// apply writes a batch. It waits only if the disk is far behind.
func (s *Store) apply(b *pebble.Batch) error {
	if e := s.failure.Load(); e != nil {
		return e // else writes would pile up until nothing moves
	}
	return s.wrap(b.Commit(pebble.NoSync))
}

// Save has everything that was written so far on disk when it returns.
func (s *Store) Save() error {
	if e := s.failure.Load(); e != nil {
		return e
	}
	return s.wrap(s.db.Flush())
}

// SaveSoon has what was written so far brought to the disk in the background.
func (s *Store) SaveSoon() error {
	if e := s.failure.Load(); e != nil {
		return e
	}
	given := s.durable.given()
	done, err := s.db.AsyncFlush()
	if err == nil {
		s.durable.flush(done, given)
	}
	return s.wrap(err)
}

// Failed is closed once the disk refuses to be written, or something in the store turns out to be damaged. Err says what it is.
func (s *Store) Failed() <-chan struct{} { return s.failed }

// Err returns the failure, nil if there is none.
func (s *Store) Err() error {
	if e := s.failure.Load(); e != nil {
		return e
	}
	return nil
}

// fail notes the first failure.
func (s *Store) fail(err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, pebble.ErrCancelledCompaction) || errors.Is(err, pebble.ErrClosed) {
		return
	}
	s.failing.Do(func() {
		e := &Error{s.dir, classified(err)}
		s.failure.Store(e)
		close(s.failed)
	})
}

// wrap makes an error of the store one that says what to do.
func (s *Store) wrap(err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{s.dir, classified(err)}
}

func classified(err error) error {
	if (pebble.IsCorruptionError(err) || errors.Is(err, errChunk)) && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// Bytes is how much the store takes on disk.
func (s *Store) Bytes() int64 { return int64(s.db.Metrics().DiskSpaceUsage()) }

// Partitions returns the partitions of which the store has rows.
func (s *Store) Partitions() ([]int32, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{shardKind}, UpperBound: after(shardKind)})
	if err != nil {
		return nil, s.wrap(err)
	}
	var partitions []int32
	for ok := it.First(); ok; ok = it.Next() {
		if key := it.Key(); len(key) == 5 {
			partitions = append(partitions, int32(binary.BigEndian.Uint32(key[1:])))
		}
	}
	return partitions, s.wrap(it.Close())
}

// Drop removes the rows of a partition. No [Shard] of it may be in use.
func (s *Store) Drop(partition int32) error {
	b := s.db.NewBatch()
	defer b.Close()
	first := appendInt32([]byte{chunkKind}, partition)
	behind := appendInt32([]byte{chunkKind}, partition+1)
	if err := errors.Join(b.DeleteRange(first, behind, nil), b.Delete(shardKey(partition), nil)); err != nil {
		return s.wrap(err)
	}
	s.durable.dropped(partition)
	return s.apply(b)
}

// Close closes the store, with everything on disk unless it has failed. It must not be in use.
func (s *Store) Close() error {
	err := s.Save()
	if s.failure.Load() != nil {
		err = nil // it was reported
	}
	closed := s.db.Close()
	if s.failure.Load() != nil {
		closed = nil
	}
	return errors.Join(err, s.wrap(closed), s.wrap(s.lock.Close()))
}

// Remove removes the state in a directory. A directory that is missing is no error; one that does not look like a store's is left alone.
func Remove(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, "marker.*"))
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(found) == 0 && len(entries) > 0:
		return fmt.Errorf("%s does not hold the state of a detector: not removing it", dir)
	}
	for _, entry := range entries { // not the folder, which may be a mounted one
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// pebbleLog takes what Pebble says. Its fatal errors end the detector in order.
type pebbleLog struct{ s *Store }

func (l pebbleLog) Infof(string, ...any) {}

func (l pebbleLog) Errorf(format string, args ...any) {
	l.s.log.Debug("pebble: " + fmt.Sprintf(format, args...))
}

func (l pebbleLog) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, arg := range args {
		if cause, ok := arg.(error); ok { // Pebble's formats do not wrap it
			err = fmt.Errorf("%s: %w", format, cause)
		}
	}
	l.s.fail(err)
}
