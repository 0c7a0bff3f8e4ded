package nodetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"
)

// ErrMissing means that the program is not on this machine.
var ErrMissing = errors.New("anvil is missing: run make build/tools/anvil, or set CLEW_ANVIL")

const (
	startLimit = time.Minute
	keptLines  = 40
)

// findAnvil returns the program.
func findAnvil() (string, error) {
	if path := os.Getenv("CLEW_ANVIL"); path != "" {
		return path, nil
	}
	dir, err := os.Getwd()
	for err == nil && filepath.Dir(dir) != dir {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			path := filepath.Join(dir, "build", "tools", "anvil")
			if _, missing := os.Stat(path); missing == nil {
				return path, nil
			}
			break
		}
		dir = filepath.Dir(dir)
	}
	if path, err := exec.LookPath("anvil"); err == nil {
		return path, nil
	}
	return "", ErrMissing
}

// startAnvil runs an anvil on a free port.
func (n *Node) startAnvil(o Options) {
	n.t.Helper()
	program, err := findAnvil()
	if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
		n.t.Skip(err)
	}
	var address string
	for attempt := 0; err == nil && attempt < 5; attempt++ { // another program may take the port in between
		if address, err = n.runAnvil(program, o); err == nil {
			break
		}
	}
	if err != nil {
		n.t.Fatalf("start anvil: %v", err)
	}
	n.URL, n.WS = "http://"+address, "ws://"+address
	if n.client, err = rpc.Dial(n.URL); err != nil {
		n.t.Fatalf("anvil: %v", err)
	}
	n.mine = mineAnvil
	n.send = func(tx *types.Transaction) error {
		raw, err := tx.MarshalBinary()
		if err != nil {
			return err
		}
		return n.Try(nil, "eth_sendRawTransaction", hexutil.Bytes(raw))
	}
	n.reorg = func(n *Node, depth int) {
		n.RPC(nil, "anvil_reorg", depth, []any{})
		n.Skip(1)
	}
	for a, account := range o.alloc() {
		n.RPC(nil, "anvil_setBalance", a, (*hexutil.Big)(account.Balance))
		if len(account.Code) > 0 {
			n.RPC(nil, "anvil_setCode", a, hexutil.Bytes(account.Code))
		}
		for slot, value := range account.Storage {
			n.RPC(nil, "anvil_setStorageAt", a, slot, value)
		}
	}
	n.RPC(nil, "anvil_setCoinbase", FeeRecipient())
}

// mineAnvil makes a block. Anvil counts the transactions that wait in a task of its own.
func mineAnvil(n *Node) common.Hash {
	n.t.Helper()
	n.RPC(nil, "evm_mine")
	var block struct {
		Hash common.Hash `json:"hash"`
	}
	n.RPC(&block, "eth_getBlockByNumber", "latest", false)
	return block.Hash
}

// runAnvil starts the program and waits until it listens.
func (n *Node) runAnvil(program string, o Options) (address string, err error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	args := append([]string{
		"--host", "127.0.0.1", "--port", port, "--chain-id", n.ChainID.String(), "--no-mining",
		"--accounts", "1", "--timestamp", fmt.Sprint(o.Time), "--gas-limit", fmt.Sprint(blockGas), "--hardfork", "prague",
		"--preserve-historical-states",
	}, o.Args...)
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // a program that the developer named; it lives as long as the test
	cmd.SysProcAttr = dieWithParent()
	cmd.Env = append(os.Environ(), "HOME="+n.t.TempDir()) // it keeps nothing there
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("read what anvil prints: %w", err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("run %s: %w", program, err)
	}
	n.PID = cmd.Process.Pid
	ready, ended := make(chan struct{}), make(chan string, 1)
	go watch(cmd, out, ready, ended)
	n.t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			n.t.Errorf("stop anvil: %v", err)
		}
		<-ended
	})
	ctx, cancel := context.WithTimeout(n.t.Context(), startLimit)
	defer cancel()
	select {
	case <-ready:
		return "127.0.0.1:" + port, nil
	case last := <-ended:
		ended <- last
		return "", errors.New("it ended:\n" + last)
	case <-ctx.Done():
		return "", fmt.Errorf("it does not listen: %w", context.Cause(ctx))
	}
}

// watch reads what the program prints to its end, and waits for the program.
func watch(cmd *exec.Cmd, out io.Reader, ready chan<- struct{}, ended chan<- string) {
	var last []string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	listening := false
	for lines.Scan() {
		if last = append(last, lines.Text()); len(last) > keptLines {
			last = last[1:]
		}
		if !listening && strings.Contains(lines.Text(), "Listening on") {
			listening = true
			close(ready)
		}
	}
	_, _ = io.Copy(io.Discard, out) // after a line that is too long; the log is for people only
	_ = cmd.Wait()                  // how it ended shows in the log
	ended <- strings.Join(last, "\n")
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens at once
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
