package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clew/chains"
	"clew/chains/evm/nodetest"
)

// evmFilled is an EVM node, or what stands in for one, as its jobs find it in their folder.
type evmFilled struct {
	Chain   chains.Chain `json:"chain"`
	URL     string       `json:"url"`
	PID     int          `json:"pid"`
	From    int64        `json:"from"` // the first block that counts
	To      int64        `json:"to"`
	Missing bool         `json:"missing"`
	Traces  string       `json:"traces"` // the method that gives the calls of a block
	// Incident is that of the chain, where it is a generated one.
	Incident string `json:"incident"`
}

func (o *options) evmFile() string { return filepath.Join(o.dir, "evm.json") }

// describeEVM prints what the jobs must know, for the process that started this one.
func describeEVM(f evmFilled) error { return json.NewEncoder(os.Stdout).Encode(f) }

// readEVM returns what is known of the node.
func (o *options) readEVM() (f evmFilled, err error) {
	text, err := os.ReadFile(o.evmFile())
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}

// The methods by which the calls of a block are asked for, as evm.Dial chooses them.
const (
	byDebug  = "debug_traceBlockByHash"
	byParity = "trace_block"
)

// runEVMNode starts the node that o.way names, fills it, says what it is, and serves until ctx
// ends.
func (o *options) runEVMNode(ctx context.Context) (res result, err error) {
	n, stop, err := nodetest.Launch(ctx, nodetest.Kind(o.way), nodetest.Options{})
	if errors.Is(err, nodetest.ErrMissing) {
		return res, describeEVM(evmFilled{Missing: true})
	}
	if err != nil {
		return res, err
	}
	defer stop()
	f := evmFilled{Chain: n.Chain, URL: n.URL, PID: n.PID, Traces: byDebug}
	if n.Kind == nodetest.Anvil {
		f.Traces = byParity
	}
	if err := fillEVM(n, &f, o.txs, o.blockTxs); err != nil {
		return res, err
	}
	if err := describeEVM(f); err != nil {
		return res, err
	}
	<-ctx.Done()
	return res, nil
}

// fillEVM puts mixed transactions into blocks. A node's refusal is a panic where there is no test.
func fillEVM(n *nodetest.Node, f *evmFilled, txs, blockTxs int) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("fill the node: %v", fault)
		}
	}()
	s := newScene(n)
	f.From = n.Height() + 1
	for range txs / blockTxs {
		s.block(blockTxs)
	}
	f.To = n.Height()
	return nil
}
