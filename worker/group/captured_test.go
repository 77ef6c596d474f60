package group

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"sluice/connect"
)

// rows reads a compressed file of JSON lines.
func rows[T any](t testing.TB, path string) (all []T) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// capturedRow is what one member has sent and got in one round.
type capturedRow struct {
	File, Case, Worker, Member, Role, Protocol string
	WorkerVersion                              string `json:"worker_version"`
	Round, Generation                          int
	Offered                                    []struct {
		Name     string
		Metadata string `json:"metadata_hex"`
	}
	Metadata   string `json:"metadata_hex"`
	Assignment string `json:"assignment_hex"`
	Decoded    struct {
		Metadata struct {
			Version      int16
			ConfigOffset int64 `json:"config_offset"`
			Allocation   *capturedAssignment
		}
		Assignment *capturedAssignment
	}
}

type capturedAssignment struct {
	Version, Error int16
	Leader         string
	ConfigOffset   int64 `json:"config_offset"`
	Assignment     []capturedWork
	Revoked        []capturedWork
	Delay          int64 `json:"delay_ms"`
}

type capturedWork struct {
	Connector string
	Tasks     []int
}

func (row capturedRow) name() string {
	return row.File + " " + row.Case + " round " + strconv.Itoa(row.Round) + " worker " + row.Worker
}

func captured(t testing.TB) []capturedRow {
	all := rows[capturedRow](t, "testdata/captured.jsonl.gz")
	if len(all) < 300 {
		t.Fatalf("%d captured rows, there were more", len(all))
	}
	return all
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	data, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func workOf(entries []capturedWork) (w Work) {
	for _, e := range entries {
		for _, n := range e.Tasks {
			if n == -1 {
				w.Connectors = append(w.Connectors, e.Connector)
			} else {
				w.Tasks = append(w.Tasks, connect.TaskID{Connector: e.Connector, Task: n})
			}
		}
	}
	return w
}

// parseWork reads "c1,c2|c1-0,c1-1".
func parseWork(t testing.TB, s string) (w Work) {
	t.Helper()
	names, ids, ok := strings.Cut(s, "|")
	if !ok {
		t.Fatalf("work %q: no bar", s)
	}
	if names != "" {
		w.Connectors = strings.Split(names, ",")
	}
	for id := range strings.SplitSeq(ids, ",") {
		if id == "" {
			continue
		}
		i := strings.LastIndexByte(id, '-')
		n, err := strconv.Atoi(id[i+1:])
		if err != nil {
			t.Fatal(err)
		}
		w.Tasks = append(w.Tasks, connect.TaskID{Connector: id[:i], Task: n})
	}
	return w
}

// String is what parseWork reads.
func (w Work) String() string {
	var ids []string
	for _, id := range w.Tasks {
		ids = append(ids, id.String())
	}
	return strings.Join(w.Connectors, ",") + "|" + strings.Join(ids, ",")
}
