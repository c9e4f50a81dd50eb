package actor

// queue is a ring of messages. The zero value is empty and holds no memory; the owner locks.
type queue struct {
	ring []any // length is zero or a power of two
	head uint32
	n    uint32
	peak uint32 // longest since last at rest
}

func (q *queue) len() int { return int(q.n) }

func (q *queue) push(m any) {
	if int(q.n) == len(q.ring) {
		q.resize(max(4, 2*len(q.ring)))
	}
	q.ring[(q.head+q.n)&uint32(len(q.ring)-1)] = m
	q.n++
	q.peak = max(q.peak, q.n)
}

// pushFront puts m before all others.
func (q *queue) pushFront(m any) {
	if int(q.n) == len(q.ring) {
		q.resize(max(4, 2*len(q.ring)))
	}
	q.head = (q.head - 1) & uint32(len(q.ring)-1)
	q.ring[q.head] = m
	q.n++
	q.peak = max(q.peak, q.n)
}

// front returns the oldest message without taking it. The queue must not be empty.
func (q *queue) front() any { return q.ring[q.head] }

// pop takes the oldest message. The queue must not be empty.
func (q *queue) pop() any {
	m := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) & uint32(len(q.ring)-1)
	q.n--
	return m
}

// rest gives memory back that has not been of use since the queue was last at rest: a burst must not cost its room
// for ever. The queue is empty.
func (q *queue) rest() {
	if len(q.ring) > 16 && int(q.peak) <= len(q.ring)/4 {
		q.ring, q.head = nil, 0
	}
	q.peak = 0
}

func (q *queue) resize(to int) {
	ring := make([]any, to)
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	q.ring, q.head = ring, 0
}
