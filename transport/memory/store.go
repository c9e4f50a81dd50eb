package memory

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// store is one topic's log. Places in it are counted from 1, and are the Major of a Position.
type store struct {
	topic    string
	number   uint64 // logs are numbered in the order in which they were made
	settings settings

	mu      sync.Mutex
	epoch   string
	limits  transport.Retention
	entries fifo[entry]
	last    uint64 // place of the newest record ever appended; the retained ones end with it
	bytes   int64
	window  window
	readers map[*reader]struct{}
	groups  map[string]*group
	removed bool
	news    bell // rung when records were appended
}

type entry struct {
	record transport.Record
	size   int64
	at     time.Time
}

func newStore(topic string, number uint64, s settings) *store {
	return &store{
		topic: topic, number: number, settings: s, limits: s.retention,
		epoch: newEpoch(), window: newWindow(s),
		readers: map[*reader]struct{}{}, groups: map[string]*group{},
	}
}

func newEpoch() string { return rand.Text()[:12] }

func (s *store) position(seq uint64) transport.Position {
	return transport.Position{Epoch: s.epoch, Major: seq}
}

// first is the place of the oldest retained record, or the one that the next record will get.
func (s *store) first() uint64 { return s.last + 1 - uint64(s.entries.len()) }

// at returns the record at a place that is retained.
func (s *store) at(seq uint64) *transport.Record { return &s.entries.items()[seq-s.first()].record }

// append adds all records that are not remembered. It checks sizes first, so that it adds all or none.
func (s *store) append(records []transport.Record) ([]transport.Position, error) {
	for i := range records {
		if size := records[i].Size(); size > s.settings.maxRecord {
			return nil, fmt.Errorf("record %d of %d (ID %q) has %d bytes, the limit is %d: %w",
				i+1, len(records), records[i].ID, size, s.settings.maxRecord, transport.ErrTooLarge)
		}
	}
	now := time.Now()
	s.window.expire(now)
	positions := make([]transport.Position, len(records))
	before := s.last
	for i, r := range records {
		if r.ID != "" {
			if seq, ok := s.window.find(r.ID); ok {
				positions[i] = s.position(seq)
				continue
			}
		}
		s.last++
		positions[i] = s.position(s.last)
		r.Position = positions[i]
		r.Data = slices.Clip(r.Data)
		e := entry{record: r, size: int64(r.Size()), at: now}
		s.entries.push(e)
		s.bytes += e.size
		if r.ID != "" {
			s.window.add(r.ID, s.last, now)
		}
	}
	s.trim(now)
	if s.last != before {
		s.news.ring()
		for _, g := range s.groups {
			g.change.ring()
		}
	}
	return positions, nil
}

// trim drops what retention does not keep.
func (s *store) trim(now time.Time) {
	for s.entries.len() > 0 {
		oldest := &s.entries.items()[0]
		over := s.entries.len() > s.limits.Count ||
			s.limits.Bytes > 0 && s.bytes > s.limits.Bytes && s.entries.len() > 1 ||
			s.limits.Age > 0 && now.Sub(oldest.at) >= s.limits.Age
		if !over {
			return
		}
		s.bytes -= oldest.size
		s.entries.pop()
	}
}

// resolve turns a start into the place to read next. Unknown means that the start is no place in this log.
func (s *store) resolve(from transport.Start) (next uint64, unknown bool) {
	switch from.Kind() {
	case transport.StartEarliest:
		return s.first(), false
	case transport.StartAfter:
		p := from.Position()
		if p.Epoch != s.epoch || p.Major > s.last || p.Minor != 0 || p.Index != 0 {
			return s.first(), true
		}
		return p.Major + 1, false
	case transport.StartSince:
		i, _ := slices.BinarySearchFunc(s.entries.items(), from.Time(), func(e entry, t time.Time) int {
			return e.at.Compare(t)
		})
		return s.first() + uint64(i), false
	default:
		return s.last + 1, false
	}
}

// end ends the readers and members of the handles that which picks, for the reason err. A silent end does not reach the
// hub: members keep what they hold until their Idle.
func (s *store) end(err error, silent bool, which func(*log) bool) {
	for r := range s.readers {
		if which(r.log) {
			r.end(err)
		}
	}
	for _, g := range s.groups {
		for _, m := range g.members {
			if which(m.log) {
				m.end(err, silent)
			}
		}
	}
}

// reset makes the log empty and begins another epoch. Groups stay, and learn that they lost what there was.
func (s *store) reset() {
	s.epoch, s.entries, s.last, s.bytes, s.window = newEpoch(), fifo[entry]{}, 0, 0, newWindow(s.settings)
	for _, g := range s.groups {
		g.reset()
	}
}

func (s *store) stats(now time.Time) transport.Stats {
	st := transport.Stats{Records: s.entries.len(), Bytes: s.bytes, Last: s.position(s.last)}
	if st.Records > 0 {
		st.First = s.position(s.first())
	}
	for _, g := range s.groups {
		st.Groups = append(st.Groups, g.stats(now))
	}
	slices.SortFunc(st.Groups, func(a, b transport.GroupStats) int { return cmp.Compare(a.Name, b.Name) })
	return st
}

// configure applies the settings that are given.
func (s *store) configure(cfg transport.Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = merge(s.limits, cfg.Retention)
	s.trim(time.Now())
}
