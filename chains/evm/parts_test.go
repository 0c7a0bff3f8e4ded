package evm_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

// rpcText writes members as a node does.
func rpcText(tb testing.TB, members map[string]any) []byte {
	tb.Helper()
	data, err := json.Marshal(members)
	require.NoError(tb, err)
	return data
}

// envelope is the type and the RLP of the fields, as a specification lists them.
func envelope(tb testing.TB, kind byte, fields ...any) []byte {
	tb.Helper()
	data, err := rlp.EncodeToBytes(fields)
	require.NoError(tb, err)
	return append([]byte{kind}, data...)
}

// ownTypes are transactions that an L2 puts in by itself: as JSON, and as its specification
// writes them.
func ownTypes(tb testing.TB) map[string]struct {
	chain   chains.Chain
	members map[string]any
	raw     []byte
} {
	from, to := common.HexToAddress("0x11"), common.HexToAddress("0x22")
	source, data := common.HexToHash("0x33"), hexutil.Bytes{1, 2, 3}
	n := func(v uint64) string { return fmt.Sprintf("0x%x", v) }
	return map[string]struct {
		chain   chains.Chain
		members map[string]any
		raw     []byte
	}{
		"a deposit of the OP stack": {"base", map[string]any{
			"type": "0x7e", "from": from, "to": to, "sourceHash": source, "mint": n(5), "value": n(4), "gas": n(3), "isSystemTx": false, "input": data, "gasPrice": "0x0", "nonce": n(9),
		}, envelope(tb, 0x7e, source, from, to, uint64(5), uint64(4), uint64(3), false, []byte(data))},
		"a message of Scroll": {"eip155:534352", map[string]any{
			"type": "0x7e", "from": from, "to": to, "queueIndex": n(7), "value": n(4), "gas": n(3), "input": data, "gasPrice": "0x0",
		}, envelope(tb, 0x7e, uint64(7), uint64(3), to, uint64(4), []byte(data), from)},
		"a deposit of Arbitrum": {"arbitrum", map[string]any{
			"type": "0x64", "chainId": n(42161), "from": from, "to": to, "requestId": source, "value": n(4), "gas": "0x0", "input": "0x",
		}, envelope(tb, 0x64, uint64(42161), source, from, to, uint64(4))},
		"a retry of Arbitrum": {"arbitrum", map[string]any{
			"type": "0x68", "chainId": n(42161), "nonce": n(1), "from": from, "to": to, "ticketId": source, "value": n(4), "gas": n(3), "maxFeePerGas": n(8),
			"input": data, "refundTo": to, "maxRefund": n(6), "submissionFeeRefund": n(2),
		}, envelope(tb, 0x68, uint64(42161), uint64(1), from, uint64(8), uint64(3), to, uint64(4), []byte(data), source, to, uint64(6), uint64(2))},
		"a submission to Arbitrum": {"arbitrum", map[string]any{
			"type": "0x69", "chainId": n(42161), "from": from, "to": common.HexToAddress("0x6e"), "requestId": source, "l1BaseFee": n(1), "depositValue": n(50), "maxFeePerGas": n(8), "gas": n(3),
			"retryTo": to, "retryValue": n(4), "beneficiary": to, "maxSubmissionFee": n(6), "refundTo": from, "retryData": data, "value": "0x0", "input": "0x99",
		}, envelope(tb, 0x69, uint64(42161), source, from, uint64(1), uint64(50), uint64(8), uint64(3), to, uint64(4), to, uint64(6), from, []byte(data))},
		"a note of Arbitrum": {"arbitrum", map[string]any{
			"type": "0x6a", "chainId": n(42161), "from": from, "to": to, "input": data, "value": "0x0", "gas": "0x0",
		}, envelope(tb, 0x6a, uint64(42161), []byte(data))},
	}
}

func receiptOf(hash common.Hash, more map[string]any) map[string]any {
	members := map[string]any{
		"transactionHash": hash, "transactionIndex": "0x0", "blockHash": common.Hash{}, "status": "0x1", "cumulativeGasUsed": "0x5208", "gasUsed": "0x5208",
		"effectiveGasPrice": "0x0", "logs": []any{},
	}
	for name, v := range more {
		members[name] = v
	}
	return members
}

