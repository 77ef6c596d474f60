package detector

import (
	"testing"

	"sluice/internal/kafka"
)

// What pauses a partition and what resumes it are two goroutines. Whichever comes first, it is not left paused with nothing waiting.
func TestTakenInboxIsNotLeftPaused(t *testing.T) {
	const many = inboxMessages + 1
	messages := make([]kafka.Message, many)
	paused, pauses := false, 0 // guarded by the inbox
	b := inbox{ready: make(chan struct{}, 1), pause: func() { paused, pauses = true, pauses+1 }, resume: func() { paused = false }}
	for round := 1; round <= 50; round++ {
		added := make(chan struct{})
		go func() {
			defer close(added)
			b.add(messages)
		}()
		for got := 0; got < many; {
			<-b.ready
			taken, _ := b.take()
			got += len(taken)
		}
		<-added
		if paused || pauses != round {
			t.Fatalf("round %d: paused %t, %d times in all, and nothing waits", round, paused, pauses)
		}
	}
}
