package bitcoin

import (
	"encoding/binary"
	"fmt"

	"clew/chains"
)

// SpentOutput is an output that an input spends, with its script: what the adapter learns
// from beside the block.
type SpentOutput struct {
	Value  uint64 // whole smallest units
	Script []byte
}

// Output returns s, of chain, in the vocabulary of chains.
func (s SpentOutput) Output(chain chains.Chain) chains.Output {
	out := chains.Output{Value: s.Value}
	if net, err := networkOf(chain); err == nil {
		out.Address = chains.Address(net.appendOutput(nil, s.Script, &out))
	}
	return out
}

// EncodeSpent returns the one serialization of the outputs that a transaction spends, in
// the order of its inputs; a coinbase spends none. It is what chains.Block.Spent and
// recordings keep:
//
//	number of outputs, compact size
//	for each: value 8 bytes little-endian | length of script, compact size | script
func EncodeSpent(spent []SpentOutput) []byte {
	size := 9
	for _, s := range spent {
		size += 17 + len(s.Script)
	}
	raw := appendCompactSize(make([]byte, 0, size), uint64(len(spent)))
	for _, s := range spent {
		raw = binary.LittleEndian.AppendUint64(raw, s.Value)
		raw = append(appendCompactSize(raw, uint64(len(s.Script))), s.Script...)
	}
	return raw
}

// DecodeSpent reads what EncodeSpent wrote. Scripts are parts of raw. An error wraps
// ErrBadEncoding.
func DecodeSpent(raw []byte) ([]SpentOutput, error) {
	r := reader{data: raw}
	spent := make([]SpentOutput, r.count("spent outputs", leastOutput))
	for i := range spent {
		spent[i].Value = r.value()
		spent[i].Script = r.take(r.compactSize())
		if r.err != nil {
			break
		}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("spent outputs: %w", err)
	}
	return spent, nil
}

// DecodeSpentTxOuts reads the answer of bitcoind's REST /rest/spenttxouts/HASH.bin: the number
// of transactions as a compact size, then for each, the coinbase included, what EncodeSpent
// would have written. It returns those parts of raw, one per transaction.
func DecodeSpentTxOuts(raw []byte) ([][]byte, error) {
	r := reader{data: raw}
	spent := make([][]byte, r.count("transactions", 1))
	for i := range spent {
		start := r.pos
		for range r.count("spent outputs", leastOutput) {
			r.value()
			r.take(r.compactSize())
			if r.err != nil {
				break
			}
		}
		spent[i] = raw[start:r.pos:r.pos]
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("spent outputs of a block: %w", err)
	}
	return spent, nil
}

// AttachSpent fills the inputs of block, of chain, with the outputs that they spend and keeps spent as
// block.Spent. It wants one entry per transaction in the form of EncodeSpent, in the block's own order, with as many
// outputs as the transaction has inputs, and worth no less than it pays; anything else is
// chains.ErrBadAnswer, and then block is not to be used. Beyond that the block does not
// prove the values: they are as good as their source, until the transactions that made the
// outputs are read.
func AttachSpent(chain chains.Chain, block *chains.Block, spent [][]byte) error {
	net, err := networkOf(chain)
	if err != nil {
		return err
	}
	if len(spent) != len(block.Txs) {
		return fmt.Errorf("block %s: spent outputs of %d transactions for a block of %d: %w",
			block.Ref.Hash, len(spent), len(block.Txs), chains.ErrBadAnswer)
	}
	var keys []byte
	var ends []int
	for i := range block.Txs {
		if keys, ends, err = net.attachTx(&block.Txs[i], spent[block.Place(i)], keys, ends); err != nil {
			return fmt.Errorf("block %s, transaction %d: %w", block.Ref.Hash, block.Place(i), err)
		}
	}
	all, start, next := string(keys), 0, 0
	for i := range block.Txs {
		for j := range block.Txs[i].Inputs {
			block.Txs[i].Inputs[j].Spent.Address = chains.Address(all[start:ends[next]])
			start = ends[next]
			next++
		}
	}
	block.Spent = spent
	return nil
}

// attachTx fills the inputs of tx but for their addresses, which it appends to keys.
func (net *network) attachTx(tx *chains.Tx, spent, keys []byte, ends []int) ([]byte, []int, error) {
	r := reader{data: spent}
	if n := r.compactSize(); r.err == nil && n != uint64(len(tx.Inputs)) {
		return nil, nil, fmt.Errorf("%d spent outputs for %d inputs: %w", n, len(tx.Inputs), chains.ErrBadAnswer)
	}
	var spends, pays chains.Amount // no sum of 63-bit values overflows
	for j := range tx.Inputs {
		in := &tx.Inputs[j]
		in.Spent.Value = r.value()
		spends = spends.Plus(chains.Units(in.Spent.Value))
		script := r.take(r.compactSize())
		if r.err != nil {
			break
		}
		keys = net.appendOutput(keys, script, &in.Spent)
		in.Known = true
		ends = append(ends, len(keys))
	}
	if err := r.end(); err != nil {
		return nil, nil, fmt.Errorf("spent outputs: %w: %w", err, chains.ErrBadAnswer)
	}
	for _, out := range tx.Outputs {
		pays = pays.Plus(chains.Units(out.Value))
	}
	if !tx.Coinbase && spends.Less(pays) {
		return nil, nil, fmt.Errorf("spent outputs: the transaction would pay %s of %s: %w", pays, spends, chains.ErrBadAnswer)
	}
	return keys, ends, nil
}
