package ingest_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/store"
)

// Variables that make the test binary a process that syncs, for TestTorture to kill.
const (
	tortureNode   = "CLEW_TORTURE_NODE"
	tortureCookie = "CLEW_TORTURE_COOKIE"
	tortureStore  = "CLEW_TORTURE_STORE"
	tortureBatch  = "CLEW_TORTURE_BATCH"
)

func TestMain(m *testing.M) {
	if os.Getenv(tortureNode) == "" {
		os.Exit(m.Run())
	}
	if err := tortured(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tortured syncs a store from a node, as the command does, and prints the height of each
// block that it has read.
func tortured(ctx context.Context) error {
	batch, err := strconv.Atoi(os.Getenv(tortureBatch))
	if err != nil {
		return err
	}
	node, err := bitcoin.Dial(ctx, regtest, os.Getenv(tortureNode), bitcoin.Options{CookieFile: os.Getenv(tortureCookie)})
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, os.Getenv(tortureStore), store.Options{Create: true})
	if err != nil {
		return err
	}
	opt := everything
	opt.Progress = func(_, _, _ int64, at chains.BlockRef) { fmt.Println(at.Height) }
	res, err := trySync(ctx, ingest.Node(node), regtest, st, batch, opt)
	if err != nil {
		return err
	}
	fmt.Printf("done %d %v\n", res.Blocks, res.Reorgs)
	return st.Close()
}
