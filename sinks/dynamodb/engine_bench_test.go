package dynamodb

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"sluice/connect"
)

// What the engine costs a record when the service answers at once: all keys different, and few keys that are written again and again.
func BenchmarkEngine(b *testing.B) {
	for name, keys := range map[string]int{"different keys": 1 << 16, "hot keys": 10} {
		b.Run(name, func(b *testing.B) {
			e := newEngine(slog.New(slog.DiscardHandler), defaultPolicy(),
				func(context.Context, []*write) outcome { return outcome{} },
				func(*connect.SinkRecord, error) <-chan error { return nil }, func() {})
			e.start()
			item := make([]byte, 243)
			key := make([][]byte, keys)
			for i := range key {
				key[i] = fmt.Appendf(nil, "a key of about thirty bytes %8d", i)
			}
			r := &connect.SinkRecord{Topic: "in"}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Offset = int64(i)
				e.accept(newWrite(r, item), key[i%keys])
				if i%500 == 499 {
					e.flush()
				}
			}
			if err := e.stop(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
