package detector

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Given what a detector tells of itself, when its health is asked for, then it is well unless it starts, stops, is without Kafka or stands still.
func TestHealth(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	long, short := now.Add(-time.Minute), now.Add(-10*time.Second)
	away := errors.New("connection refused")
	for _, test := range []struct {
		name string
		s    Snapshot
		want string // "" is health
	}{
		{"no shards", Snapshot{Phase: Live, Contact: now}, ""},
		{"starting", Snapshot{Phase: Starting}, "starting"},
		{"stopping", Snapshot{Phase: Stopping, Contact: now}, "stopping"},
		{"Kafka away for a moment", Snapshot{Phase: Live, Contact: short, Trouble: away}, ""},
		{"Kafka away", Snapshot{Phase: Live, Contact: long, Trouble: away}, "no answer from Kafka for 1m0s: connection refused"},
		{"idle", Snapshot{Phase: Live, Contact: now, Shards: []ShardStats{{Phase: Live, Applied: 9, End: 9, Progress: long}}}, ""},
		{"end not known", Snapshot{Phase: Live, Contact: now, Shards: []ShardStats{{Phase: Live, Applied: 9, End: -1, Progress: long}}}, ""},
		{"behind and going on", Snapshot{Phase: Live, Contact: now, Shards: []ShardStats{{Phase: Live, Applied: 9, End: 19, Progress: short}}}, ""},
		{"behind and still", Snapshot{Phase: Live, Contact: now, Shards: []ShardStats{{Topic: "t", Partition: 3, Phase: Live, Applied: 9, End: 19, Progress: long}}}, "partition 3 of topic t is live and has made no progress for 1m0s"},
		{"flags left and still", Snapshot{Phase: Live, Contact: now, Shards: []ShardStats{{Phase: Live, FlagsLeft: 1, Progress: long}}}, "no progress"},
		{"restoring", Snapshot{Phase: Live, Contact: now, Shards: []ShardStats{{Phase: Restoring, Progress: short}}}, ""},
		{"restoring and still", Snapshot{Phase: Live, Contact: now, Shards: []ShardStats{{Phase: Live, Progress: now}, {Phase: Restoring, Progress: long}}}, "is restoring"},
	} {
		test.s.Now = now
		got := test.s.Health()
		if (got == nil) != (test.want == "") || got != nil && !strings.Contains(got.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, got, test.want)
		}
	}
}
