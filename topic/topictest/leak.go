package topictest

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// Patience is how long this package waits: for messages unless [Within] says otherwise, and for the end of a system.
const Patience = 10 * time.Second

// living counts the systems whose goroutines there may be. Goroutines do not say whose they are: only when no other system
// lives is each of them a leak. Bubbles of testing/synctest are worlds of their own.
type living struct {
	mu      sync.Mutex
	systems map[string]int // guarded by mu: by bubble
}

var census = &living{systems: map[string]int{}}

// enter counts a system in, and returns the goroutines that there are before it.
func (l *living) enter() map[string]bool {
	l.mu.Lock()
	l.systems[bubble()]++
	l.mu.Unlock()
	ids := map[string]bool{}
	for _, g := range goroutines() {
		ids[g.id] = true
	}
	return ids
}

// leave counts a system out, and reports whether it was the last.
func (l *living) leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := bubble()
	if l.systems[b]--; l.systems[b] == 0 {
		delete(l.systems, b)
		return true
	}
	return false
}

// settle waits for the goroutines of a closed system, and returns those that stay.
func (g *guard) settle() (left []goroutine) {
	if bubble() != "" {
		synctest.Wait()
		return stray(g.before)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(Patience); ; <-tick.C {
		census.mu.Lock()
		others := census.systems[""]
		census.mu.Unlock()
		if left = stray(g.before); len(left) == 0 || others > 0 {
			return nil
		}
		if time.Now().After(end) {
			return left
		}
	}
}

// A goroutine is one entry of runtime.Stack.
type goroutine struct{ id, bubble, stack string }

// goroutines lists those of the caller's bubble, or those outside of all bubbles, without the caller.
func goroutines() (all []goroutine) {
	stacks := make([]byte, 1<<16)
	for n := runtime.Stack(stacks, true); ; n = runtime.Stack(stacks, true) {
		if n < len(stacks) {
			stacks = stacks[:n]
			break
		}
		stacks = make([]byte, 2*len(stacks))
	}
	mine := ""
	for i, stack := range bytes.Split(stacks, []byte("\n\n")) {
		g := parse(string(stack))
		if i == 0 {
			mine = g.bubble
		} else if g.bubble == mine {
			all = append(all, g)
		}
	}
	return all
}

// parse reads "goroutine 7 [select, synctest bubble 3]:".
func parse(stack string) goroutine {
	head, _, _ := strings.Cut(stack, "\n")
	g := goroutine{stack: stack}
	id, state, _ := strings.Cut(strings.TrimPrefix(head, "goroutine "), " ")
	g.id = id
	if _, after, ok := strings.Cut(state, "synctest bubble "); ok {
		g.bubble, _, _ = strings.Cut(strings.TrimRight(after, "]:"), ",")
	}
	return g
}

// bubble is the caller's bubble, or "".
func bubble() string {
	head := make([]byte, 256)
	return parse(string(head[:runtime.Stack(head, false)])).bubble
}

// libraries begin the names of functions whose goroutines belong to a system.
var libraries = []string{
	"github.com/azutoolkit/echo/actor.", "github.com/azutoolkit/echo/supervisor.", "github.com/azutoolkit/echo/topic.",
	"github.com/azutoolkit/echo/topic/cluster.", "github.com/azutoolkit/echo/transport.", "github.com/azutoolkit/echo/transport/",
	"github.com/asynkron/protoactor-go/",
}

// stray are the library's goroutines that there were not before. Tests that call the library are not the library's.
func stray(before map[string]bool) (left []goroutine) {
	for _, g := range goroutines() {
		if before[g.id] || strings.Contains(g.stack, "\ncreated by testing.") {
			continue
		}
		for _, name := range libraries {
			if strings.Contains(g.stack, "\n"+name) || strings.Contains(g.stack, "\ncreated by "+name) {
				left = append(left, g)
				break
			}
		}
	}
	return left
}

// report shows the stacks.
func report(all []goroutine) string {
	var b strings.Builder
	for i, g := range all {
		if i == maxListed {
			b.WriteString("… and more\n")
			break
		}
		b.WriteString(g.stack)
		b.WriteString("\n\n")
	}
	return b.String()
}
