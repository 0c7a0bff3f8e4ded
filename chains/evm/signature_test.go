package evm_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

// Whole blocks leave signatures unchecked: what moves by the sender's word is attested until
// CheckSigner is asked, and a node that names another sender is caught there, and never believed
// before.
func TestSendersOfWholeBlocks(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) {
		b.pay(0, forward, 100, append(argument(testAccount(5)), 1)...)
		b.pay(1, testAccount(6), 7)
	})
	d := evm.NewDecoder("ethereum")
	own := func(tx *chains.Tx) []chains.Evidence { // fee and value
		return []chains.Evidence{tx.Exec.Moves[0].Evidence, tx.Exec.Moves[1].Evidence}
	}
	attested, proven := []chains.Evidence{chains.EvidenceAttested, chains.EvidenceAttested}, []chains.Evidence{chains.EvidenceProven, chains.EvidenceProven}

	whole, err := d.Block(blocks[0].parts(t, "ethereum"))
	require.NoError(t, err)
	for i := range whole.Txs[:2] {
		tx := &whole.Txs[i]
		require.Equal(t, attested, own(tx))
		require.Equal(t, chains.EvidenceProven, tx.Evidence, "that it stands in the block")
		require.Equal(t, chains.EvidenceProven, tx.Exec.Moves[len(tx.Exec.Moves)-1].Evidence, "the tip")
		require.NoError(t, d.CheckSigner(tx))
		require.Equal(t, proven, own(tx))
		require.Zero(t, tx.Exec.OnSignature)
	}
	require.Equal(t, chains.EvidenceAttested, whole.Txs[0].Exec.Moves[2].Evidence, "a call inside")

	lying := blocks[0].parts(t, "ethereum")
	lying.Txs[1].Sender = testAccount(9)
	for i := range lying.Txs {
		if c := lying.Txs[i].Calls; i == 1 && c != nil {
			c.From = testAccount(9)
		}
	}
	whole, err = d.Block(lying)
	require.NoError(t, err)
	require.Equal(t, evm.Address(testAccount(9)), whole.Txs[1].Exec.Sender)
	require.Equal(t, attested, own(&whole.Txs[1]))
	require.ErrorIs(t, d.CheckSigner(&whole.Txs[1]), chains.ErrBadAnswer)
	require.Equal(t, attested, own(&whole.Txs[1]))
	_, err = d.Pick(lying, []int{1})
	require.ErrorIs(t, err, chains.ErrBadAnswer)
}

// What nobody signed is the node's word about who sent it, and stays so.
func TestSenderWithoutSignature(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) { b.pay(1, testAccount(6), 7) })
	parts := blocks[0].parts(t, "ethereum")
	parts.Txs[0].Tx.S.Clear()
	header := *parts.Header
	header.TxRoot = types.EmptyTxsHash
	parts.Txs[0].Tx.Raw = nil // a test node that sends in another's name
	d := evm.NewDecoder("ethereum")
	for _, read := range []func(*evm.BlockParts) (*chains.Block, error){
		d.Block, func(b *evm.BlockParts) (*chains.Block, error) { return d.Pick(b, []int{0}) },
	} {
		b, err := read(parts)
		require.NoError(t, err)
		require.NoError(t, d.CheckSigner(&b.Txs[0]))
		require.Zero(t, b.Txs[0].Exec.OnSignature)
		for i := range b.Txs[0].Exec.Moves {
			require.Equal(t, chains.EvidenceAttested, b.Txs[0].Exec.Moves[i].Evidence)
		}
	}
}
