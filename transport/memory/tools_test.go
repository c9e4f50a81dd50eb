package memory_test

import (
	"errors"
	"testing"

	"github.com/azutoolkit/echo/transport"
)

func open(t *testing.T, tr transport.Transport, cfg transport.Config) transport.Log {
	t.Helper()
	log, err := tr.Open(t.Context(), "orders", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func put(t *testing.T, log transport.Log, ids ...string) []transport.Position {
	t.Helper()
	rs := make([]transport.Record, len(ids))
	for i, id := range ids {
		rs[i].ID = id
	}
	ps, err := log.Append(t.Context(), rs)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func records(t *testing.T, log transport.Log) int {
	t.Helper()
	st, err := log.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st.Records
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}
