package topic

import "unsafe"

// An arena makes messages in blocks, which is cheaper than one by one. A block stays in memory as long as one of its messages
// does, so it is for topics that keep a good number of messages anyway. It is guarded by the stream's mutex.
type arena[M any] struct {
	free  []message[M]
	block int
}

// blockSize is about how many bytes a block has.
const blockSize = 2048

// newArena returns nil if messages are so large that blocks gain nothing.
func newArena[M any]() *arena[M] {
	n := blockSize / int(unsafe.Sizeof(message[M]{}))
	if n < 4 {
		return nil
	}
	return &arena[M]{block: n}
}

func (a *arena[M]) next(value M) *header {
	if len(a.free) == 0 {
		a.free = make([]message[M], a.block)
	}
	m := &a.free[0]
	a.free = a.free[1:]
	m.value = value
	m.self = m
	return &m.header
}
