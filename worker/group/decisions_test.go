package group

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/connect"
)

// decidedRow is one round of a history, as Kafka Connect's own assignor has decided it.
type decidedRow struct {
	History, Generation, Completed int
	MaxDelay                       int64 `json:"max_delay"`
	Now, Delay                     int64
	Configured, Members, Decided   string
}

func TestIncrementalDecidesAsJava(t *testing.T) {
	all := rows[decidedRow](t, "testdata/decisions/3.9.2.jsonl.gz")
	if len(all) < 6000 {
		t.Fatalf("%d rounds were recorded, there were more", len(all))
	}
	var memory Memory
	failed, wrong := -1, 0
	for _, row := range all {
		if row.Generation == 1 {
			memory = Memory{}
		}
		if row.History == failed {
			continue
		}
		r := Round{
			Now: time.Duration(row.Now) * time.Millisecond, MaxDelay: time.Duration(row.MaxDelay) * time.Millisecond,
			Generation: row.Generation, Completed: row.Completed, Configured: parseConfigured(t, row.Configured), Members: map[string]Work{},
		}
		for member := range strings.SplitSeq(row.Members, ";") {
			name, held, _ := strings.Cut(member, "=")
			r.Members[name] = parseWork(t, held)
		}
		var plan Plan
		plan, memory = Incremental(memory, r)
		if got := decided(plan, row.Decided); got != row.Decided || plan.Delay.Milliseconds() != row.Delay {
			t.Errorf("history %d generation %d, members %s, configured %s:\n got %s, delay %s\nwant %s, delay %d ms",
				row.History, row.Generation, row.Members, row.Configured, got, plan.Delay, row.Decided, row.Delay)
			failed = row.History // what follows is of another history
			if wrong++; wrong > 5 {
				t.FailNow()
			}
		}
	}
}

// decided writes a plan as the rows do, for the members in the order in which they have them.
func decided(plan Plan, like string) string {
	var changes []string
	for change := range strings.SplitSeq(like, ";") {
		name, _, _ := strings.Cut(change, "=")
		c := plan.Members[name]
		changes = append(changes, name+"="+c.Added.String()+"~"+c.Revoked.String())
	}
	return strings.Join(changes, ";")
}

// parseConfigured reads "c1:2,c2:0", numbers of tasks by connector.
func parseConfigured(t testing.TB, s string) (w Work) {
	t.Helper()
	for c := range strings.SplitSeq(s, ",") {
		name, count, ok := strings.Cut(c, ":")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatal(err)
		}
		w.Connectors = append(w.Connectors, name)
		for i := range n {
			w.Tasks = append(w.Tasks, connect.TaskID{Connector: name, Task: i})
		}
	}
	return w
}
