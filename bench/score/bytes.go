package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"clew/chains"
	"clew/chains/evm"
)

// readable is how much of a chain's transactions could be checked without their blocks.
type readable struct{ all, hashed, signed int }

// scoreBytes counts the transactions whose consensus bytes, written from a node's JSON, hash to
// their ids, and whose signature is that of the sender that the node names. A transaction that
// cannot be decoded, or another signer, ends the measurement.
func scoreBytes(shared string, out io.Writer) error {
	byChain := map[chains.Chain]*readable{}
	err := lines(filepath.Join(shared, "evm", "mainnet_txs.jsonl.gz"), func(data []byte) error {
		var l line
		if err := json.Unmarshal(data, &l); err != nil {
			return err
		}
		chain := chains.EVM(l.ChainID)
		if byChain[chain] == nil {
			byChain[chain] = &readable{}
		}
		p, err := evm.ParseTransaction(chain, l.Tx, l.Receipt)
		if err == nil {
			err = byChain[chain].count(chain, &p)
		}
		if err != nil {
			return fmt.Errorf("transaction %s of %s: %w", l.Hash, chain, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sum := readable{}
	if _, err := fmt.Fprint(out, "| chain | transactions | bytes that hash to the id | signed by the sender named |\n|---|---|---|---|\n"); err != nil {
		return err
	}
	for _, chain := range slices.Sorted(maps.Keys(byChain)) {
		c := byChain[chain]
		sum = readable{sum.all + c.all, sum.hashed + c.hashed, sum.signed + c.signed}
		if _, err := fmt.Fprintf(out, "| %s | %d | %d | %d |\n", chain, c.all, c.hashed, c.signed); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "| all | %d | %d | %d |\n", sum.all, sum.hashed, sum.signed)
	return err
}

func (c *readable) count(chain chains.Chain, p *evm.Parts) error {
	c.all++
	if p.Tx.Raw == nil {
		return nil
	}
	c.hashed++
	again, err := evm.DecodeTransaction(chain, p.Tx.Raw)
	if err != nil {
		return err
	}
	if again.S.IsZero() { // an L2's own, which nobody signed
		return nil
	}
	signer, err := again.Signer(chain)
	switch {
	case err != nil:
		return err
	case signer != p.Sender:
		return fmt.Errorf("%w: %s signed, the node names %s", chains.ErrBadAnswer, signer, p.Sender)
	}
	c.signed++
	return nil
}
