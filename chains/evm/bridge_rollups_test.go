package evm_test

import (
	"math/big"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/heuristics"
)

// What follows are the L2s' own transactions as their specifications declare them, so that the
// keys are computed here in another way than in the program.

type optimismDeposit struct {
	SourceHash common.Hash
	From, To   common.Address
	Mint       *big.Int
	Value      *big.Int
	Gas        uint64
	System     bool
	Data       []byte
}

type arbitrumRetryable struct {
	ChainID                            *big.Int
	RequestID                          common.Hash
	From                               common.Address
	L1BaseFee, DepositValue, GasFeeCap *big.Int
	Gas                                uint64
	RetryTo                            *common.Address `rlp:"nil"`
	RetryValue                         *big.Int
	Beneficiary                        common.Address
	MaxSubmissionFee                   *big.Int
	FeeRefundAddr                      common.Address
	RetryData                          []byte
}

func hashOf(tb testing.TB, form byte, tx any) common.Hash {
	tb.Helper()
	body, err := rlp.EncodeToBytes(tx)
	require.NoError(tb, err)
	return crypto.Keccak256Hash([]byte{form}, body)
}

func opVector(tb testing.TB, to common.Address, amount int) crossing {
	bridge := common.HexToAddress("0x4200000000000000000000000000000000000010")
	from := scene("ethereum")
	call := packed(alice, to, amount, 32)
	sent := emit(tb, "0xbEb5Fc579115071764c7423A4f12eDde41f106Ed", "TransactionDeposited(address,address,uint256,bytes)",
		[]any{alice, bridge, 0}, "bytes", packed(amount, 32, amount, 32, 200000, 8, 0, 1, call))
	sent.Index = 42
	l2 := scene("optimism")
	l2.Tx = chains.TxID(hashOf(tb, 0x7e, optimismDeposit{
		SourceHash: crypto.Keccak256Hash(make([]byte, 32), crypto.Keccak256(from.Block[:], common.BigToHash(big.NewInt(42)).Bytes())),
		From:       alice, To: bridge, Mint: big.NewInt(int64(amount)), Value: big.NewInt(int64(amount)), Gas: 200000, Data: call,
	}))
	return crossing{
		from: from, to: l2, protocol: "op-stack", receiver: to, given: int64(amount), got: int64(amount), noFields: true,
		sent: []evm.Log{sent},
		arrived: []evm.Log{emit(tb, bridge.Hex(), "DepositFinalized(address,address,address,address,uint256,bytes)",
			[]any{common.Address{}, common.Address{}, alice}, "address,uint256,bytes", to, amount, []byte{})},
	}
}

func opExitVector(tb testing.TB, to common.Address, amount int) crossing {
	hash := crypto.Keccak256Hash(packed(to, amount, 32))
	return crossing{
		from: scene("base"), to: scene("ethereum"), protocol: "op-stack", given: int64(amount), noFields: true,
		sent: []evm.Log{emit(tb, "0x4200000000000000000000000000000000000016", "MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)",
			[]any{7, alice, to}, "uint256,uint256,bytes,bytes32", amount, 0, []byte{}, hash)},
		arrived: []evm.Log{emit(tb, "0x49048044D57e1C92A77f79988d21Fa8fAF74E97e", "WithdrawalFinalized(bytes32,bool)", []any{hash}, "bool", true)},
	}
}

