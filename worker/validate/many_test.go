package validate_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/worker/validate"
)

// What a check costs for each alias must not grow with their number, as a request has room for a million of them:
//
//	go test ./worker/validate -run '^$' -bench Aliases
func BenchmarkAliases(b *testing.B) {
	v := &validate.Validator{Plugins: newPlugins(b)}
	for _, n := range []int{1_000, 10_000, 50_000} {
		var list strings.Builder
		for i := range n {
			fmt.Fprintf(&list, "t%d,", i)
		}
		props := map[string]*string{"name": new("x"), "connector.class": new("FileStreamSink"), "topics": new("a"), "transforms": new(list.String() + "t0")}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				infos, err := v.Validate(props)
				if err != nil || infos.ErrorCount < n {
					b.Fatal(infos.ErrorCount, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/alias")
		})
	}
}
