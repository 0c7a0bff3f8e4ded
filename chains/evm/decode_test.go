package evm_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

var (
	forward  = common.HexToAddress("0x00000000000000000000000000000000000f0001")
	revert   = common.HexToAddress("0x00000000000000000000000000000000000f0002")
	destruct = common.HexToAddress("0x00000000000000000000000000000000000f0003")
	logger   = common.HexToAddress("0x00000000000000000000000000000000000f0004")
)

func withContracts(tb testing.TB, merged bool) *maker {
	m := newMaker(tb, merged)
	m.code(forward, codeForward, 0)
	m.code(revert, codeRevert, 0)
	m.code(destruct, codeDestruct, 777)
	m.code(logger, codeLog, 0)
	return m
}

// everyType sends a transaction of each type that is signed.
func everyType(b *builder) {
	to, gwei := testAccount(5), big.NewInt(params.GWei)
	nonce := func() uint64 { return b.TxNonce(testAccount(0)) }
	b.pay(0, to, 1)
	b.send(0, &types.AccessListTx{ChainID: big.NewInt(1), Nonce: nonce(), To: &to, Value: big.NewInt(2), Gas: 100_000, GasPrice: new(big.Int).Mul(gwei, big.NewInt(9)),
		AccessList: types.AccessList{{Address: forward, StorageKeys: []common.Hash{{1}, {2}}}, {Address: revert}}})
	b.send(0, &types.DynamicFeeTx{ChainID: big.NewInt(1), Nonce: nonce(), To: &to, Value: big.NewInt(3), Gas: 21_000, GasTipCap: gwei, GasFeeCap: new(big.Int).Mul(gwei, big.NewInt(3))})
	b.send(0, &types.DynamicFeeTx{ChainID: big.NewInt(1), Nonce: nonce(), Value: big.NewInt(4), Gas: 200_000, GasTipCap: gwei, GasFeeCap: new(big.Int).Mul(gwei, big.NewInt(9)), Data: common.FromHex("5f5ff3")})
	b.send(0, &types.BlobTx{ChainID: u256(1), Nonce: nonce(), To: to, Value: u256(5), Gas: 21_000, GasTipCap: u256(1), GasFeeCap: u256(9e9), BlobFeeCap: u256(9e9),
		BlobHashes: []common.Hash{{0: 1, 31: 7}, {0: 1, 31: 8}}})
	auth, err := types.SignSetCode(testKey(6), types.SetCodeAuthorization{ChainID: *u256(1), Address: forward, Nonce: b.TxNonce(testAccount(6))})
	require.NoError(b.m.tb, err)
	b.send(0, &types.SetCodeTx{ChainID: u256(1), Nonce: nonce(), To: testAccount(6), Value: u256(6), Gas: 200_000, GasTipCap: u256(1), GasFeeCap: u256(9e9),
		AuthList: []types.SetCodeAuthorization{auth}, Data: argument(testAccount(7))})
}

// Each type is read from JSON, hashes to its hash, is proven by roots, and pays its fee.
func TestEveryTypeOfTransaction(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(2, func(i int, b *builder) {
		everyType(b)
		if i == 0 {
			b.AddWithdrawal(&types.Withdrawal{Validator: 3, Address: common.HexToAddress("0x1111111111111111111111111111111111111111"), Amount: 41})
		}
	})
	for i := range blocks {
		parts := blocks[i].parts(t, "ethereum")
		require.Equal(t, blocks[i].block.Hash(), common.Hash(parts.Header.Ref.Hash))
		require.NotNil(t, parts.Header.Raw)
		block, err := evm.NewDecoder("ethereum").Block(parts)
		require.NoError(t, err)
		for j, tx := range blocks[i].block.Transactions() {
			raw, err := tx.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, raw, block.Txs[j].Raw, "type %d", tx.Type())
			require.Equal(t, tx.Type(), block.Txs[j].Exec.Type)
			require.Equal(t, chains.EvidenceProven, block.Txs[j].Evidence)
			require.Equal(t, evm.Address(testAccount(0)), block.Txs[j].Exec.Sender)
			require.NoError(t, parts.Txs[j].CheckSender("ethereum"))
			again, err := evm.DecodeTransaction("ethereum", raw)
			require.NoError(t, err)
			require.Equal(t, tx.Hash(), again.Hash)
			require.Equal(t, parts.Txs[j].Tx, again)
		}
	}
	m.requireBalances("ethereum", blocks)
}