func ticketVector(tb testing.TB, to common.Address, amount int) crossing {
	const bridge, inbox = "0x8315177aB297bA92A06054cE80a67Ed4DBd7ed3a", "0x4Dbd4fc535Ac27206064B68FfCf827b0A60BAB3f"
	call := []byte("calldata of the ticket")
	data := packed(wide(to), amount, 32, amount+50, 32, 30, 32, wide(bob), wide(alice), 21000, 32, 10, 32, len(call), 32, call)
	ticket := hashOf(tb, 0x69, arbitrumRetryable{
		ChainID: big.NewInt(42161), RequestID: common.BigToHash(big.NewInt(900)), From: alice, L1BaseFee: big.NewInt(25),
		DepositValue: big.NewInt(int64(amount) + 50), GasFeeCap: big.NewInt(10), Gas: 21000, RetryTo: &to, RetryValue: big.NewInt(int64(amount)),
		Beneficiary: alice, MaxSubmissionFee: big.NewInt(30), FeeRefundAddr: bob, RetryData: call,
	})
	return crossing{
		from: scene("ethereum"), to: scene("arbitrum"), protocol: "arbitrum", given: int64(amount) + 50, noFields: true,
		sent: []evm.Log{
			emit(tb, bridge, "MessageDelivered(uint256,bytes32,address,uint8,address,bytes32,uint256,uint64)",
				[]any{900, common.Hash{}}, "address,uint8,address,bytes32,uint256,uint64", common.HexToAddress(inbox), 9, alice, crypto.Keccak256Hash(data), 25, 1),
			emit(tb, inbox, "InboxMessageDelivered(uint256,bytes)", []any{900}, "bytes", data),
		},
		arrived: []evm.Log{emit(tb, "0x000000000000000000000000000000000000006E", "RedeemScheduled(bytes32,bytes32,uint64,uint64,address,uint256,uint256)",
			[]any{ticket, common.Hash{1}, 0}, "uint64,address,uint256,uint256", 1, alice, 0, 0)},
	}
}

func arbitrumExitVector(tb testing.TB, to common.Address, amount int) crossing {
	return crossing{
		from: scene("arbitrum"), to: scene("ethereum"), protocol: "arbitrum", receiver: to, given: int64(amount),
		sent: []evm.Log{emit(tb, "0x0000000000000000000000000000000000000064",
			"L2ToL1Tx(address,address,uint256,uint256,uint256,uint256,uint256,uint256,bytes)",
			[]any{to, common.Hash{2}, 31337}, "address,uint256,uint256,uint256,uint256,bytes", alice, 1, 2, 3, amount, []byte{})},
		arrived: []evm.Log{emit(tb, "0x0B9857ae2D4A3DBe74ffE1d7DF045bb7F96E4840", "OutBoxTransactionExecuted(address,address,uint256,uint256)",
			[]any{to, alice, 0}, "uint256", 31337)},
	}
}

// Tokens go through a gateway, whose log tells who receives and how much.

func opTokenVector(tb testing.TB, to common.Address, amount int) crossing {
	c := opVector(tb, to, 0)
	c.given, c.got = int64(amount), int64(amount)
	c.sent = []evm.Log{
		emit(tb, "0x99C9fc46f92E8a1c0deC1b1747d010903E884bE1", "ERC20DepositInitiated(address,address,address,address,uint256,bytes)",
			[]any{coinA, coinB, alice}, "address,uint256,bytes", to, amount, []byte{}),
		c.sent[0],
	}
	c.arrived = []evm.Log{emit(tb, "0x4200000000000000000000000000000000000010", "DepositFinalized(address,address,address,address,uint256,bytes)",
		[]any{coinA, coinB, alice}, "address,uint256,bytes", to, amount, []byte{})}
	return c
}

func ticketTokenVector(tb testing.TB, to common.Address, amount int) crossing {
	c := ticketVector(tb, bob, 1)
	c.given = int64(amount)
	c.sent = append(c.sent, emit(tb, "0xa3A7B6F88361F48403514059F1F16C8E78d60EeC", "DepositInitiated(address,address,address,uint256,uint256)",
		[]any{alice, to, 900}, "address,uint256", coinA, amount))
	return c
}

