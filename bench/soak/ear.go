package main

import (
	"github.com/azutoolkit/echo/actor"
)

// An ear is an actor that a subscription sends to. It is not told positions.
type ear struct{ m *member }

func (e *ear) Receive(ctx actor.Context) {
	if ev, ok := ctx.Message().(Event); ok {
		in := now()
		e.m.notes = append(e.m.notes, handout{in: in, out: now(), event: ev, attempt: 1, made: fine})
	}
}
