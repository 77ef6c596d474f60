package group

import (
	"reflect"
	"testing"
)

// TestAMemberHoldsWhatJavaSays compares what captured members say to hold when they join with what their round before has made of it.
func TestAMemberHoldsWhatJavaSays(t *testing.T) {
	sorted := func(h Held) Assignment {
		a := *h
		a.Version = 0
		a.Added = piecesOf(a.Added).sorted().work()
		return a
	}
	held := map[string]Held{}
	compared := 0
	for _, row := range captured(t) {
		if row.Assignment == "" || len(row.Offered) == 0 {
			continue
		}
		state, err := ParseWorkerState(unhex(t, row.Offered[0].Metadata))
		if err != nil {
			t.Fatal(err)
		}
		member := row.File + " " + row.Member
		if before, known := held[member]; known && state.Version > 0 && state.Allocation != nil {
			if got, want := sorted(before), sorted(state.Allocation); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: holds\n     %+v, the rounds before give\n     %+v", row.name(), want, got)
			}
			compared++
		}
		a, err := ParseAssignment(unhex(t, row.Assignment))
		if err != nil {
			t.Fatal(err)
		}
		held[member] = After(state.Allocation, a)
	}
	if compared < 200 {
		t.Errorf("%d rounds were compared, there are more", compared)
	}
}

func TestWhatIsNewComesFirst(t *testing.T) {
	before := &Assignment{Version: 2, Added: parseWork(t, "a,b|a-0,a-1,b-0"), Delay: 7}
	after := After(before, Assignment{Version: 2, Added: parseWork(t, "c|c-0,a-0"), Revoked: parseWork(t, "b|a-1")})
	if got, want := after.Added.String(), "c,a|c-0,a-0,b-0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !after.Revoked.Empty() || after.Delay != 0 {
		t.Errorf("what the last round told is not what is held: %+v", after)
	}
	if got := before.Added.String(); got != "a,b|a-0,a-1,b-0" {
		t.Errorf("what was held before has become %s", got)
	}
	after = After(before, Assignment{Version: 0, Added: parseWork(t, "|a-1")})
	if got, want := after.Added.String(), "|a-1"; got != want {
		t.Errorf("in an eager group: got %s, want %s", got, want)
	}
}
