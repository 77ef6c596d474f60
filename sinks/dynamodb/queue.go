package dynamodb

// queue is first in, first out. It uses its memory again, which a slice that loses its head does not. The zero value is empty.
type queue[T any] struct {
	items []T
	head  int // those before it are out
}

// keptItems is up to how many items the memory of an empty queue is kept.
const keptItems = 4096

func (q *queue[T]) len() int { return len(q.items) - q.head }

// at returns item i, counted from the head.
func (q *queue[T]) at(i int) *T { return &q.items[q.head+i] }

func (q *queue[T]) push(item T) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

// drop takes out the first n items.
func (q *queue[T]) drop(n int) {
	clear(q.items[q.head : q.head+n])
	q.head += n
	if q.head < len(q.items) {
		return
	}
	q.items, q.head = q.items[:0], 0
	if cap(q.items) > keptItems {
		q.items = nil
	}
}
