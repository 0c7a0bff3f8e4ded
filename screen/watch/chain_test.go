package watch_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/screen/watch"
)

const regtest = chains.Chain("bitcoin-regtest")

// made is a chain that a test makes in the rig's store, block by block.
type made struct {
	r      *rig
	blocks []*chains.Block
	outs   map[chains.OutPoint]chains.Output
	branch string
	kept   int // blocks that are in the store
}

func newMade(r *rig) *made { return &made{r: r, outs: map[chains.OutPoint]chains.Output{}} }

// key returns the address of somebody.
func key(who string) chains.Address {
	h := sha256.Sum256([]byte(who))
	a, _ := bitcoin.Classify(regtest, append([]byte{0x00, 0x14}, h[:20]...)) // pay to witness public key hash
	return a
}

// at returns the address of somebody as a subject.
func at(who string) string {
	return string(regtest) + ":" + bitcoin.Codec{}.FormatAddress(regtest, key(who))
}

// pay is an output to somebody.
type pay struct {
	to    string
	units uint64
}

// block begins a block, whose coinbase pays somebody.
func (c *made) block(miner string) chains.OutPoint {
	b := &chains.Block{Header: make([]byte, 80)}
	b.Ref = chains.BlockRef{Height: int64(len(c.blocks)), Time: 1_577_836_800 + 600*int64(len(c.blocks))}
	b.Ref.Hash = sha256.Sum256(fmt.Appendf(nil, "block %d %s", b.Ref.Height, c.branch))
	if n := len(c.blocks); n > 0 {
		b.Prev = c.blocks[n-1].Ref.Hash
	}
	copy(b.Header[4:], b.Prev[:])
	c.blocks = append(c.blocks, b)
	return c.add(chains.Tx{Coinbase: true}, pay{miner, 50e8})[0]
}

// tx puts a transaction into the last block.
func (c *made) tx(from []chains.OutPoint, pays ...pay) []chains.OutPoint {
	var tx chains.Tx
	for _, o := range from {
		tx.Inputs = append(tx.Inputs, chains.Input{Prev: o, Spent: c.outs[o], Known: true, Proven: true})
	}
	return c.add(tx, pays...)
}

func (c *made) add(tx chains.Tx, pays ...pay) []chains.OutPoint {
	b := c.blocks[len(c.blocks)-1]
	tx.Block, tx.Index, tx.Version, tx.Evidence = b.Ref, len(b.Txs), 2, chains.EvidenceProven
	h := sha256.New()
	for _, in := range tx.Inputs {
		h.Write([]byte(in.Prev.String()))
	}
	for _, p := range pays {
		h.Write(binary.BigEndian.AppendUint64([]byte(p.to), p.units))
	}
	if tx.Coinbase {
		h.Write(b.Ref.Hash[:])
	}
	h.Sum(tx.ID[:0])
	outs := make([]chains.OutPoint, len(pays))
	for i, p := range pays {
		out := chains.Output{Value: p.units, Address: key(p.to), Type: chains.ScriptP2WPKH}
		tx.Outputs = append(tx.Outputs, out)
		outs[i] = chains.OutPoint{Tx: tx.ID, Index: uint32(i)}
		c.outs[outs[i]] = out
	}
	b.Txs = append(b.Txs, tx)
	return outs
}

// save puts the new blocks into the store.
func (c *made) save() {
	t := c.r.t
	t.Helper()
	l, err := c.r.store.Load(t.Context(), regtest)
	require.NoError(t, err)
	for _, b := range c.blocks[c.kept:] {
		require.NoError(t, l.Add(b))
	}
	c.kept = len(c.blocks)
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
}

// leave takes the blocks above a height from the main chain; what follows is of another branch.
func (c *made) leave(height int64) {
	t := c.r.t
	t.Helper()
	_, err := c.r.store.Rewind(t.Context(), regtest, height)
	require.NoError(t, err)
	c.blocks, c.kept = c.blocks[:height+1], int(height)+1
	c.branch += "'"
}

// tells are the events that wait, in order, as "kind height".
func (r *rig) tells() []string {
	r.t.Helper()
	out := []string{}
	for _, g := range r.queued() {
		var m watch.Movement
		decode(r.t, g.Data, &m)
		at := "-"
		if m.Height != nil {
			at = fmt.Sprint(*m.Height)
		}
		out = append(out, g.Type+" "+at)
	}
	return out
}
