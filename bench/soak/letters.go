package main

// expectLetter notes that a message was given up. If the consumer may have been ended over it, its letter need not be there.
func (w *world) expectLetter(l *ledger, consumer string, major uint64, attempts int, mayBeCut bool) {
	l.given[letter{consumer, major, attempts}] = !mayBeCut
}

// checkLetters compares what was given up with the dead letters.
func (w *world) checkLetters() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.count("dead letters", w.buried)
	for _, a := range w.history {
		l := a.log
		if l == nil {
			continue
		}
		for d, n := range l.letter {
			if _, ok := l.given[d]; !ok && !w.unjudged[d.consumer] {
				w.violation("%v: %s gave up %d after %d attempts, says a dead letter, but it did not", l, d.consumer, d.major, d.attempts)
				break
			}
			if n > 1 && w.hub == nil {
				w.violation("%v: %s has %d dead letters for %d", l, d.consumer, n, d.major)
				break
			}
		}
		if w.abrupt {
			continue
		}
		for d, must := range l.given {
			if must && l.letter[d] == 0 {
				w.violation("%v: %s gave up %d after %d attempts, but there is no dead letter", l, d.consumer, d.major, d.attempts)
				break
			}
		}
	}
}
