package group

import (
	"fmt"
	"reflect"
	"testing"

	"sluice/connect"
)

// TestEagerDealsAsJava deals out anew what was dealt out in each captured round of an eager group.
func TestEagerDealsAsJava(t *testing.T) {
	type round struct {
		configured Work
		members    []string
		got        map[string]Work
	}
	rounds := map[string]*round{}
	for _, row := range captured(t) {
		if row.Protocol != "default" || row.Assignment == "" {
			continue
		}
		key := fmt.Sprintf("%s generation %d", row.File, row.Generation)
		if rounds[key] == nil {
			rounds[key] = &round{got: map[string]Work{}}
		}
		a, err := ParseAssignment(unhex(t, row.Assignment))
		if err != nil {
			t.Fatal(err)
		}
		r := rounds[key]
		r.members = append(r.members, row.Member)
		r.configured = r.configured.Plus(a.Added)
		r.got[row.Member] = a.Added
	}
	shared := 0
	for name, r := range rounds {
		want := Eager(r.configured, r.members)
		for member, got := range r.got {
			// On the wire work is grouped by connector, in the order of a HashSet.
			got, ours := piecesOf(got).sorted().work(), piecesOf(want[member]).sorted().work()
			if !reflect.DeepEqual(got, ours) {
				t.Errorf("%s member %s: Java deals %v, ours %v", name, member, got, ours)
			}
		}
		if len(r.members) > 1 && len(r.configured.Tasks) > 1 {
			shared++
		}
	}
	if shared < 5 {
		t.Errorf("%d rounds in which several members share tasks", shared)
	}
}

func TestEagerDealsTasksWhereConnectorsEnded(t *testing.T) {
	configured := Work{Connectors: []string{"b", "a"}, Tasks: []connect.TaskID{{Connector: "b", Task: 0}, {Connector: "a", Task: 1}, {Connector: "a", Task: 0}}}
	plan := Eager(configured, []string{"m3", "m1", "m2"})
	for member, want := range map[string]string{"m1": "a|a-1", "m2": "b|b-0", "m3": "|a-0"} {
		if got := plan[member].String(); got != want {
			t.Errorf("%s: got %s, want %s", member, got, want)
		}
	}
	if plan := Eager(configured, nil); len(plan) != 0 {
		t.Errorf("without members: %v", plan)
	}
	if got := Eager(Work{}, []string{"m"}); !reflect.DeepEqual(got, map[string]Work{"m": {}}) {
		t.Errorf("without work: %v", got)
	}
}