// What each kind of frame moves, in which order and by which evidence.
func TestMovesOfCalls(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) {
		b.pay(0, forward, 100, append(argument(testAccount(5)), 1)...)
		b.pay(1, revert, 100, argument(testAccount(5))...)
		b.pay(2, destruct, 100, argument(testAccount(5))...)
		b.pay(3, logger, 0, append(append(argument(testAccount(1)), argument(testAccount(2))...), argument(common.Address{19: 9})...)...)
		b.pay(4, destruct, 50, argument(destruct)...)
	})
	block, err := evm.NewDecoder("ethereum").Pick(blocks[0].parts(t, "ethereum"), []int{0, 1, 2, 3, 4})
	require.NoError(t, err)
	a := func(c common.Address) chains.Address { return evm.Address(c) }
	type row struct {
		kind     chains.MoveKind
		from, to chains.Address
		amount   string
		index    uint32
		evidence chains.Evidence
	}
	innerMoves := func(i int) (rows []row) { // without fee and tip
		moves := block.Txs[i].Exec.Moves
		require.Equal(t, chains.MoveFee, moves[0].Kind)
		require.Equal(t, chains.MoveTip, moves[len(moves)-1].Kind)
		for _, m := range moves[1 : len(moves)-1] {
			rows = append(rows, row{m.Kind, m.From, m.To, m.Amount.String(), m.Index, m.Evidence})
		}
		return rows
	}
	require.Equal(t, []row{
		{chains.MoveCall, a(testAccount(0)), a(forward), "100", 0, chains.EvidenceProven},
		{chains.MoveCall, a(forward), a(testAccount(5)), "100", 1, chains.EvidenceAttested},
	}, innerMoves(0))
	require.Empty(t, innerMoves(1))
	require.True(t, block.Txs[1].Exec.Failed)
	require.Equal(t, []row{
		{chains.MoveCall, a(testAccount(2)), a(destruct), "100", 0, chains.EvidenceProven},
		{chains.MoveDestruct, a(destruct), a(testAccount(5)), "877", 1, chains.EvidenceAttested},
	}, innerMoves(2))
	require.Equal(t, []row{{chains.MoveToken, a(testAccount(1)), a(testAccount(2)), "9", 0, chains.EvidenceProven}}, innerMoves(3))
	require.Equal(t, evm.AssetOf(logger), block.Txs[3].Exec.Moves[1].Asset)
	// since Cancun what destroys itself for itself keeps its balance
	require.Equal(t, []row{{chains.MoveCall, a(testAccount(4)), a(destruct), "50", 0, chains.EvidenceProven}}, innerMoves(4))
	require.Equal(t, []chains.Address{a(forward)}, block.Txs[0].Exec.Ran)
	require.Equal(t, []chains.Address{a(logger)}, block.Txs[3].Exec.Ran)
	m.requireBalances("ethereum", blocks)
}

// Before Byzantium receipts say nothing of failures, contracts end for good, and blocks and
// uncles pay rewards.
func TestBlocksBeforeByzantium(t *testing.T) {
	m := newMaker(t, false)
	// without PUSH0: code that destroys itself for the account in word 0
	m.code(destruct, common.FromHex("600035ff"), 777)
	m.code(revert, common.FromHex("fe"), 0)
	uncle := common.HexToAddress("0x2222222222222222222222222222222222222222")
	blocks := m.make(3, func(i int, b *builder) {
		b.pay(0, testAccount(5), 10)
		if i == 1 {
			b.pay(1, revert, 100, 1)
			b.pay(2, destruct, 100, argument(destruct)...)
		}
		if i == 2 {
			b.AddUncle(&types.Header{ParentHash: b.PrevBlock(0).Hash(), Number: big.NewInt(2), Coinbase: uncle})
		}
	})
	m.requireBalances("ethereum", blocks)
	parts := blocks[1].parts(t, "ethereum")
	block, err := evm.NewDecoder("ethereum").Block(parts)
	require.NoError(t, err)
	require.Equal(t, chains.EvidenceProven, block.Txs[1].Evidence)
	require.True(t, block.Txs[1].Exec.Failed)
	require.False(t, block.Txs[2].Exec.Failed)
	last := block.Txs[2].Exec.Moves[2]
	require.Equal(t, chains.MoveDestruct, last.Kind)
	require.Empty(t, last.To)
	require.Equal(t, "877", last.Amount.String())

	parts = blocks[2].parts(t, "ethereum")
	parts.UncleMiners = []evm.Uncle{{Miner: uncle, Height: 2}}
	block, err = evm.NewDecoder("ethereum").Block(parts)
	require.NoError(t, err)
	system := block.Txs[1]
	require.True(t, system.Coinbase)
	require.Equal(t, chains.TxID(blocks[2].block.Hash()), system.ID)
	require.Equal(t, "5156250000000000000", system.Exec.Moves[0].Amount.String())
	require.Equal(t, "4375000000000000000", system.Exec.Moves[1].Amount.String())
	require.Equal(t, evm.Address(uncle), system.Exec.Moves[1].To)
}