func TestOwnTypesOfChains(t *testing.T) {
	for name, c := range ownTypes(t) {
		hash := crypto.Keccak256Hash(c.raw)
		c.members["hash"], c.members["transactionIndex"] = hash, "0x0"
		p, err := evm.ParseTransaction(c.chain, rpcText(t, c.members), rpcText(t, receiptOf(hash, nil)))
		require.NoError(t, err, name)
		require.Equal(t, c.raw, p.Tx.Raw, name)
		again, err := evm.DecodeTransaction(c.chain, c.raw)
		require.NoError(t, err, name)
		require.Equal(t, hash, again.Hash, name)
		require.Equal(t, p.Tx.Own, again.Own, name)
		_, err = p.Tx.Signer(c.chain)
		require.ErrorIs(t, err, chains.ErrUnsupported)
		require.NoError(t, p.CheckSender(c.chain))

		delete(c.members, "input") // as a node that does not know the type writes it
		delete(c.members, "queueIndex")
		delete(c.members, "ticketId")
		delete(c.members, "requestId")
		p, err = evm.ParseTransaction(c.chain, rpcText(t, c.members), rpcText(t, receiptOf(hash, nil)))
		require.NoError(t, err, name)
		require.Nil(t, p.Tx.Raw, name)
		tx, err := evm.NewDecoder(c.chain).Tx(&p, &evm.Header{}, chains.EvidenceAttested)
		require.NoError(t, err, name)
		require.True(t, tx.Exec.Untraced, name)
	}
}

// What an L2 makes for a deposit comes out of nothing, before the call spends it.
func TestDepositIssues(t *testing.T) {
	c := ownTypes(t)["a deposit of the OP stack"]
	hash := crypto.Keccak256Hash(c.raw)
	c.members["hash"], c.members["transactionIndex"] = hash, "0x0"
	p, err := evm.ParseTransaction(c.chain, rpcText(t, c.members), rpcText(t, receiptOf(hash, map[string]any{"depositNonce": "0x9", "depositReceiptVersion": "0x1"})))
	require.NoError(t, err)
	tx, err := evm.NewDecoder(c.chain).Tx(&p, &evm.Header{}, chains.EvidenceProven)
	require.NoError(t, err)
	require.EqualValues(t, 9, tx.Exec.Nonce)
	require.Len(t, tx.Exec.Moves, 2)
	require.Equal(t, chains.MoveIssue, tx.Exec.Moves[0].Kind)
	require.Equal(t, chains.Units(5), tx.Exec.Moves[0].Amount)
	require.Equal(t, chains.MoveCall, tx.Exec.Moves[1].Kind)
	require.Equal(t, chains.Units(4), tx.Exec.Moves[1].Amount)
}

