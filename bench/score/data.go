package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"clew/chains"
	"clew/chains/evm"
)

// known is a transaction of the data and what its roles are read from.
type known struct {
	tx     chains.Tx
	inside []internal
	// lacksL1: on the OP stack, the data's receipt does not say what the L1 took.
	lacksL1 bool
}

// internal is a call with value as an explorer lists it: without its place in the tree.
type internal struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Contract string `json:"contractAddress"`
	Value    string `json:"value"`
	Type     string `json:"type"`
	CallType string `json:"callType"`
	Failed   string `json:"isError"`
}

// line is one transaction of mainnet_txs.jsonl.gz.
type line struct {
	ChainID  uint64          `json:"chain_id"`
	Hash     string          `json:"hash"`
	Tx       json.RawMessage `json:"tx"`
	Receipt  json.RawMessage `json:"receipt"`
	Block    json.RawMessage `json:"block"`
	Internal []internal      `json:"internal"`
}

// key names a transaction of a chain.
func key(chain uint64, hash string) string { return fmt.Sprintf("%d %s", chain, strings.ToLower(hash)) }

// transactions reads and decodes all transactions of the data, by key.
func transactions(shared string) (map[string]*known, error) {
	all := map[string]*known{}
	err := lines(filepath.Join(shared, "evm", "mainnet_txs.jsonl.gz"), func(data []byte) error {
		var l line
		if err := json.Unmarshal(data, &l); err != nil {
			return err
		}
		tx, err := l.decode()
		if err != nil {
			return fmt.Errorf("transaction %s of chain %d: %w", l.Hash, l.ChainID, err)
		}
		all[key(l.ChainID, l.Hash)] = &known{tx, l.Internal, l.lacksL1()}
		return nil
	})
	return all, err
}

// lines calls each with every line of a packed file.
func lines(file string, each func([]byte) error) error {
	return unpack(file, func(r io.Reader) error {
		in := bufio.NewScanner(r)
		in.Buffer(nil, 64<<20)
		for in.Scan() {
			if err := each(in.Bytes()); err != nil {
				return err
			}
		}
		return in.Err()
	})
}

// unpack calls read with the content of a packed file.
func unpack(file string, read func(io.Reader) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := read(z); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// decode makes facts of a line. What it says of the block is a part of its header only, so that
// nothing is proven here.
func (l *line) decode() (chains.Tx, error) {
	chain := chains.EVM(l.ChainID)
	parts, err := evm.ParseTransaction(chain, l.Tx, l.Receipt)
	if err != nil {
		return chains.Tx{}, err
	}
	if l.Internal != nil {
		if parts.Calls, err = l.calls(&parts); err != nil {
			return chains.Tx{}, err
		}
	}
	header, err := l.header()
	if err != nil {
		return chains.Tx{}, err
	}
	return evm.NewDecoder(chain).Tx(&parts, header, chains.EvidenceAttested)
}

// lacksL1 reports whether the chain is of the OP stack and its part of the fee is missing.
func (l *line) lacksL1() bool {
	return (l.ChainID == 10 || l.ChainID == 8453) && !bytes.Contains(l.Receipt, []byte(`"l1Fee"`))
}

// header returns what the data holds of the block's header.
func (l *line) header() (*evm.Header, error) {
	var b struct {
		Number  string  `json:"number"`
		Time    string  `json:"timestamp"`
		Miner   string  `json:"miner"`
		BaseFee *string `json:"baseFeePerGas"`
	}
	h := &evm.Header{}
	if string(l.Block) == "null" || len(l.Block) == 0 {
		return h, nil
	}
	if err := json.Unmarshal(l.Block, &b); err != nil {
		return nil, err
	}
	h.Miner = common.HexToAddress(b.Miner)
	if b.BaseFee != nil {
		fee, err := uint256.FromHex(*b.BaseFee)
		if err != nil {
			return nil, fmt.Errorf("base fee: %w", err)
		}
		h.BaseFee = fee
	}
	return h, nil
}

// calls makes a call tree of what an explorer lists: the transaction's own call and all others
// right below it.
func (l *line) calls(p *evm.Parts) (*evm.Call, error) {
	root := &evm.Call{Kind: evm.CallPlain, From: p.Sender, Value: p.Tx.Value, Failed: p.Receipt.Failed}
	if p.Tx.To != nil {
		root.To = *p.Tx.To
	} else {
		root.Kind = evm.CallCreate
		if p.Receipt.Contract != nil {
			root.To = *p.Receipt.Contract
		}
	}
	for _, in := range l.Internal {
		value, err := uint256.FromDecimal(in.Value)
		if err != nil {
			return nil, fmt.Errorf("value of an internal call: %w", err)
		}
		c := evm.Call{Kind: evm.CallPlain, From: common.HexToAddress(in.From), To: common.HexToAddress(in.To), Value: *value, Failed: in.Failed == "1"}
		if strings.HasPrefix(in.Type, "create") {
			c.Kind, c.To = evm.CallCreate, common.HexToAddress(in.Contract)
		}
		if in.CallType == "delegatecall" {
			c.Kind = evm.CallDelegate
		}
		root.Calls = append(root.Calls, c)
	}
	return root, nil
}
