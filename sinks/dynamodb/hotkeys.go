package dynamodb

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/connect"
)

const (
	hotSampled  = 64   // records of which one is looked at
	hotRows     = 64   // keys that are counted at a time
	hotWindow   = 1024 // samples after which counts are halved, so that they tell of the latest records
	hotEnough   = 256  // samples before which nothing is said
	hotShown    = 5    // keys with metrics
	hotShare    = .01  // of the records, below which a key is not hot
	hotRate     = 500  // records a second from which on the log names a key: half of what one partition of a table takes
	hotForgiven = hotRate / 2
)

// hotKeys finds the partition keys that most records have: the service keeps all items of one in a partition, which takes 1,000 write units a second
// however much the table has.
//
// Of all records one in 64, by chance, is counted, in a sketch of 64 keys (Space-Saving: Metwally, Agrawal, El Abbadi 2005). A key that is in it
// may have been counted up to 'over' times too often, which is taken off: what is shown is never too much but for the chance of the samples.
type hotKeys struct {
	log    *slog.Logger
	chance func(n int) int // from [0,n)
	now    func() time.Time
	skip   int // records before the next sample; the worker's goroutine's alone

	mu      sync.Mutex // guards what follows
	rows    []hotRow
	samples float64 // in the counts
	fresh   int     // samples of the window
	began   time.Time
}

// hotRow is a key with the number of its samples.
type hotRow struct {
	table *table
	key   []byte // canonical: the first part of what keyOf makes
	count float64
	over  float64 // up to which the count may be another key's
	told  bool    // the log has named it
}

func newHotKeys(log *slog.Logger) *hotKeys {
	return &hotKeys{log: log, chance: rand.IntN, now: time.Now}
}

// see takes in a record's canonical key. It is called for every record.
func (h *hotKeys) see(t *table, key []byte) {
	if h.skip--; h.skip < 0 {
		h.sample(t, key)
	}
}

// sample counts a record, and chooses which is the next one.
func (h *hotKeys) sample(t *table, key []byte) {
	h.skip = h.chance(2*hotSampled - 1)
	if len(key) < 3 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.began.IsZero() {
		h.began = h.now()
	}
	h.count(t, key[:3+int(binary.BigEndian.Uint16(key[1:3]))])
	h.samples++
	if h.fresh++; h.fresh == hotWindow {
		h.endWindow()
	}
}

func (h *hotKeys) count(t *table, key []byte) {
	least := -1
	for i := range h.rows {
		r := &h.rows[i]
		if r.table == t && bytes.Equal(r.key, key) {
			r.count++
			return
		}
		if least < 0 || r.count < h.rows[least].count {
			least = i
		}
	}
	if len(h.rows) < hotRows {
		h.rows = append(h.rows, hotRow{table: t, key: bytes.Clone(key), count: 1})
		return
	}
	r := &h.rows[least]
	*r = hotRow{table: t, key: append(r.key[:0], key...), count: r.count + 1, over: r.count}
}

// share returns the part of the records that have the key.
func (h *hotKeys) share(r *hotRow) float64 { return (r.count - r.over) / h.samples }

// endWindow names keys that are hot and were not named before, and lets old counts fade.
func (h *hotKeys) endWindow() {
	now := h.now()
	perSecond := float64(hotWindow*hotSampled) / max(now.Sub(h.began).Seconds(), 1e-3)
	for i := range h.rows {
		r := &h.rows[i]
		share := h.share(r)
		switch rate := share * perSecond; {
		case rate < hotForgiven:
			r.told = false
		case rate >= hotRate && share >= hotShare && !r.told:
			r.told = true
			h.log.Info("a partition key has very many records", "table", r.table.name, "key_sha256", fmt.Sprintf("%08x", r.hash()),
				"share", fmt.Sprintf("%.2f", share), "records_per_second", int(rate))
			if h.log.Enabled(context.Background(), slog.LevelDebug) {
				h.log.Debug("the partition key with very many records", "table", r.table.name, "key_sha256", fmt.Sprintf("%08x", r.hash()), "key", r.text())
			}
		}
		r.count, r.over = r.count/2, r.over/2
	}
	h.samples /= 2
	h.fresh, h.began = 0, now
}

// hottest returns the hash and share of the nth key, from 0; zeros if there is none.
func (h *hotKeys) hottest(n int) (hash uint32, share float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.samples < hotEnough {
		return 0, 0
	}
	var hot []*hotRow
	for i := range h.rows {
		if h.share(&h.rows[i]) >= hotShare {
			hot = append(hot, &h.rows[i])
		}
	}
	slices.SortStableFunc(hot, func(a, b *hotRow) int { return cmp.Compare(h.share(b), h.share(a)) })
	if n >= len(hot) {
		return 0, 0
	}
	return hot[n].hash(), h.share(hot[n])
}

// show makes the metrics.
func (h *hotKeys) show(in *connect.Metrics) {
	for n := range hotShown {
		rank := connect.MetricLabel{Name: "rank", Value: strconv.Itoa(n + 1)}
		in.Gauge("dynamodb_hot_key_share", "The part of the latest records that have the same partition key, of the keys with most records; 0 if there are no such keys.",
			func() float64 { _, share := h.hottest(n); return share }, rank)
		in.Gauge("dynamodb_hot_key_hash", "Which key that is: the first four bytes of the SHA-256 of its value, as a number; 0 if there is none.",
			func() float64 { hash, _ := h.hottest(n); return float64(hash) }, rank)
	}
}

// hash returns what the key is called where it must not be shown: the first four bytes of the SHA-256 of its text.
func (r *hotRow) hash() uint32 {
	sum := sha256.Sum256([]byte(r.text()))
	return binary.BigEndian.Uint32(sum[:])
}

// text returns the key's value: text as it is, a number as a plain decimal one, binary as its bytes.
func (r *hotRow) text() string {
	value := string(r.key[3:])
	switch kind(r.key[0]) {
	case kindN:
		return plainNumber(value)
	case kindB:
		if b, err := base64.StdEncoding.DecodeString(value); err == nil {
			return string(b)
		}
	}
	return value
}

// plainNumber writes a canonical number, its significant digits and the power of ten of the first one such as -15e3, without an exponent: -1500.
func plainNumber(canonical string) string {
	digits, power, found := strings.Cut(canonical, "e")
	e, err := strconv.Atoi(power)
	if !found || err != nil {
		return canonical // 0
	}
	digits, negative := strings.CutPrefix(digits, "-")
	sign := ""
	if negative {
		sign = "-"
	}
	switch {
	case e < 0:
		return sign + "0." + strings.Repeat("0", -e-1) + digits
	case e >= len(digits)-1:
		return sign + digits + strings.Repeat("0", e-len(digits)+1)
	}
	return sign + digits[:e+1] + "." + digits[e+1:]
}
