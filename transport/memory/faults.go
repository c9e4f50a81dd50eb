package memory

import (
	"time"

	"github.com/azutoolkit/echo/transport"
)

// Cut breaks the link until Heal: readers end and calls fail with ErrLinkDown, blocked ones at once; nothing more
// reaches the hub. Members stay in their groups for their Idle. On a link that is cut or closed it does nothing.
func (l *Link) Cut() {
	if l.leave(cut) != up {
		return
	}
	l.hub.each(func(s *store) {
		for r := range s.readers {
			if r.log.link == l {
				r.end(transport.ErrLinkDown)
			}
		}
		for _, g := range s.groups {
			g.change.ring() // a Take elsewhere learns how long to wait for this link's members
		}
	})
}

// Heal mends a link that was cut.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == cut {
		l.state, l.down, l.silent = up, make(chan struct{}), time.Time{}
	}
}

// Kill ends the link as the death of its node does: blocked calls end with ErrClosed, and members vanish without giving
// back; what they hold comes to others after their Idle. The node comes back with a new link of the same hub.
func (l *Link) Kill() { l.shut(true) }

// Delay makes every call take d longer: a request reaches the hub d after it was made, and a record that Next or Take
// waited for comes d after it was there. A context that ends, a break, and Close end the wait; then nothing was done.
// Default: 0.
func (l *Link) Delay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

// LoseReplies makes the next n Appends that reach the hub report ErrUnknown although their records are in the log.
func (l *Link) LoseReplies(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose = n
}

// loses says whether the reply to an Append is lost.
func (l *Link) loses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose <= 0 {
		return false
	}
	l.lose--
	return true
}

// blink breaks a link that is up and mends it at once.
func (l *Link) blink() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == up {
		close(l.down)
		l.down = make(chan struct{})
	}
}

// silence says since when the link is not up; zero while it is.
func (l *Link) silence() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.silent
}
