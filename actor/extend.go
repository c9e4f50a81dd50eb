package actor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// extended holds the values of packages that build on a System.
type extended struct {
	mu     sync.Mutex // guards what follows
	values map[extendedKey]*extendedValue
	order  []*extendedValue // oldest first
}

type extendedKey struct {
	key any
	typ reflect.Type
}

type extendedValue struct {
	once  sync.Once
	value any
}

// Extend returns the value that belongs to s under key and T, and makes it if there is none. make is called once and
// may itself call Extend with other keys. Make none once Closing: nobody would close it. It is for packages that build on System and keep one value per system.
//
// If the value has a method Drain(context.Context) error or Close(context.Context) error, System.Close calls it: all
// Drain, newest first; then users' actors are drained; then all Drain once more; then all Close, newest first. Both
// must end with their context.
func Extend[T any](s *System, key any, make func() T) T {
	x := &s.ext
	k := extendedKey{key, reflect.TypeFor[T]()}
	x.mu.Lock()
	v := x.values[k]
	if v == nil {
		if x.values == nil {
			x.values = map[extendedKey]*extendedValue{}
		}
		v = &extendedValue{}
		x.values[k] = v
	}
	x.mu.Unlock()
	v.once.Do(func() {
		made := false
		defer func() {
			x.mu.Lock()
			defer x.mu.Unlock()
			if made {
				x.order = append(x.order, v)
			} else {
				delete(x.values, k) // make panicked: the next call tries again
			}
		}()
		v.value = make()
		made = true
	})
	return v.value.(T)
}

// newest returns the values that are made, newest first.
func (x *extended) newest() []any {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []any
	for _, v := range slices.Backward(x.order) {
		all = append(all, v.value)
	}
	return all
}

func (s *System) drainExtensions(ctx context.Context) error {
	var errs []error
	for _, v := range s.ext.newest() {
		if d, ok := v.(interface{ Drain(context.Context) error }); ok {
			errs = append(errs, guarded(ctx, "drain", v, d.Drain))
		}
	}
	return errors.Join(errs...)
}

func (s *System) closeExtensions(ctx context.Context) error {
	var errs []error
	for _, v := range s.ext.newest() {
		if c, ok := v.(interface{ Close(context.Context) error }); ok {
			errs = append(errs, guarded(ctx, "close", v, c.Close))
		}
	}
	return errors.Join(errs...)
}

// guarded calls f and makes an error of a panic, so that one extension does not keep the others from closing.
func guarded(ctx context.Context, verb string, v any, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err != nil {
			err = fmt.Errorf("%s %T: %w", verb, v, err)
		}
	}()
	return f(ctx)
}