// codeShortLived creates a contract with all of the value that destroys itself for itself, and
// calls it with 5 wei when it is no more.
var codeShortLived = common.FromHex("6130ff5f526002601e34f05f5f5f5f6005855af100")

// What a contract holds when it destroys itself for itself is lost, and what it gets after that.
func TestCoinsThatAreLost(t *testing.T) {
	m := newMaker(t, true)
	short := common.HexToAddress("0x00000000000000000000000000000000000f0005")
	m.code(short, codeShortLived, 1000)
	lost := crypto.CreateAddress(short, 0)
	m.watched = append(m.watched, lost)
	blocks := m.make(2, func(i int, b *builder) { b.pay(i, short, 70) })
	m.requireBalances("ethereum", blocks)
	block, err := evm.NewDecoder("ethereum").Block(blocks[0].parts(t, "ethereum"))
	require.NoError(t, err)
	moves := block.Txs[0].Exec.Moves
	var gone []string
	for i := range moves {
		if moves[i].Kind == chains.MoveDestruct {
			require.Equal(t, evm.Address(lost), moves[i].From)
			require.Empty(t, moves[i].To)
			gone = append(gone, moves[i].Amount.String())
		}
	}
	require.Equal(t, []string{"70", "5"}, gone)
}

// Random transfers, calls, reverts and destructions: every balance is go-ethereum's.
func TestBalancesOfRandomBlocks(t *testing.T) {
	m := withContracts(t, true)
	child := common.HexToAddress("0x00000000000000000000000000000000000f0005")
	m.code(child, codeShortLived, 1000)
	rng := rand.New(rand.NewPCG(1, 2))
	targets := []common.Address{forward, revert, destruct, child, testAccount(1), testAccount(2), {}, {19: 4}, destruct, forward}
	blocks := m.make(30, func(_ int, b *builder) {
		for range 10 {
			to := targets[rng.IntN(len(targets))]
			arg := targets[rng.IntN(len(targets))]
			b.pay(rng.IntN(10), to, int64(rng.IntN(1000)), argument(arg)...)
		}
	})
	m.requireBalances("ethereum", blocks)
}

// A node that changes anything is caught where the chain's rules are known.
func TestBlockLies(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) { everyType(b) })
	for name, lie := range map[string]func(*evm.BlockParts){
		"a transaction is left out":    func(b *evm.BlockParts) { b.Txs = b.Txs[1:] },
		"another receipt":              func(b *evm.BlockParts) { b.Txs[0].Receipt.Failed = true },
		"a log more":                   func(b *evm.BlockParts) { b.Txs[0].Receipt.Logs = []evm.Log{{}} },
		"less gas":                     func(b *evm.BlockParts) { b.Txs[2].Receipt.GasUsed-- },
		"another price":                func(b *evm.BlockParts) { b.Txs[2].Receipt.GasPrice = uint256.NewInt(7) },
		"calls of another transaction": func(b *evm.BlockParts) { b.Txs[0].Calls = b.Txs[1].Calls },
		"a withdrawal":                 func(b *evm.BlockParts) { b.Withdrawals = []evm.Withdrawal{{Gwei: 1}} },
	} {
		t.Run(name, func(t *testing.T) {
			parts := blocks[0].parts(t, "ethereum")
			lie(parts)
			_, err := evm.NewDecoder("ethereum").Block(parts)
			require.ErrorIs(t, err, chains.ErrBadAnswer)
		})
	}
	parts := blocks[0].parts(t, "ethereum")
	parts.Txs[3].Sender = testAccount(1)
	_, err := evm.NewDecoder("ethereum").Pick(parts, []int{3})
	require.ErrorIs(t, err, chains.ErrBadAnswer)
}

// Logs are numbered through the block, whatever number the node gives them.
func TestNumbersOfLogs(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) {
		for i := range 3 {
			b.pay(i, logger, 0, append(append(argument(testAccount(1)), argument(testAccount(2))...), argument(common.Address{19: 9})...)...)
		}
	})
	parts := blocks[0].parts(t, "ethereum")
	for i := range parts.Txs {
		parts.Txs[i].Receipt.Logs[0].Index = 0 // as one that starts again in each transaction
	}
	block, err := evm.NewDecoder("ethereum").Block(parts)
	require.NoError(t, err)
	for i := range block.Txs {
		require.EqualValues(t, i, block.Txs[i].Exec.Moves[1].Index)
	}
}

