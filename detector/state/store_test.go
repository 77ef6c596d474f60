package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"sluice/internal/fraud"
)

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill stores rows of an account until n are in the store, and saves them.
func fill(t testing.TB, s *Store, account int64, n int) *Shard {
	t.Helper()
	if err := s.StartFlags([]int64{0}); err != nil {
		t.Fatal(err)
	}
	sh, err := s.Shard(0, Position{Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	for offset := range int64(n) {
		row := fraud.Transaction{AccountID: fraud.Of(account), Date: fraud.Of(fraud.Timestamp(10 + offset)), TransactionID: fraud.Of(fmt.Sprintf("%016X", offset*7919))}
		if _, err := sh.Transaction(offset, &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(sh.Save(), s.Save()); err != nil {
		t.Fatal(err)
	}
	return sh
}

func flag(t testing.TB, s *Store, account int64) {
	t.Helper()
	at := s.FlagRanges()[0].Next
	f := FlagAt{at, fraud.FlaggedAccount{AccountID: fraud.Of(account), FlagDate: fraud.Of(fraud.Timestamp(0))}}
	if err := s.AddFlags(0, []FlagAt{f}, at+1); err != nil {
		t.Fatal(err)
	}
}

func TestStateSurvivesOnDisk(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, Owner: "a"})
	fill(t, s, 5, 1000)
	flag(t, s, 5)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, Options{Dir: dir, Owner: "a"})
	defer s.Close()
	if parts, err := s.Partitions(); err != nil || !slices.Equal(parts, []int32{0}) || s.FlagCount() != 1 {
		t.Errorf("partitions %v, %d flags, error %v", parts, s.FlagCount(), err)
	}
	sh, err := s.Shard(0, Position{Next: 1000, Flags: []Range{{0, 0}}})
	if err != nil || sh.ReadFrom() != 1000 || !sh.Live() {
		t.Fatalf("reads from %d, error %v", sh.ReadFrom(), err)
	}
	emitted := 0
	if more, err := sh.JoinFlags(5000, func(*fraud.Transaction) error { emitted++; return nil }); more || err != nil || emitted != 1000 {
		t.Errorf("%d emitted, more %v, error %v", emitted, more, err)
	}
	if err := s.Drop(0); err != nil {
		t.Fatal(err)
	}
	if parts, err := s.Partitions(); err != nil || len(parts) != 0 {
		t.Errorf("partitions %v after they were dropped, error %v", parts, err)
	}
}

func TestStateInUseIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, Owner: "a"})
	defer s.Close()
	_, err := Open(Options{Dir: dir, Owner: "a"})
	if err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %v", err)
	}
}

func TestStateOfAnotherDetectorIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := mustOpen(t, Options{Dir: dir, Owner: "topic a"}).Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{Dir: dir, Owner: "topic b"})
	if !errors.Is(err, ErrOwner) || !strings.Contains(err.Error(), "topic a") {
		t.Errorf("got %v", err)
	}
}

func TestDamagedStateSaysWhatToDo(t *testing.T) {
	for _, damage := range []struct {
		files  string
		change func(data []byte) []byte
	}{
		{"*.sst", func(data []byte) []byte { return data[:len(data)/2] }},
		{"*.sst", func(data []byte) []byte { data[20] ^= 0xFF; return data }},
		{"MANIFEST-*", func(data []byte) []byte { return []byte("nonsense of some length, longer than a header") }},
	} {
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir, Owner: "a"})
		fill(t, s, 5, 1000)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, damage.files))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s in %s, error %v", damage.files, dir, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(file, damage.change(data), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		err = func() error {
			s, err := Open(Options{Dir: dir, Owner: "a"})
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.StartFlags([]int64{0}); err != nil {
				return err
			}
			flag(t, s, 5)
			sh, err := s.Shard(0, Position{Next: 1000})
			if err != nil {
				return err
			}
			if sh.Behind() {
				return errors.New("the rows are missing without a word")
			}
			_, err = sh.JoinFlags(5000, func(*fraud.Transaction) error { return nil })
			return err
		}()
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "--reset-state") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: got %v", damage.files, err)
		}
		if err := Remove(dir); err != nil {
			t.Fatal(err)
		}
		if err := mustOpen(t, Options{Dir: dir, Owner: "a"}).Close(); err != nil {
			t.Errorf("after the removal: %v", err)
		}
	}
}

func TestOnlyStateIsRemoved(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Remove(dir); err == nil {
		t.Error("a folder of somebody else's was removed")
	}
	if err := Remove(filepath.Join(dir, "missing")); err != nil {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestFullDiskStopsWriting(t *testing.T) {
	full := make(chan struct{})
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		select {
		case <-full:
			if op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate {
				return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
			}
		default:
		}
		return nil
	}))
	s := mustOpen(t, Options{Dir: "state", Owner: "a", fs: fs})
	sh := fill(t, s, 5, 10)
	close(full)
	row := fraud.Transaction{AccountID: fraud.Of(int64(5)), Date: fraud.Of(fraud.Timestamp(1))}
	if _, err := sh.Transaction(10, &row); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sh.Save(), s.SaveSoon()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Failed():
	case <-time.After(30 * time.Second):
		t.Fatal("the full disk goes unnoticed")
	}
	if err := s.Err(); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("got %v", err)
	}
	if _, err := sh.Transaction(11, &row); err != nil {
		t.Fatal(err)
	}
	if err := sh.Save(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("written nonetheless: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// A flag of an account with many transactions is joined in pieces, and other transactions are joined meanwhile.
func TestLateFlagComesInPieces(t *testing.T) {
	const n, piece = 200_000, 1000
	s := mustOpen(t, Options{Owner: "a"})
	defer s.Close()
	sh := fill(t, s, 5, n)
	flag(t, s, 5)
	emitted, calls, next := 0, 0, int64(n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for more := true; more; calls++ {
		var err error
		had := emitted
		if more, err = sh.JoinFlags(piece, func(*fraud.Transaction) error { emitted++; return nil }); err != nil {
			t.Fatal(err)
		}
		if emitted-had > piece {
			t.Fatalf("%d rows in one piece", emitted-had)
		}
		row := fraud.Transaction{AccountID: fraud.Of(int64(5)), Date: fraud.Of(fraud.Timestamp(1))}
		if got, err := sh.Transaction(next, &row); err != nil || more && got != 1 {
			t.Fatalf("a transaction amid the flag is emitted %d times, error %v", got, err)
		}
		next++
	}
	runtime.ReadMemStats(&after)
	if emitted != n || calls < n/piece {
		t.Errorf("%d rows in %d calls", emitted, calls)
	}
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 32<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}

func TestMetadataIsBounded(t *testing.T) {
	p := Position{Flags: make([]Range, 100)}
	for i := range p.Flags {
		p.Flags[i] = Range{1 << 40, 1 << 41}
	}
	if text, err := p.Metadata(); err != nil || len(text) > MaxMetadata {
		t.Errorf("%d bytes, error %v", len(text), err)
	}
	p.Flags = append(p.Flags, make([]Range, 5000)...)
	if _, err := p.Metadata(); err == nil || !strings.Contains(err.Error(), "5100 partitions") {
		t.Errorf("got %v", err)
	}
	if _, err := ParsePosition(3, "of another program"); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v", err)
	}
}
