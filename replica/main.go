// Command replica plays the worked example on two local chains and writes its ground truth and
// its incident; with -clew it also has a clew trace it there and keeps the recording.
//
//	go run ./replica -clew ./cmd/clew -out testdata/demo/atlanta-replica
//
// With -serve it keeps the two nodes and names their addresses, to try a trace by hand.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"clew/replica/atlanta"
	"clew/replica/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "replica:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	flags := flag.NewFlagSet("replica", flag.ContinueOnError)
	anvil := flags.String("anvil", cmp.Or(os.Getenv("CLEW_ANVIL"), "build/tools/anvil"), "the anvil to play on (CLEW_ANVIL)")
	compiled := flags.String("contracts", cmp.Or(os.Getenv("CLEW_REPLICA_CONTRACTS"), "build/replica/contracts.json"), "the compiled contracts (CLEW_REPLICA_CONTRACTS)")
	out := flags.String("out", "", "the folder to write to; without it the play is checked only")
	clew := flags.String("clew", "", "the package of the clew that traces the play and whose recording is kept in -out")
	serve := flags.Bool("serve", false, "keep the nodes until interrupted")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *clew != "" && *out == "" {
		return errors.New("-clew keeps a recording: -out says where")
	}
	contracts, err := stage.ReadContracts(*compiled)
	if err != nil {
		return err
	}
	play, err := atlanta.Run(ctx, atlanta.Options{Anvil: *anvil, Contracts: contracts})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, play.Close()) }()
	if *out != "" {
		if err := write(*out, play); err != nil {
			return err
		}
	}
	if *clew != "" {
		if err := record(ctx, *clew, *out, play); err != nil {
			return err
		}
	}
	for _, name := range []string{"polygon", "bsc"} {
		side := play.Chains[name]
		if _, err := fmt.Fprintf(stdout, "%s: %d transactions, block %d %s, %s\n", name, len(side.Txs), side.Height, side.Hash, side.URL); err != nil {
			return err
		}
	}
	if *serve {
		<-ctx.Done()
	}
	return nil
}

// write writes the truth and the incident.
func write(dir string, play *atlanta.Play) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { // #nosec G301 -- a folder of the sources
		return err
	}
	for name, text := range map[string]func() ([]byte, error){"truth.json": play.Truth.JSON, "incident.yaml": play.Incident} {
		data, err := text()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil { // #nosec G306 -- a file of the sources
			return err
		}
	}
	return nil
}
