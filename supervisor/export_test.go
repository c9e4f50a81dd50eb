package supervisor

import (
	"errors"

	proto "github.com/asynkron/protoactor-go/actor"
)

// Remembered tells how many children a strategy remembers after f, which lets children fail, each for the first time.
func Remembered(f func(fail func())) int {
	s := newStrategy(Policy{})
	f(func() { s.decide(proto.NewRestartStatistics(), errors.New("bad")) })
	return len(s.records)
}
