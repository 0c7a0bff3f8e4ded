package nodetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
)

// Launch starts a node without a test, for measurements, and returns what stops it. Its methods
// panic where the node refuses. ErrMissing: the program is not on this machine. It ends with ctx
// as long as it starts.
func Launch(ctx context.Context, kind Kind, o Options) (n *Node, stop func(), err error) {
	t := &noTest{started: func() context.Context { return ctx }}
	defer func() {
		switch fault := recover().(type) {
		case nil:
			return
		case error:
			err = fault
		default:
			err = fmt.Errorf("%v", fault)
		}
		t.stop()
	}()
	return Start(t, kind, o), t.stop, nil
}

// noTest stands in for a test: what it has no method for is not asked by a Node.
type noTest struct {
	testing.TB
	started func() context.Context
	ends    []func()
}

// Helper is of testing.TB.
func (*noTest) Helper() {}

// Fatalf is of testing.TB.
func (*noTest) Fatalf(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

// Errorf is of testing.TB: a node that does not stop.
func (*noTest) Errorf(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

// Skip is of testing.TB.
func (*noTest) Skip(args ...any) {
	for _, arg := range args {
		if err, ok := arg.(error); ok && errors.Is(err, ErrMissing) {
			panic(err)
		}
	}
	panic(fmt.Sprint(args...))
}

// Context is of testing.TB.
func (t *noTest) Context() context.Context { return t.started() }

// Cleanup is of testing.TB.
func (t *noTest) Cleanup(do func()) { t.ends = append(t.ends, do) }

// TempDir is of testing.TB.
func (t *noTest) TempDir() string {
	dir, err := os.MkdirTemp("", "clew-node-")
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			panic(err)
		}
	})
	return dir
}

func (t *noTest) stop() {
	for _, end := range slices.Backward(t.ends) {
		end()
	}
	t.ends = nil
}
