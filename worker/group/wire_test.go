package group

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/connect"
)

func TestWhatJavaSendsIsReadAndWrittenByteForByte(t *testing.T) {
	for _, row := range captured(t) {
		for _, offer := range row.Offered {
			state := checkState(t, row.name()+" "+offer.Name, unhex(t, offer.Metadata))
			if want := row.Decoded.Metadata.ConfigOffset; state.ConfigOffset != want {
				t.Errorf("%s %s: config offset %d, want %d", row.name(), offer.Name, state.ConfigOffset, want)
			}
		}
		state := checkState(t, row.name(), unhex(t, row.Metadata))
		if want := row.Decoded.Metadata.Version; state.Version != want {
			t.Errorf("%s: version %d, want %d", row.name(), state.Version, want)
		}
		checkDecoded(t, row.name()+" allocation", state.Allocation, row.Decoded.Metadata.Allocation)
		if row.Assignment == "" {
			continue
		}
		data := unhex(t, row.Assignment)
		a, err := ParseAssignment(data)
		if err != nil {
			t.Errorf("%s: %v", row.name(), err)
			continue
		}
		checkDecoded(t, row.name()+" assignment", &a, row.Decoded.Assignment)
		if again, err := a.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%s: assignment\n got %x, %v\nwant %x", row.name(), again, err, data)
		}
	}
}

func checkState(t *testing.T, name string, data []byte) WorkerState {
	t.Helper()
	s, err := ParseWorkerState(data)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return s
	}
	if again, err := s.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%s: worker state\n got %x, %v\nwant %x", name, again, err, data)
	}
	return s
}

func checkDecoded(t *testing.T, name string, got *Assignment, want *capturedAssignment) {
	t.Helper()
	if got == nil || want == nil {
		if (got == nil) != (want == nil) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		return
	}
	wanted := Assignment{
		Version: want.Version, Error: AssignmentError(want.Error), Leader: want.Leader, LeaderURL: got.LeaderURL, ConfigOffset: want.ConfigOffset,
		Added: workOf(want.Assignment), Revoked: workOf(want.Revoked), Delay: time.Duration(want.Delay) * time.Millisecond,
	}
	if !reflect.DeepEqual(*got, wanted) {
		t.Errorf("%s:\n got %+v\nwant %+v", name, *got, wanted)
	}
}

// TestWhatIsOffered builds anew, from a member's state alone, all that a Java worker offers. (Those of 2.8.1 leave the version in the
// allocation at 1.)
func TestWhatIsOffered(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range captured(t) {
		if len(row.Offered) == 0 || row.WorkerVersion == "2.8.1" {
			continue
		}
		best, err := parseProtocol(row.Offered[0].Name)
		if err != nil {
			t.Fatal(err)
		}
		seen[best.String()] = true
		state, err := ParseWorkerState(unhex(t, row.Offered[0].Metadata))
		if err != nil {
			t.Fatal(err)
		}
		offers, err := best.Offers(state)
		if err != nil {
			t.Fatal(err)
		}
		if len(offers) != len(row.Offered) {
			t.Errorf("%s: %d offers, want %d", row.name(), len(offers), len(row.Offered))
			continue
		}
		for i, want := range row.Offered {
			if offers[i].Protocol != want.Name || !bytes.Equal(offers[i].Metadata, unhex(t, want.Metadata)) {
				t.Errorf("%s: offer %d: got %s %x, want %s %s", row.name(), i, offers[i].Protocol, offers[i].Metadata, want.Name, want.Metadata)
			}
		}
	}
	for _, c := range []string{"eager", "compatible", "sessioned"} {
		if !seen[c] {
			t.Errorf("nothing was captured of a worker with connect.protocol=%s", c)
		}
	}
}

func TestCompatibilityIsReadInAnyCase(t *testing.T) {
	for setting, want := range map[string]Compatibility{"eager": CompatibleEager, "Compatible": CompatibleIncremental, "SESSIONED": CompatibleSessions} {
		if got, err := ParseCompatibility(setting); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", setting, got, err, want)
		}
	}
	for _, wrong := range []string{"", "default", "sessioned "} {
		if got, err := ParseCompatibility(wrong); err == nil {
			t.Errorf("%q is taken for %v", wrong, got)
		}
	}
}

