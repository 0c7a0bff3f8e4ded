// Package stage plays transactions on a local EVM node of its own (anvil) so that every run
// gives the same bytes: accounts from a seed, signatures that are the same each time, and a
// block only where the play says so, at the time, with the base fee and by the validator that
// it says. It reads back what the node made of each transaction and refuses what went otherwise.
//
// Start at Start, then Chain.Send, Chain.Do and Chain.Mine.
package stage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// Options say what chain a node plays.
type Options struct {
	Anvil     string // the program
	ChainID   uint64
	Height    int64     // of the block that the chain starts with
	Time      time.Time // of that block
	BaseFee   uint64    // of each block, in wei a unit of gas
	Validator string    // a name: who makes the blocks
	Contracts Contracts
}

// Node is an anvil on loopback. Stop it.
type Node struct {
	URL  string
	cmd  *exec.Cmd
	http http.Client
	id   int
}

var listening = regexp.MustCompile(`Listening on (127\.0\.0\.1:\d+)`)

// startNode starts an anvil that mines only when told, on a free port, and waits until it
// listens. It ends with ctx at the latest.
func startNode(ctx context.Context, o Options) (*Node, error) {
	// The rules of March 2022. Old states are kept: a trace asks for balances at any height.
	cmd := exec.CommandContext(ctx, o.Anvil, "--port", "0", "--no-mining", "--order", "fifo", // #nosec G204 -- the program that whoever runs the replica names
		"--hardfork", "london", "--accounts", "1", "--balance", "0", "--preserve-historical-states", "--disable-default-create2-deployer",
		"--chain-id", strconv.FormatUint(o.ChainID, 10), "--number", strconv.FormatInt(o.Height, 10),
		"--timestamp", strconv.FormatInt(o.Time.Unix(), 10), "--block-base-fee-per-gas", strconv.FormatUint(o.BaseFee, 10))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("output of %s: %w", o.Anvil, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start anvil (`make setup` installs it; CLEW_ANVIL names another): %w", err)
	}
	n := &Node{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			n.URL = "http://" + found[1]
			// What it writes later is not needed, and must not block it.
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return n, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s ended before it listened", o.Anvil), cmd.Wait())
}

// Stop ends the node and waits until it is gone.
func (n *Node) Stop() error {
	if err := n.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("stop anvil: %w", err)
	}
	var ended *exec.ExitError
	if err := n.cmd.Wait(); err != nil && !errors.As(err, &ended) {
		return fmt.Errorf("wait for anvil: %w", err)
	}
	return nil
}

// Ask sends one request and decodes its result into out; nil drops it.
func (n *Node) Ask(ctx context.Context, out any, method string, params ...any) error {
	n.id++
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": n.id, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := n.http.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	err = errors.Join(json.NewDecoder(response.Body).Decode(&answer), response.Body.Close())
	if err != nil {
		return fmt.Errorf("%s: read the answer: %w", method, err)
	}
	if answer.Error != nil {
		return fmt.Errorf("%s: the node says: %s", method, answer.Error.Message)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result, out); err != nil {
		return fmt.Errorf("%s: decode the answer: %w", method, err)
	}
	return nil
}
