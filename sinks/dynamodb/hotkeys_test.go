package dynamodb

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/connect"
)

// canonical returns the canonical key of a table that has a hash key and a range key.
func canonical(k kind, hash, sort string) []byte {
	return appendKeyPart(appendKeyPart(nil, k, []byte(hash)), kindS, []byte(sort))
}

// newTestHotKeys counts with the chances of a seed and a clock that is advanced by the test.
func newTestHotKeys(level slog.Level) (*hotKeys, *strings.Builder, *time.Time) {
	text, now := &strings.Builder{}, time.Unix(0, 0)
	h := newHotKeys(slog.New(slog.NewTextHandler(text, &slog.HandlerOptions{Level: level})))
	h.chance = rand.New(rand.NewPCG(1, 2)).IntN
	h.now = func() time.Time { return now }
	return h, text, &now
}

// Keys with a large part of the records are found by their hash key, in order, among very many others that come and go.
func TestHotKeysAreFound(t *testing.T) {
	h, text, now := newTestHotKeys(slog.LevelInfo)
	dice := rand.New(rand.NewPCG(3, 4))
	tab := flagged()
	for i := range 1_000_000 {
		*now = now.Add(100 * time.Microsecond) // 10,000 a second
		hash := fmt.Sprint("cold", i)
		switch x := dice.Float64(); {
		case x < .2:
			hash = "hottest"
		case x < .3:
			hash = "hot"
		case x < .32:
			hash = "warm"
		}
		h.see(tab, canonical(kindS, hash, fmt.Sprint(i)))
	}
	// printf %s hottest | sha256sum | cut -c1-8, and so on
	for n, want := range []struct {
		hash  uint32
		share float64
	}{{0x09709228, .2}, {0x7f5d1618, .1}} {
		if hash, share := h.hottest(n); hash != want.hash || math.Abs(share-want.share) > .05 {
			t.Errorf("place %d: got %08x with %v, want %08x with %v", n+1, hash, share, want.hash, want.share)
		}
	}
	if hash, share := h.hottest(3); hash != 0 || share != 0 {
		t.Errorf("a key that is not hot is shown: %08x, %v", hash, share)
	}
	if lines := strings.Count(text.String(), "\n"); lines != 2 || !strings.Contains(text.String(), "key_sha256=09709228") || !strings.Contains(text.String(), "key_sha256=7f5d1618") ||
		!strings.Contains(text.String(), "table=flagged-transactions") || strings.Contains(text.String(), "hottest") {
		t.Errorf("the log says\n%s", text)
	}
}

// Where no key has many records none is shown, neither at the start nor later.
func TestWithoutHotKeysNoneIsShown(t *testing.T) {
	h, text, now := newTestHotKeys(slog.LevelDebug)
	dice := rand.New(rand.NewPCG(3, 4))
	tab := simple(kindN)
	for i := range 500_000 {
		*now = now.Add(time.Microsecond)
		if hash, _ := h.hottest(0); i%1000 == 0 && hash != 0 {
			t.Fatalf("after %d records %08x is shown", i, hash)
		}
		h.see(tab, appendKeyPart(nil, kindN, fmt.Append(nil, dice.IntN(5000))))
	}
	if text.Len() > 0 {
		t.Errorf("the log says\n%s", text)
	}
}

// A key that is hot for a while is named once, is forgotten afterwards, and is named when it comes back. Who may see it sees it.
func TestAHotKeyIsNamedOnce(t *testing.T) {
	h, text, now := newTestHotKeys(slog.LevelDebug)
	tab := simple(kindN)
	i := 0
	phase := func(d time.Duration, hot bool) {
		for range 20 * hotWindow * hotSampled {
			*now = now.Add(d)
			i++
			key := i
			if hot && i%2 == 0 {
				key = -1500
			}
			h.see(tab, appendKeyPart(nil, kindN, fmt.Append(nil, key)))
		}
	}
	phase(10*time.Millisecond, true) // a hundred records a second are not many
	if text.Len() > 0 {
		t.Errorf("the log says\n%s", text)
	}
	phase(10*time.Microsecond, true)
	if got := text.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "share=0.") || !strings.Contains(got, "key=-1500") {
		t.Errorf("the log says\n%s", got)
	}
	phase(10*time.Microsecond, false)
	if hash, share := h.hottest(0); hash != 0 {
		t.Errorf("a key that was hot is shown with %v", share)
	}
	phase(10*time.Microsecond, true)
	if got := text.String(); strings.Count(got, "\n") != 4 {
		t.Errorf("the log says\n%s", got)
	}
}

func TestKeysAreHashedByWhatAnOperatorSees(t *testing.T) {
	for _, c := range []struct {
		kind kind
		text string // in a request
		want string // what is hashed
	}{
		{kindS, `a-1`, "a-1"},
		{kindS, `\u00e9\"`, `é"`},
		{kindB, `AQI=`, "\x01\x02"},
		{kindN, `0`, "0"},
		{kindN, `-0.0`, "0"},
		{kindN, `1000000003`, "1000000003"},
		{kindN, `1e3`, "1000"},
		{kindN, `-15.50`, "-15.5"},
		{kindN, `0.00123`, "0.00123"},
		{kindN, `12345678901234567890`, "12345678901234567890"},
		{kindN, `1e-7`, "0.0000001"},
	} {
		r := hotRow{key: appendKeyPart(nil, c.kind, []byte(c.text))}
		if got := r.text(); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.kind, c.text, got, c.want)
		}
	}
	// printf %s 1000000003 | sha256sum
	if r := (hotRow{key: appendKeyPart(nil, kindN, []byte("1000000003"))}); r.hash() != 0xfe9844a9 {
		t.Errorf("the hash is %08x", r.hash())
	}
}

func TestHotKeysAreShown(t *testing.T) {
	h, _, _ := newTestHotKeys(slog.LevelInfo)
	seen := connect.NewMetrics(func(err error) { t.Error(err) })
	h.show(seen)
	tab := flagged()
	for range hotEnough * hotSampled * 2 {
		h.see(tab, canonical(kindS, "a-1", "x"))
	}
	// printf %d 0x$(printf %s a-1 | sha256sum | cut -c1-8)
	wantShown(t, seen, map[string]float64{"dynamodb_hot_key_share 1": 1, "dynamodb_hot_key_hash 1": 797959738})
}

func BenchmarkHotKeysSee(b *testing.B) {
	h := newHotKeys(slog.New(slog.DiscardHandler))
	keys := make([][]byte, 10_000)
	for i := range keys {
		keys[i] = canonical(kindS, fmt.Sprintf("0b5f4c5e-93a6-4c1e-8b3c-%012d", i), "2023-08-14 10:21:33.123456")
	}
	tab := flagged()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.see(tab, keys[i%len(keys)])
	}
}