// Without calls the transaction's own value moves, and it is said that more may have.
func TestUntraced(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) {
		b.pay(0, testAccount(5), 100)
		b.pay(0, forward, 100, argument(testAccount(5))...)
		b.pay(1, revert, 100, argument(testAccount(5))...)
	})
	parts := blocks[0].parts(t, "ethereum")
	for i := range parts.Txs {
		parts.Txs[i].Calls = nil
	}
	block, err := evm.NewDecoder("ethereum").Block(parts)
	require.NoError(t, err)
	for i, want := range []bool{false, true, false} {
		require.Equal(t, want, block.Txs[i].Exec.Untraced, "transaction %d", i)
	}
	require.Len(t, block.Txs[0].Exec.Moves, 3)
	require.Len(t, block.Txs[1].Exec.Moves, 3)
	require.Len(t, block.Txs[2].Exec.Moves, 2)
}

// A recorded transaction gives the same facts as the node did.
func TestRecordedTransactions(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(2, func(_ int, b *builder) {
		everyType(b)
		for range 140 {
			b.pay(1, forward, 100, argument(testAccount(5))...)
		}
		b.pay(3, logger, 0, append(append(argument(testAccount(1)), argument(testAccount(2))...), argument(common.Address{19: 9})...)...)
		b.AddWithdrawal(&types.Withdrawal{Validator: 3, Address: testAccount(9), Amount: 41})
	})
	parts := blocks[1].parts(t, "ethereum")
	places := []int{}
	for i := range len(parts.Txs) + 1 {
		places = append(places, i)
	}
	d := evm.NewDecoder("ethereum")
	whole, err := d.Block(parts)
	require.NoError(t, err)
	picked, err := d.Pick(parts, places)
	require.NoError(t, err)
	require.Len(t, picked.Txs, len(whole.Txs))
	for i := range picked.Txs {
		tx := &picked.Txs[i]
		kept := chains.Tx{ID: tx.ID, Block: chains.BlockRef{Height: tx.Block.Height, Hash: tx.Block.Hash}, Index: tx.Index, Coinbase: tx.Coinbase, Raw: tx.Raw, Exec: &chains.Execution{
			Receipt: tx.Exec.Receipt, Attested: tx.Exec.Attested, TxProof: tx.Exec.TxProof, ReceiptProof: tx.Exec.ReceiptProof,
		}}
		again, err := evm.Codec{}.DecodeExec("ethereum", nil, picked.Header, &kept)
		require.NoError(t, err)
		require.Equal(t, *tx, again)
		bare := again
		exec := *again.Exec
		exec.Receipt, exec.Attested, exec.TxProof, exec.ReceiptProof = nil, nil, nil, nil
		bare.Exec = &exec
		require.NoError(t, d.CheckSigner(&whole.Txs[i]))
		require.Equal(t, whole.Txs[i], bare)
		if !tx.Coinbase && i < 9 { // the rest is alike
			requireDamageFound(t, picked.Header, kept)
		}
	}
}

// requireDamageFound flips a bit in each part of a recorded transaction.
func requireDamageFound(t *testing.T, header []byte, kept chains.Tx) {
	t.Helper()
	flip := func(b []byte) []byte {
		c := append([]byte{}, b...)
		c[len(c)/2] ^= 1
		return c
	}
	for name, damage := range map[string]func(*chains.Tx, *[]byte){
		"raw":           func(tx *chains.Tx, _ *[]byte) { tx.Raw = flip(tx.Raw) },
		"receipt":       func(tx *chains.Tx, _ *[]byte) { tx.Exec.Receipt = flip(tx.Exec.Receipt) },
		"proof":         func(tx *chains.Tx, _ *[]byte) { tx.Exec.TxProof = tx.Exec.TxProof[1:] },
		"receipt proof": func(tx *chains.Tx, _ *[]byte) { tx.Exec.ReceiptProof = tx.Exec.ReceiptProof[:1] },
		"place":         func(tx *chains.Tx, _ *[]byte) { tx.Index++ },
		"header":        func(_ *chains.Tx, h *[]byte) { *h = flip(*h) },
	} {
		tx, exec, h := kept, *kept.Exec, header
		tx.Exec = &exec
		damage(&tx, &h)
		_, err := evm.Codec{}.DecodeExec("ethereum", nil, h, &tx)
		require.ErrorIs(t, err, chains.ErrBadAnswer, name)
	}
}
