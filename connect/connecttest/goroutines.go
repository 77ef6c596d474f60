package connecttest

import (
	"runtime"
	"strings"
)

// goroutines returns the stacks of all goroutines but those of servers, which are the destination's, by their number.
func goroutines() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		number, _, _ := strings.Cut(stack, " [") // "goroutine 7 [running]:"
		if !strings.Contains(stack, "net/http.(*conn).serve") && !strings.Contains(stack, "net/http.(*Server).Serve") && !strings.Contains(stack, "net/http.(*connReader)") {
			all[number] = stack
		}
	}
	return all
}
