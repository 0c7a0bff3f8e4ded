package evm

import (
	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
)

// quirks is what a chain does otherwise than Ethereum, as far as value is concerned. The zero
// value is a chain that does as Ethereum does: what a transaction pays above the base fee goes
// to the header's miner, withdrawals are of the native coin in gwei.
type quirks struct {
	// noTip: fees go where neither header nor receipt says. The fee still leaves the sender.
	noTip bool
	// mirror is a contract that writes Transfer logs for the native coin: they are no token's.
	mirror common.Address
	// feeLog: mirror's LogFeeTransfer names who gets the tip, instead of the header.
	feeLog bool
	// stateSync: blocks may end with a transaction that is in no root (Bor's bridge).
	stateSync bool
	// noWithdrawals: what stands in the field is no native coin (Gnosis: GNO, by a contract).
	noWithdrawals bool
	// plainHeader: a header is what go-ethereum's is, at every height, so that another hash is
	// a wrong answer. Elsewhere it only means that the hash is the node's word.
	plainHeader bool
	// avalanche: the header has Coreth's fields.
	avalanche bool
	// opStack: the header's withdrawals root is that of a contract's storage.
	opStack bool
	// oddCalls: the outermost frame of a call tree is not the transaction itself (zkSync).
	oddCalls bool
	// cancun is the time from which a contract destroys itself only where it was made (EIP-6780),
	// in Unix seconds, on chains whose headers do not show it; 0: the header shows it.
	cancun int64
	// scroll: type 0x7e is Scroll's message, not the OP stack's deposit.
	scroll bool
	// rewards: of proof of work, until the merge.
	rewards []reward
}

// reward is what a block pays from a height on, in gwei.
type reward struct {
	from int64
	gwei uint64
}

// mainnetRewards are those of the beginning, of EIP-649 (Byzantium) and of EIP-1234
// (Constantinople).
var mainnetRewards = []reward{{0, 5e9}, {4370000, 3e9}, {7280000, 2e9}}

// chainQuirks by chain id. Not known, and so in no move: the reward of blocks on chains other
// than Ethereum, the DAO's irregular transfer at block 1920000, the allocations of genesis
// blocks, and where base fees go that are not burnt (vaults of the OP stack, Polygon's burn
// contract, Gnosis's fee collector). The balance audit of a trace shows what is missing there.
//
// Sources: Bor's core/state_transition.go (LogFeeTransfer; its header names no miner), BSC's
// parlia (fees go to the miner, which hands them on in a system transaction), Nitro (tips are
// not paid out), Coreth (fees go to 0x0100…00 and are burnt), Scroll (fee vault), zkSync Era
// (0x800a writes Transfer for ether; the bootloader takes fees).
var chainQuirks = map[uint64]quirks{
	1:      {plainHeader: true, rewards: mainnetRewards},
	10:     {plainHeader: true, opStack: true, mirror: common.HexToAddress("0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000")},
	56:     {plainHeader: true},
	100:    {noWithdrawals: true},
	137:    {plainHeader: true, cancun: 1710843600, stateSync: true, feeLog: true, mirror: common.HexToAddress("0x0000000000000000000000000000000000001010")},
	80002:  {stateSync: true, feeLog: true, mirror: common.HexToAddress("0x0000000000000000000000000000000000001010")},
	324:    {noTip: true, oddCalls: true, mirror: common.HexToAddress("0x000000000000000000000000000000000000800A")},
	1088:   {noTip: true, mirror: common.HexToAddress("0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000")},
	8453:   {plainHeader: true, opStack: true},
	42161:  {noTip: true, cancun: 1710424089},
	42170:  {noTip: true},
	43113:  {noTip: true, avalanche: true},
	43114:  {noTip: true, avalanche: true},
	534351: {noTip: true, scroll: true},
	534352: {noTip: true, scroll: true},
}

func quirksOf(chain chains.Chain) quirks {
	id, _ := chain.ChainID()
	return chainQuirks[id]
}
