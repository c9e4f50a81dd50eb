package memory

// fifo is a queue that can be read in place. It moves its items to the front when half of the slice is free, so a push
// costs one copy at most in the mean.
type fifo[T any] struct {
	slice []T
	head  int
}

func (f *fifo[T]) items() []T { return f.slice[f.head:] }
func (f *fifo[T]) len() int   { return len(f.slice) - f.head }
func (f *fifo[T]) push(v T)   { f.slice = append(f.slice, v) }

func (f *fifo[T]) pop() T {
	var zero T
	v := f.slice[f.head]
	f.slice[f.head] = zero
	f.head++
	if f.head >= 64 && 2*f.head >= len(f.slice) {
		n := copy(f.slice, f.slice[f.head:])
		clear(f.slice[n:])
		f.slice, f.head = f.slice[:n], 0
	}
	return v
}
