package memory

import (
	"context"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// A batch ends with the record that reaches one of these.
const (
	batchRecords = 1024
	batchBytes   = 1 << 20
)

// reader follows a store. What changes stands under the store's mutex.
type reader struct {
	log   *log
	start transport.Position
	done  chan struct{} // closed when the reader ends

	next    uint64 // place of the next record to return
	unknown bool   // the start was no place in this log: to be reported
	err     error  // why the reader ended
}

func (r *reader) Start() transport.Position { return r.start }

func (r *reader) Next(ctx context.Context) ([]transport.Record, error) {
	records, err := r.read(ctx)
	return records, fail(err, "read %q", r.log.store.topic)
}

func (r *reader) read(ctx context.Context) ([]transport.Record, error) {
	s := r.log.store
	for travelled := false; ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		if r.err != nil {
			s.mu.Unlock()
			return nil, r.err
		}
		s.trim(time.Now())
		if !r.unknown && r.next > s.last {
			news := s.news.wait()
			s.mu.Unlock()
			select {
			case <-news:
			case <-ctx.Done():
			case <-r.done:
			}
			continue
		}
		if _, delay, _ := r.log.link.check(); travelled || delay <= 0 {
			defer s.mu.Unlock()
			return r.collect()
		}
		s.mu.Unlock()
		travelled = true
		if err := r.log.link.travel(ctx, r.done); err != nil {
			return nil, r.reason(err)
		}
	}
}

// reason is why the reader ended; err if it did not.
func (r *reader) reason(err error) error {
	r.log.store.mu.Lock()
	defer r.log.store.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	return err
}

// collect returns the next records, or the gap before them.
func (r *reader) collect() ([]transport.Record, error) {
	s := r.log.store
	if first := s.first(); r.unknown || r.next < first {
		gap := &transport.GapError{Lost: int64(first - r.next), Next: s.position(first - 1)}
		if r.unknown {
			gap.Lost = -1
		}
		r.next, r.unknown = first, false
		return nil, gap
	}
	entries := s.entries.items()[r.next-s.first():]
	n, bytes := 0, int64(0)
	for n < len(entries) && n < batchRecords && bytes < batchBytes {
		bytes += entries[n].size
		n++
	}
	records := make([]transport.Record, n)
	for i := range records {
		records[i] = entries[i].record
	}
	r.next += uint64(n)
	return records, nil
}

func (r *reader) Close() error {
	r.log.store.mu.Lock()
	defer r.log.store.mu.Unlock()
	r.end(transport.ErrClosed)
	return nil
}

// end ends the reader, the first time. The store's mutex is held.
func (r *reader) end(err error) {
	if r.err == nil {
		r.err = err
		close(r.done)
		delete(r.log.store.readers, r)
	}
}
