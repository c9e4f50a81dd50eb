package topic

// closed is a channel that has always been closed.
var closed = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// A signal is a channel that is closed once, and made only if somebody wants to wait for that. It is guarded by its owner's
// mutex.
type signal struct {
	ch    chan struct{}
	fired bool
}

func (s *signal) channel() <-chan struct{} {
	switch {
	case s.ch != nil:
	case s.fired:
		s.ch = closed
	default:
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) fire() {
	if !s.fired && s.ch != nil {
		close(s.ch)
	}
	s.fired = true
}
