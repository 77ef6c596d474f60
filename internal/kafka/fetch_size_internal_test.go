package kafka

import "testing"

// What an answer takes in memory comes near to the limit, whatever a byte of the broker becomes, and soon enough.
func TestFetchSizeFindsItsMeasure(t *testing.T) {
	for _, c := range []struct {
		name     string
		becomes  float64 // bytes of memory for one of the broker
		ask      int     // in the end, about
		overshot float64 // how often the limit, at most, on the way
	}{
		{"as it is", 1, mostFetch, 1},
		{"small records", 2, answerLimit / 2, 1.5},
		{"compressed", 10, answerLimit / 10, 1.5},
		{"compressed very well", 200, leastFetch, 13},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s fetchSize
			for range 20 {
				asked := s.ask()
				memory := int(float64(asked) * c.becomes)
				if float64(memory) > c.overshot*answerLimit {
					t.Errorf("%d bytes were asked for and became %d", asked, memory)
				}
				s.learn(asked, memory)
			}
			if got := s.ask(); got < c.ask/2 || got > c.ask*3/2 {
				t.Errorf("%d bytes are asked for in the end, want about %d", got, c.ask)
			}
		})
	}
	t.Run("answers that are short say nothing", func(t *testing.T) {
		var s fetchSize
		for range 20 {
			s.learn(s.ask(), 1000)
		}
		if got := s.ask(); got != firstFetch {
			t.Errorf("%d bytes are asked for after answers of next to nothing", got)
		}
	})
}
