package detector

import (
	"sync"

	"sluice/internal/kafka"
)

// inbox is what poll has delivered to a shard.
type inbox struct {
	mu       sync.Mutex
	messages []kafka.Message
	position int64
	paused   bool
	ready    chan struct{}

	// What pauses and resumes the partition. They are called with mu held: a resumption that overtook its pause would leave the partition
	// paused for good.
	pause, resume func()
}

// inboxMessages is how much may wait before the partition is paused.
const inboxMessages = 5000

func (b *inbox) tell() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// add appends messages, and pauses the partition if too many wait now.
func (b *inbox) add(messages []kafka.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, messages...)
	if len(b.messages) > inboxMessages && !b.paused {
		b.paused = true
		b.pause()
	}
	b.tell()
}

// moved notes the position behind the messages.
func (b *inbox) moved(position int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if position != b.position {
		b.position = position
		b.tell()
	}
}

// restart drops everything: what comes begins at offset.
func (b *inbox) restart(offset int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages, b.position, b.paused = nil, offset, false
	b.tell()
}

// take returns what there is, and resumes the partition if it was paused because of it.
func (b *inbox) take() (messages []kafka.Message, position int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	messages, b.messages = b.messages, nil
	if b.paused {
		b.paused = false
		b.resume()
	}
	return messages, b.position
}

// putBack returns messages that cannot be used yet.
func (b *inbox) putBack(messages []kafka.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(messages[:len(messages):len(messages)], b.messages...)
}
