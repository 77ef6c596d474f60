package validate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/worker/validate"
)

// A request has room for a million aliases, and the answer has not.
func TestAliasesAreBounded(t *testing.T) {
	list := func(n int) string {
		aliases := make([]string, n)
		for i := range aliases {
			aliases[i] = fmt.Sprintf("t%d", i)
		}
		return strings.Join(aliases, ",") + ",t0" // one of them twice
	}
	for _, key := range []string{"transforms", "predicates"} {
		if _, err := newValidator(t).Validate(valid(key, list(1000))); err != nil {
			t.Errorf("1000 %s: %v", key, err)
		}
		_, err := newValidator(t).Validate(valid(key, list(1001)))
		if invalid := (*validate.InvalidConfigError)(nil); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "1001 aliases for configuration "+key+": there can be at most 1000") {
			t.Errorf("1001 %s: got %v", key, err)
		}
	}
}

// What a check costs for each alias must not grow with their number:
//
//	go test ./worker/validate -run '^$' -bench Aliases
func BenchmarkAliases(b *testing.B) {
	v := &validate.Validator{Plugins: newPlugins(b)}
	for _, n := range []int{10, 100, 1000} {
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