func arbitrumTokenExitVector(tb testing.TB, to common.Address, amount int) crossing {
	gateway := common.HexToAddress("0xa3A7B6F88361F48403514059F1F16C8E78d60EeC")
	c := arbitrumExitVector(tb, gateway, 0)
	c.receiver, c.got, c.noFields = to, int64(amount), true
	c.arrived = append(c.arrived, emit(tb, gateway.Hex(), "WithdrawalFinalized(address,address,address,uint256,uint256)",
		[]any{alice, to, 3}, "address,uint256", coinA, amount))
	return c
}

type arbitrumDeposit struct {
	ChainID   *big.Int
	RequestID common.Hash
	From, To  common.Address
	Value     *big.Int
}

// Coins that are deposited on the L1 arrive in a transaction of the rollup's own, without a log.
func TestRollupDeposits(t *testing.T) {
	const inbox = "0x4Dbd4fc535Ac27206064B68FfCf827b0A60BAB3f"
	from, amount := scene("ethereum"), big.NewInt(5000)
	data := packed(bob, 5000, 32)
	portal := emit(t, "0x49048044D57e1C92A77f79988d21Fa8fAF74E97e", "TransactionDeposited(address,address,uint256,bytes)",
		[]any{alice, bob, 0}, "bytes", packed(5000, 32, 5000, 32, 100000, 8, 0, 1))
	source := crypto.Keccak256Hash(make([]byte, 32), crypto.Keccak256(from.Block[:], make([]byte, 32)))
	for _, tt := range []struct {
		chain chains.Chain
		form  uint8
		hash  common.Hash
		sent  []evm.Log
	}{
		{"base", 0x7e, hashOf(t, 0x7e, optimismDeposit{SourceHash: source, From: alice, To: bob, Mint: amount, Value: amount, Gas: 100000}), []evm.Log{portal}},
		{"arbitrum", 0x64, hashOf(t, 0x64, arbitrumDeposit{big.NewInt(42161), common.BigToHash(big.NewInt(901)), alice, bob, amount}), []evm.Log{
			emit(t, "0x8315177aB297bA92A06054cE80a67Ed4DBd7ed3a", "MessageDelivered(uint256,bytes32,address,uint8,address,bytes32,uint256,uint64)",
				[]any{901, common.Hash{}}, "address,uint8,address,bytes32,uint256,uint64", common.HexToAddress(inbox), 12, alice, crypto.Keccak256Hash(data), 25, 1),
			emit(t, inbox, "InboxMessageDelivered(uint256,bytes)", []any{901}, "bytes", data),
		}},
	} {
		t.Run(string(tt.chain), func(t *testing.T) {
			p := evm.Parts{Sender: alice, Tx: evm.Transaction{Hash: tt.hash, Type: tt.form, To: &bob, Value: *uint256.NewInt(5000)}}
			p.Tx.Own.From, p.Tx.Own.Mint = alice, *uint256.NewInt(5000)
			tx, err := evm.NewDecoder(tt.chain).Tx(&p, &evm.Header{}, chains.EvidenceAttested)
			require.NoError(t, err)
			require.Len(t, tx.Exec.Events, 1)
			in, out := tx.Exec.Events[0], only(t, from, tt.sent, chains.EventBridgeOut)
			require.True(t, out.Registered && in.Registered)
			require.NoError(t, heuristics.JoinBridge(&out, &in))
			require.Equal(t, chains.Address(bob[:]), in.Account)
			require.Equal(t, chains.Units(5000), in.Amount)
			require.Equal(t, out.Amount, in.Amount)
			q := chains.EventQuery{Kind: in.Kind, Protocol: in.Protocol, Key: out.Key}
			require.True(t, slices.ContainsFunc(evm.QueryFilters(tt.chain, q), func(f evm.Filter) bool { return f.Tx != nil && *f.Tx == tx.ID }))

			p.Tx.Type = 2
			tx, err = evm.NewDecoder(tt.chain).Tx(&p, &evm.Header{}, chains.EvidenceAttested)
			require.NoError(t, err)
			require.Empty(t, tx.Exec.Events, "a signed transaction brings nothing from the L1")
		})
	}
}