// The fee holds blobs and the part for the L1, and who gets the tip is the chain's own rule.
func TestFees(t *testing.T) {
	for name, c := range map[string]struct {
		chain    chains.Chain
		kind     uint8
		more     evm.Receipt
		fee      uint64
		evidence chains.Evidence
		tip      uint64
	}{
		"Ethereum":                  {"ethereum", 2, evm.Receipt{}, 21000 * 10, chains.EvidenceProven, 21000 * 3},
		"blobs":                     {"ethereum", 3, evm.Receipt{BlobGas: 100, BlobFee: *uint256.NewInt(2)}, 21000*10 + 200, chains.EvidenceAttested, 21000 * 3},
		"an L2's footprint":         {"base", 2, evm.Receipt{BlobGas: 100, BlobFee: *uint256.NewInt(2)}, 21000 * 10, chains.EvidenceProven, 21000 * 3},
		"the L1's part":             {"optimism", 2, evm.Receipt{L1Fee: *uint256.NewInt(77)}, 21000*10 + 77, chains.EvidenceAttested, 21000 * 3},
		"Arbitrum pays no tips":     {"arbitrum", 2, evm.Receipt{}, 21000 * 10, chains.EvidenceProven, 0},
		"Avalanche burns all":       {"avalanche", 2, evm.Receipt{}, 21000 * 10, chains.EvidenceProven, 0},
		"Polygon's log says whom":   {"polygon", 2, evm.Receipt{}, 21000 * 10, chains.EvidenceProven, 0},
		"a chain that is not known": {"eip155:31337", 0, evm.Receipt{}, 21000 * 10, chains.EvidenceProven, 21000 * 3},
		"a deposit":                 {"base", 0x7e, evm.Receipt{}, 21000 * 10, chains.EvidenceAttested, 21000 * 3},
	} {
		p := evm.Parts{Sender: payer, Receipt: c.more}
		p.Tx.To, p.Tx.Type = &payee, c.kind
		p.Receipt.GasUsed, p.Receipt.GasPrice = 21000, uint256.NewInt(10)
		p.Tx.GasPrice, p.Tx.FeeCap = *uint256.NewInt(10), *uint256.NewInt(10)
		p.Tx.TipCap = *uint256.NewInt(3)
		tx, err := evm.NewDecoder(c.chain).Tx(&p, &evm.Header{BaseFee: uint256.NewInt(7), Miner: someToken}, chains.EvidenceProven)
		require.NoError(t, err, name)
		moves := tx.Exec.Moves
		require.Equal(t, chains.Units(c.fee), moves[0].Amount, name)
		require.Equal(t, c.evidence, moves[0].Evidence, name)
		require.Equal(t, evm.Address(payer), moves[0].From, name)
		require.Empty(t, moves[0].To, name)
		if c.tip == 0 {
			require.Len(t, moves, 1, name)
			continue
		}
		require.Equal(t, chains.MoveTip, moves[1].Kind, name)
		require.Equal(t, chains.Units(c.tip), moves[1].Amount, name)
		require.Equal(t, evm.Address(someToken), moves[1].To, name)
	}
}

// A payment that only takes gas of its own runs no code, on Arbitrum too, where gas holds a part
// for the L1.
func TestWhatRan(t *testing.T) {
	for name, c := range map[string]struct {
		input []byte
		gas   uint64
		l1    uint64
		ran   bool
	}{
		"a payment":                        {nil, 21000, 0, false},
		"a payment with a note":            {[]byte{1, 0}, 21020, 0, false},
		"a note by the older price":        {[]byte{1, 0}, 21072, 0, false},
		"a note by the floor of its price": {[]byte{1, 0}, 21050, 0, false},
		"a part for the L1":                {nil, 25000, 4000, false},
		"more than that":                   {nil, 25000, 3999, true},
		"a call":                           {[]byte{1, 0}, 30000, 0, true},
	} {
		p := evm.Parts{Sender: payer}
		p.Tx.To, p.Tx.Input, p.Receipt.GasUsed, p.Receipt.L1Gas = &payee, c.input, c.gas, c.l1
		tx, err := evm.NewDecoder("arbitrum").Tx(&p, &evm.Header{}, chains.EvidenceAttested)
		require.NoError(t, err)
		require.Equal(t, c.ran, len(tx.Exec.Ran) == 1, name)
		require.Equal(t, c.ran || c.input != nil, tx.Exec.Untraced, name)
	}
}

// What does not fit into an amount is refused, not cut.
func TestFeeOverflow(t *testing.T) {
	p := evm.Parts{Sender: payer}
	p.Tx.To = &payee
	p.Receipt.GasUsed, p.Receipt.GasPrice = 1<<63, new(uint256.Int).Not(new(uint256.Int))
	_, err := evm.NewDecoder("ethereum").Tx(&p, &evm.Header{}, chains.EvidenceProven)
	require.ErrorIs(t, err, chains.ErrOverflow)
}

