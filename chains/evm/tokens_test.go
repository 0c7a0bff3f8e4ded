package evm_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

var (
	payer           = common.HexToAddress("0xa11ce00000000000000000000000000000000001")
	payee           = common.HexToAddress("0xb0b0000000000000000000000000000000000002")
	someToken       = common.HexToAddress("0x70cE200000000000000000000000000000000003")
	wrappedEther    = common.HexToAddress("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
	arbitrumWrapped = common.HexToAddress("0x82aF49447D8a07e3bd95BD0d56f35241523fBab1")
	polygonCoin     = common.HexToAddress("0x0000000000000000000000000000000000001010")
	kitties         = common.HexToAddress("0x06012c8cf97BEaD5deAe237070F9587f8E7A266d")
)

func topicOf(signature string) [32]byte { return crypto.Keccak256Hash([]byte(signature)) }

// words puts addresses and small numbers into 32 bytes each.
func abiWords(values ...any) (list [][32]byte) {
	for _, v := range values {
		var w [32]byte
		switch v := v.(type) {
		case common.Address:
			copy(w[12:], v[:])
		case int:
			w[30], w[31] = byte(v>>8), byte(v)
		case [32]byte:
			w = v
		}
		list = append(list, w)
	}
	return list
}

func joinWords(list [][32]byte) (data []byte) {
	for _, w := range list {
		data = append(data, w[:]...)
	}
	return data
}

func logOf(emitter common.Address, signature string, indexed, data []any) evm.Log {
	return evm.Log{Address: emitter, Topics: append([][32]byte{topicOf(signature)}, abiWords(indexed...)...), Data: joinWords(abiWords(data...)), Index: 7}
}

// movesOf decodes a transaction without value that wrote one log.
func movesOf(tb testing.TB, chain chains.Chain, logs ...evm.Log) []chains.Move {
	tb.Helper()
	p := evm.Parts{Sender: payer, Receipt: evm.Receipt{Logs: logs}}
	p.Tx.To = &someToken
	tx, err := evm.NewDecoder(chain).Tx(&p, &evm.Header{}, chains.EvidenceProven)
	require.NoError(tb, err)
	return tx.Exec.Moves
}

const (
	sigTransfer = "Transfer(address,address,uint256)"
	sigSingle   = "TransferSingle(address,address,address,uint256,uint256)"
	sigBatch    = "TransferBatch(address,address,address,uint256[],uint256[])"
	sigDeposit  = "Deposit(address,uint256)"
	sigWithdraw = "Withdrawal(address,uint256)"
)

func TestTokenMoves(t *testing.T) {
	type list = []any
	zero, a, b := common.Address{}, evm.Address(payer), evm.Address(payee)
	asset := func(text chains.Asset, kind chains.MoveKind, from, to chains.Address, units uint64) []chains.Move {
		return []chains.Move{{Kind: kind, Asset: text, From: from, To: to, Amount: chains.Units(units), Index: 7, Evidence: chains.EvidenceProven}}
	}
	one := func(c common.Address, kind chains.MoveKind, from, to chains.Address, units uint64) []chains.Move {
		return asset(evm.AssetOf(c), kind, from, to, units)
	}
	nft := func(c common.Address, id string, from, to chains.Address, units uint64) []chains.Move {
		return asset(evm.AssetOf(c)+"/"+chains.Asset(id), chains.MoveNFT, from, to, units)
	}
	odd := [32]byte{0: 1}
	for name, c := range map[string]struct {
		chain chains.Chain
		log   evm.Log
		want  []chains.Move
	}{
		"ERC-20":                            {"ethereum", logOf(someToken, sigTransfer, list{payer, payee}, list{5}), one(someToken, chains.MoveToken, a, b, 5)},
		"made":                              {"ethereum", logOf(someToken, sigTransfer, list{zero, payee}, list{5}), one(someToken, chains.MoveToken, "", b, 5)},
		"unmade":                            {"ethereum", logOf(someToken, sigTransfer, list{payer, zero}, list{5}), one(someToken, chains.MoveToken, a, "", 5)},
		"zero amount":                       {"ethereum", logOf(someToken, sigTransfer, list{payer, payee}, list{0}), []chains.Move{}},
		"from nobody to nobody":             {"ethereum", logOf(someToken, sigTransfer, list{zero, zero}, list{5}), []chains.Move{}},
		"ERC-721":                           {"ethereum", logOf(someToken, sigTransfer, list{payer, payee, 300}, nil), nft(someToken, "300", a, b, 1)},
		"ERC-721, id 0":                     {"ethereum", logOf(someToken, sigTransfer, list{payer, payee, 0}, nil), nft(someToken, "0", a, b, 1)},
		"unindexed":                         {"ethereum", logOf(someToken, sigTransfer, nil, list{payer, payee, 5}), one(someToken, chains.MoveToken, a, b, 5)},
		"CryptoKitties":                     {"ethereum", logOf(kitties, sigTransfer, nil, list{payer, payee, 5}), nft(kitties, "5", a, b, 1)},
		"its address on another chain":      {"polygon", logOf(kitties, sigTransfer, nil, list{payer, payee, 5}), one(kitties, chains.MoveToken, a, b, 5)},
		"one address indexed":               {"ethereum", logOf(someToken, sigTransfer, list{payer}, list{payee, 5}), []chains.Move{}},
		"data too short":                    {"ethereum", logOf(someToken, sigTransfer, list{payer, payee}, nil), []chains.Move{}},
		"data too long":                     {"ethereum", logOf(someToken, sigTransfer, list{payer, payee}, list{5, 5}), []chains.Move{}},
		"more than an address":              {"ethereum", logOf(someToken, sigTransfer, list{odd, payee}, list{5}), []chains.Move{}},
		"ERC-1155":                          {"ethereum", logOf(someToken, sigSingle, list{payee, payer, payee}, list{9, 4}), nft(someToken, "9", a, b, 4)},
		"ERC-1155 batch":                    {"ethereum", logOf(someToken, sigBatch, list{payee, payer, payee}, list{64, 160, 2, 8, 9, 2, 4, 0}), nft(someToken, "8", a, b, 4)},
		"a batch of two lengths":            {"ethereum", logOf(someToken, sigBatch, list{payee, payer, payee}, list{64, 160, 2, 8, 9, 1, 4}), []chains.Move{}},
		"a batch that points outside":       {"ethereum", logOf(someToken, sigBatch, list{payee, payer, payee}, list{64, 4096, 2, 8, 9, 2, 4, 0}), []chains.Move{}},
		"a batch with a huge count":         {"ethereum", logOf(someToken, sigBatch, list{payee, payer, payee}, list{64, 64, odd}), []chains.Move{}},
		"wrapped":                           {"ethereum", logOf(wrappedEther, sigDeposit, list{payer}, list{5}), one(wrappedEther, chains.MoveWrap, "", a, 5)},
		"unwrapped":                         {"ethereum", logOf(wrappedEther, sigWithdraw, list{payer}, list{5}), one(wrappedEther, chains.MoveUnwrap, a, "", 5)},
		"wrapped ether to the zero address": {"ethereum", logOf(wrappedEther, sigTransfer, list{payer, zero}, list{5}), one(wrappedEther, chains.MoveToken, a, "", 5)},
		"another contract's deposit":        {"ethereum", logOf(someToken, sigDeposit, list{payer}, list{5}), []chains.Move{}},
		"its address on a chain without":    {"polygon", logOf(wrappedEther, sigDeposit, list{payer}, list{5}), []chains.Move{}},
		"wrapped by making":                 {"arbitrum", logOf(arbitrumWrapped, sigTransfer, list{zero, payer}, list{5}), one(arbitrumWrapped, chains.MoveWrap, "", a, 5)},
		"unwrapped by unmaking":             {"arbitrum", logOf(arbitrumWrapped, sigTransfer, list{payer, zero}, list{5}), one(arbitrumWrapped, chains.MoveUnwrap, a, "", 5)},
		"the same said twice":               {"arbitrum", logOf(arbitrumWrapped, sigDeposit, list{payer}, list{5}), []chains.Move{}},
		"the native coin's own contract":    {"polygon", logOf(polygonCoin, sigTransfer, list{payer, payee}, list{5}), []chains.Move{}},
		"the same address elsewhere":        {"ethereum", logOf(polygonCoin, sigTransfer, list{payer, payee}, list{5}), one(polygonCoin, chains.MoveToken, a, b, 5)},
	} {
		got := movesOf(t, c.chain, c.log)
		require.Equal(t, c.want, got, name)
	}
}

// Polygon's chain itself says who gets the tip; on other chains anybody could write that.
func TestTipByLog(t *testing.T) {
	fee := logOf(polygonCoin, "LogFeeTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)", []any{polygonCoin, payer, payee}, []any{40, 1, 2, 3, 4})
	want := []chains.Move{{Kind: chains.MoveTip, Asset: chains.Native, To: evm.Address(payee), Amount: chains.Units(40), Evidence: chains.EvidenceProven}}
	require.Equal(t, want, movesOf(t, "polygon", fee))
	require.Empty(t, movesOf(t, "ethereum", fee))
	fee.Address = someToken
	require.Empty(t, movesOf(t, "polygon", fee))
}

// A contract that an incident names as wrapping the native coin is read so.
func TestNamedWrapper(t *testing.T) {
	p := evm.Parts{Sender: payer, Receipt: evm.Receipt{Logs: []evm.Log{logOf(someToken, sigDeposit, []any{payer}, []any{5})}}}
	p.Tx.To = &someToken
	tx, err := evm.NewDecoder("ethereum", someToken).Tx(&p, &evm.Header{}, chains.EvidenceProven)
	require.NoError(t, err)
	require.Len(t, tx.Exec.Moves, 1)
	require.Equal(t, chains.MoveWrap, tx.Exec.Moves[0].Kind)
}

// Whatever a log says, only its emitter's own asset moves by it, and nothing panics.
func FuzzLogs(f *testing.F) {
	for i, signature := range []string{sigTransfer, sigSingle, sigBatch, sigDeposit, sigWithdraw} {
		l := logOf(wrappedEther, signature, []any{payer, payee, 5}[:i%4], []any{64, 160, 2, 8, 9, 2, 4, 1}[:i+1])
		f.Add(l.Address[:], joinWords(l.Topics), l.Data)
	}
	f.Fuzz(func(t *testing.T, emitter, topics, data []byte) {
		l := evm.Log{Address: common.BytesToAddress(emitter), Data: data}
		for ; len(topics) >= 32 && len(l.Topics) < 4; topics = topics[32:] {
			l.Topics = append(l.Topics, [32]byte(topics))
		}
		for _, chain := range []chains.Chain{"ethereum", "polygon", "arbitrum"} {
			for _, m := range movesOf(t, chain, l) {
				if m.Kind == chains.MoveTip {
					require.Equal(t, polygonCoin, common.Address(l.Address))
					continue
				}
				contract, _, ok := evm.AssetAddress(m.Asset)
				require.True(t, ok)
				require.Equal(t, common.Address(l.Address), contract)
				require.False(t, m.Amount.IsZero())
			}
		}
	})
}