func TestWhatIsMissingAtTheEndIsNone(t *testing.T) {
	whole, err := Assignment{
		Version: 1, Leader: "m", LeaderURL: "http://m/", ConfigOffset: 7, Added: Work{Connectors: []string{"c"}},
		Revoked: Work{Tasks: []connect.TaskID{{Connector: "d", Task: 1}}}, Delay: time.Second,
	}.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	const delay, revoked, added = 4, 4 + 3 + 4 + 4, 4 + 3 + 4 + 4
	for cut, want := range map[int]string{0: "c| |d-1 1s", delay: "c| |d-1 0s", delay + revoked: "c| | 0s", delay + revoked + added: "| | 0s"} {
		a, err := ParseAssignment(whole[:len(whole)-cut])
		if got := a.Added.String() + " " + a.Revoked.String() + " " + a.Delay.String(); err != nil || got != want {
			t.Errorf("without the last %d bytes: got %q, %v, want %q", cut, got, err, want)
		}
	}
	if _, err := ParseWorkerState([]byte("\x00\x01\x00\x01u\x00\x00\x00\x00\x00\x00\x00\x07")); err != nil {
		t.Errorf("a state without allocation: %v", err)
	}
	if _, err := ParseAssignment(append(whole, "what a later version may add"...)); err != nil {
		t.Errorf("more than is known: %v", err)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	header := "\x00\x01\x00\x00\x00\x01m\x00\x01u\x00\x00\x00\x00\x00\x00\x00\x07"
	for name, c := range map[string]struct{ data, want string }{
		"nothing":                    {"", "version of 2 bytes: 0 are left"},
		"a negative version":         {"\xff\xff\x00\x00", "version -1"},
		"a text that goes on":        {"\x00\x01\x00\x00\x00\x09m", "leader of 9 bytes: 1 are left"},
		"a text of negative length":  {"\x00\x01\x00\x00\xff\xffm", "leader of -1 bytes"},
		"work without end":           {header + "\x7f\xff\xff\xff", "assigned work of 2147483647 elements"},
		"work of negative length":    {header + "\xff\xff\xff\xfe", "assigned work of -2 elements"},
		"tasks without end":          {header + "\x00\x00\x00\x01\x00\x01c\x7f\xff\xff\xff", "tasks of connector c of 2147483647 elements"},
		"revoked work without end":   {header + "\x00\x00\x00\x00\x7f\xff\xff\xff", "revoked work of 2147483647 elements"},
		"a delay that is cut":        {header + "\x00\x00\x00\x00\x00\x00\x00\x00\x00", "delay of 4 bytes: 1 are left"},
		"a config offset that's cut": {header[:len(header)-1], "config offset of 8 bytes: 7 are left"},
	} {
		if _, err := ParseAssignment([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	state := "\x00\x01\x00\x01u\x00\x00\x00\x00\x00\x00\x00\x07"
	for name, c := range map[string]struct{ data, want string }{
		"an allocation without end":         {state + "\x7f\xff\xff\xff", "allocation of 2147483647 bytes"},
		"an allocation of negative length":  {state + "\xff\xff\xff\xfe", "allocation of -2 bytes"},
		"an allocation that cannot be read": {state + "\x00\x00\x00\x01\x00", "allocation: decode assignment: version"},
	} {
		if _, err := ParseWorkerState([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestTextsThatAreTooLongAreNotWritten(t *testing.T) {
	long := strings.Repeat("x", math.MaxInt16+1)
	for name, err := range map[string]error{
		"url":       second(WorkerState{URL: long}.MarshalBinary()),
		"leader":    second(Assignment{Leader: long}.MarshalBinary()),
		"connector": second(Assignment{Added: Work{Connectors: []string{long}}}.MarshalBinary()),
	} {
		if err == nil || !strings.Contains(err.Error(), name+" of 32768 bytes") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func second(_ []byte, err error) error { return err }

// FuzzParse checks that whatever is read is written such that it reads the same.
func FuzzParse(f *testing.F) {
	for i, row := range captured(f) {
		if i%20 == 0 && row.Assignment != "" {
			f.Add(unhex(f, row.Metadata))
			f.Add(unhex(f, row.Assignment))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := ParseAssignment(data); err == nil && a.Delay >= 0 {
			again, err := a.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			b, err := ParseAssignment(again)
			if err != nil {
				t.Fatal(err)
			}
			if third, err := b.MarshalBinary(); err != nil || !bytes.Equal(third, again) {
				t.Errorf("%x becomes %x and then %x, %v", data, again, third, err)
			}
		}
		if s, err := ParseWorkerState(data); err == nil {
			again, err := s.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ParseWorkerState(again); err != nil {
				t.Errorf("%x becomes %x: %v", data, again, err)
			}
		}
	})
}