// Bor's transaction that hands over what came from Ethereum stands in no root; the others are
// proven all the same.
func TestStateSyncOfPolygon(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) { b.pay(0, testAccount(5), 100) })
	one := &blocks[0]
	var block map[string]any
	var receipts, calls []any
	require.NoError(t, json.Unmarshal(one.json, &block))
	require.NoError(t, json.Unmarshal(one.receipts, &receipts))
	require.NoError(t, json.Unmarshal(one.calls, &calls))
	hash := common.HexToHash("0x5555")
	block["transactions"] = append(block["transactions"].([]any), map[string]any{
		"hash": hash, "type": "0x0", "from": common.Address{}, "to": common.Address{}, "transactionIndex": "0x1", "value": "0x0", "gas": "0x0", "gasPrice": "0x0", "input": "0x", "r": "0x0", "s": "0x0", "v": "0x0",
	})
	receipts = append(receipts, receiptOf(hash, map[string]any{"transactionIndex": "0x1", "blockHash": one.block.Hash(), "cumulativeGasUsed": "0x0", "gasUsed": "0x0"}))
	calls = append(calls, map[string]any{"txHash": hash, "error": "not found"})
	one.json, one.receipts, one.calls = m.text(block), m.text(receipts), m.text(calls)
	got, err := evm.NewDecoder("polygon").Block(one.parts(t, "polygon"))
	require.NoError(t, err)
	require.Equal(t, chains.EvidenceProven, got.Txs[0].Evidence)
	require.Equal(t, chains.EvidenceAttested, got.Txs[1].Evidence)
	_, err = evm.NewDecoder("ethereum").Block(one.parts(t, "ethereum"))
	require.NoError(t, err)

	picked, err := evm.NewDecoder("polygon").Pick(one.parts(t, "polygon"), []int{0, 1})
	require.NoError(t, err)
	for i := range picked.Txs {
		kept := picked.Txs[i]
		again, err := evm.Codec{}.DecodeExec("polygon", nil, picked.Header, &kept)
		require.NoError(t, err)
		require.Equal(t, picked.Txs[i], again)
	}
}

// A header that this program cannot write makes everything the node's word, and a recording
// of it gives the same.
func TestHeaderThatIsNotKnown(t *testing.T) {
	m := withContracts(t, true)
	blocks := m.make(1, func(_ int, b *builder) { everyType(b) })
	var block map[string]any
	require.NoError(t, json.Unmarshal(blocks[0].json, &block))
	block["extraData"] = "0x99"
	blocks[0].json = m.text(block)
	_, err := evm.ParseBlock("ethereum", blocks[0].json, true)
	require.ErrorIs(t, err, chains.ErrBadAnswer)
	for _, chain := range []chains.Chain{"gnosis", "avalanche", "eip155:31337"} {
		picked, err := evm.NewDecoder(chain).Pick(blocks[0].parts(t, chain), []int{0, 1, 2, 3, 4, 5})
		require.NoError(t, err, chain)
		require.Nil(t, picked.Header)
		for i := range picked.Txs {
			require.Equal(t, chains.EvidenceAttested, picked.Txs[i].Evidence)
			kept := picked.Txs[i]
			again, err := evm.Codec{}.DecodeExec(chain, nil, picked.Header, &kept)
			require.NoError(t, err)
			require.Equal(t, picked.Txs[i], again)
		}
	}
}

// Nothing that a node answers makes the decoder panic.
func FuzzBlockJSON(f *testing.F) {
	m := withContracts(f, true)
	blocks := m.make(1, func(_ int, b *builder) { everyType(b) })
	f.Add(blocks[0].json, blocks[0].receipts, blocks[0].calls)
	f.Fuzz(func(t *testing.T, block, receipts, calls []byte) {
		for _, chain := range []chains.Chain{"ethereum", "eip155:31337"} {
			parts, err := evm.ParseBlock(chain, block, true)
			if err != nil {
				continue
			}
			list, err := evm.ParseReceipts(receipts)
			if err != nil {
				continue
			}
			traced, err := evm.ParseBlockTracer(calls)
			if err != nil || parts.Attach(list, traced) != nil {
				continue
			}
			facts, err := evm.NewDecoder(chain).Block(parts)
			if err == nil {
				require.GreaterOrEqual(t, len(facts.Txs), len(parts.Txs))
			}
		}
	})
}

func FuzzDecodeTransaction(f *testing.F) {
	for _, c := range ownTypes(f) {
		f.Add(c.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := evm.DecodeTransaction("base", raw)
		if err == nil {
			require.Equal(t, crypto.Keccak256Hash(raw), tx.Hash)
		}
		if receipt, err := evm.DecodeReceipt(raw); err == nil {
			require.LessOrEqual(t, len(receipt.Logs), len(raw))
		}
		_, _ = evm.DecodeHeader("ethereum", raw)
	})
}
