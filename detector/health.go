package detector

import (
	"fmt"
	"time"
)

// healthPatience is how long Kafka may be silent, or a shard without progress though it has work, before that is called unhealthy.
const healthPatience = 30 * time.Second

// Health says what is wrong, for those who ask whether the detector works; nil is health. A shard that builds its rows anew is healthy as long
// as that goes on, and so is one without anything to do.
func (s *Snapshot) Health() error {
	switch s.Phase {
	case Starting:
		return fmt.Errorf("the detector is starting")
	case Stopping:
		return fmt.Errorf("the detector is stopping")
	}
	if silent := s.Now.Sub(s.Contact); s.Trouble != nil && silent > healthPatience {
		return fmt.Errorf("no answer from Kafka for %v: %w", silent.Round(time.Second), s.Trouble)
	}
	for i := range s.Shards {
		sh := &s.Shards[i]
		idle := s.Now.Sub(sh.Progress)
		if work := sh.Phase != Live || sh.Applied < sh.End || sh.FlagsLeft > 0; work && idle > healthPatience {
			return fmt.Errorf("partition %d of topic %s is %s and has made no progress for %v", sh.Partition, sh.Topic, sh.Phase, idle.Round(time.Second))
		}
	}
	return nil
}
