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
}

// inboxMessages is how much may wait before the partition is paused.
const inboxMessages = 5000

func (b *inbox) tell() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// add appends messages; full says that the partition is to be paused.
func (b *inbox) add(messages []kafka.Message) (full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, messages...)
	b.paused = len(b.messages) > inboxMessages
	b.tell()
	return b.paused
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

// take returns what there is; resume says that the partition was paused because of it.
func (b *inbox) take() (messages []kafka.Message, position int64, resume bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	messages, resume = b.messages, b.paused
	b.messages, b.paused = nil, false
	return messages, b.position, resume
}

// putBack returns messages that cannot be used yet.
func (b *inbox) putBack(messages []kafka.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(messages[:len(messages):len(messages)], b.messages...)
}
