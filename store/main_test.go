package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/custody"
	"clew/store"
)

// The test binary plays the other process where a test needs one: CLEW_STORE_CHILD says
// which part, CLEW_STORE_PATH which store.
func TestMain(m *testing.M) {
	var err error
	switch part := os.Getenv("CLEW_STORE_CHILD"); part {
	case "":
		os.Exit(m.Run())
	case "load":
		err = childLoad(os.Getenv("CLEW_STORE_PATH"))
	case "hold":
		err = childHold(os.Getenv("CLEW_STORE_PATH"))
	case "log":
		err = childLog(os.Getenv("CLEW_STORE_PATH"), logEntries)
	case "log on":
		err = childLog(os.Getenv("CLEW_STORE_PATH"), math.MaxInt)
	case "generate":
		err = childGenerate(os.Getenv("CLEW_STORE_PATH"))
	default:
		err = fmt.Errorf("no such part: %q", part)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	killBlocks = 240
	killTxs    = 60
	killBatch  = 8
)

func killChain() []*chains.Block { return newGenerator(77).blocks(killBlocks, killTxs) }

// childLoad goes on loading killChain from where the store ends, and writes a line to
// standard output before and after each batch.
func childLoad(path string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{Create: true})
	if err != nil {
		return err
	}
	spans, err := s.Spans(ctx, bitcoin)
	if err != nil {
		return err
	}
	next := int64(0)
	if len(spans) > 0 {
		next = spans[0].To + 1
	}
	l, err := s.Load(ctx, bitcoin)
	if err != nil {
		return err
	}
	bs := killChain()
	for i := next; i < killBlocks; i++ {
		if err := l.Add(bs[i]); err != nil {
			return err
		}
		if (i+1)%killBatch != 0 {
			continue
		}
		fmt.Fprintf(os.Stdout, "flush %d\n", i)
		if err := l.Flush(ctx); err != nil {
			return err
		}
		fmt.Fprintf(os.Stdout, "done %d\n", i)
	}
	return s.Close()
}

// childHold loads nothing, holds the loader, and waits to be killed.
func childHold(path string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	if _, err := s.Load(ctx, bitcoin); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "held")
	_, err = bufio.NewReader(os.Stdin).ReadString('\n') // ends with the parent at the latest
	return err
}

// logEntries is how many entries the part "log" appends; "log on" goes on until it is killed.
const logEntries = 25

// childLog appends n entries, a transaction each, and writes a line to standard output behind each.
func childLog(path string, n int) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	for i := range n {
		e, err := s.AppendLog(ctx, custody.Entry{What: "traced", Who: strconv.Itoa(os.Getpid()), Result: strconv.Itoa(i)})
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, e.Seq, e.Hash)
	}
	return s.Close()
}

// child starts a part of TestMain in a process of its own.
func child(t *testing.T, part, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "CLEW_STORE_CHILD="+part, "CLEW_STORE_PATH="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = in.Close() }) // closed already where the process is gone
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}
