package evm_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains/evm"
)

// Decoding of a block of 300 transactions as a node gives it: transactions, receipts with one to three logs, calls;
// roots and hashes computed again.
func BenchmarkDecode(b *testing.B) {
	m := withContracts(b, true)
	blocks := m.make(1, func(_ int, g *builder) {
		for i := range 300 {
			switch i % 3 {
			case 0:
				g.pay(0, testAccount(5), 100)
			case 1:
				g.pay(1, forward, 100, argument(testAccount(5))...)
			case 2:
				g.pay(3, logger, 0, append(append(argument(testAccount(1)), argument(testAccount(2))...), argument(common.Address{19: 9})...)...)
			}
		}
	})
	d := evm.NewDecoder("ethereum")
	one := &blocks[0]
	b.SetBytes(int64(len(one.json) + len(one.receipts) + len(one.calls)))
	for b.Loop() {
		block, err := d.Block(one.parts(b, "ethereum"))
		require.NoError(b, err)
		require.Len(b, block.Txs, 300)
	}
}
