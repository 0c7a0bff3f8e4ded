package evm

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"clew/chains"
)

// Topics of the events that move tokens.
var (
	topicTransfer = common.HexToHash("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef") // Transfer(address,address,uint256)
	topicSingle   = common.HexToHash("0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62") // TransferSingle(address,address,address,uint256,uint256)
	topicBatch    = common.HexToHash("0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb") // TransferBatch(address,address,address,uint256[],uint256[])
	topicWrap     = common.HexToHash("0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c") // Deposit(address,uint256)
	topicUnwrap   = common.HexToHash("0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65") // Withdrawal(address,uint256)
	topicFeeLog   = common.HexToHash("0x4dfe1bbbcf077ddc3e01291eea2d5c70c2b422b415d95645b9adcfd678cb1d63") // LogFeeTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)
)

// unindexedNFT are contracts that write Transfer as the oldest tokens do, without indexed
// fields, but mean an id by the third: by chain id. CryptoKitties is older than ERC-721.
var unindexedNFT = map[uint64]common.Address{
	1: common.HexToAddress("0x06012c8cf97BEaD5deAe237070F9587f8E7A266d"),
}

// tokenMoves returns what a log moves. Only the emitter's own asset can move by it: whatever
// else a log claims is no fact. Nothing where its shape is none of the known ones, and for
// amounts of 0.
func (d *Decoder) tokenMoves(l *Log, moves []chains.Move) []chains.Move {
	if len(l.Topics) == 0 || l.Address == d.quirks.mirror && d.quirks.mirror != (common.Address{}) {
		return moves
	}
	form := d.wrapped[l.Address]
	switch topic := common.Hash(l.Topics[0]); {
	case topic == topicTransfer:
		return d.transfer(l, form, moves)
	case topic == topicSingle:
		return singleMove(l, moves)
	case topic == topicBatch:
		return batchMoves(l, moves)
	case topic == topicWrap && form == wrapEvents:
		if holder, units, ok := wrapLog(l); ok {
			return appendMove(moves, l, chains.MoveWrap, AssetOf(l.Address), "", holder, &units)
		}
	case topic == topicUnwrap && form == wrapEvents:
		if holder, units, ok := wrapLog(l); ok {
			return appendMove(moves, l, chains.MoveUnwrap, AssetOf(l.Address), holder, "", &units)
		}
	}
	return moves
}

// transfer reads Transfer(address,address,uint256):
//
//	4 topics, no data         ERC-721: the third is the id of one token
//	3 topics, 32 bytes        ERC-20
//	1 topic,  96 bytes        tokens older than the standard; of unindexedNFT, an id
//
// With two topics it cannot be told which of the addresses is the indexed one.
func (d *Decoder) transfer(l *Log, form wrapForm, moves []chains.Move) []chains.Move {
	var words [3][32]byte
	switch {
	case len(l.Topics) == 4 && len(l.Data) == 0:
		words = [3][32]byte(l.Topics[1:])
	case len(l.Topics) == 3 && len(l.Data) == 32:
		words = [3][32]byte{l.Topics[1], l.Topics[2], [32]byte(l.Data)}
	case len(l.Topics) == 1 && len(l.Data) == 96:
		words = [3][32]byte{[32]byte(l.Data), [32]byte(l.Data[32:]), [32]byte(l.Data[64:])}
	default:
		return moves
	}
	from, fromOK := party(words[0])
	to, toOK := party(words[1])
	if !fromOK || !toOK {
		return moves
	}
	units := new(uint256.Int).SetBytes32(words[2][:])
	switch {
	case len(l.Topics) == 4, len(l.Topics) == 1 && d.oldNFT == l.Address && l.Address != (common.Address{}):
		return appendMove(moves, l, chains.MoveNFT, NFT(l.Address, units), from, to, uint256.NewInt(1))
	case form == wrapMints && from == "":
		return appendMove(moves, l, chains.MoveWrap, AssetOf(l.Address), from, to, units)
	case form == wrapMints && to == "":
		return appendMove(moves, l, chains.MoveUnwrap, AssetOf(l.Address), from, to, units)
	}
	return appendMove(moves, l, chains.MoveToken, AssetOf(l.Address), from, to, units)
}

// singleMove reads ERC-1155's TransferSingle: operator, from, to; id, amount.
func singleMove(l *Log, moves []chains.Move) []chains.Move {
	if len(l.Topics) != 4 || len(l.Data) != 64 {
		return moves
	}
	from, fromOK := party(l.Topics[2])
	to, toOK := party(l.Topics[3])
	if !fromOK || !toOK {
		return moves
	}
	var id, units uint256.Int
	id.SetBytes32(l.Data[:32])
	units.SetBytes32(l.Data[32:])
	return appendMove(moves, l, chains.MoveNFT, NFT(l.Address, &id), from, to, &units)
}

// batchMoves reads ERC-1155's TransferBatch: two arrays of the same length, ids and amounts.
func batchMoves(l *Log, moves []chains.Move) []chains.Move {
	if len(l.Topics) != 4 {
		return moves
	}
	from, fromOK := party(l.Topics[2])
	to, toOK := party(l.Topics[3])
	ids, idsOK := abiWords(l.Data, 0)
	amounts, amountsOK := abiWords(l.Data, 1)
	if !fromOK || !toOK || !idsOK || !amountsOK || len(ids) != len(amounts) {
		return moves
	}
	for i := 0; i < len(ids); i += 32 {
		var id, units uint256.Int
		id.SetBytes32(ids[i:])
		units.SetBytes32(amounts[i:])
		moves = appendMove(moves, l, chains.MoveNFT, NFT(l.Address, &id), from, to, &units)
	}
	return moves
}

// abiWords returns the words of the array that the i-th word of data points to.
func abiWords(data []byte, i int) ([]byte, bool) {
	at, ok := abiLength(data, 32*i)
	if !ok {
		return nil, false
	}
	n, ok := abiLength(data, at)
	if !ok || n > (len(data)-at-32)/32 {
		return nil, false
	}
	return data[at+32 : at+32+32*n], true
}

// abiLength reads the word at a byte of data, which must be less than the length of data.
func abiLength(data []byte, at int) (int, bool) {
	if at < 0 || at+32 > len(data) {
		return 0, false
	}
	var n uint256.Int
	n.SetBytes32(data[at:])
	if !n.LtUint64(uint64(len(data))) {
		return 0, false
	}
	return int(n.Uint64()), true
}

// wrapLog reads Deposit and Withdrawal of WETH9: the holder is indexed.
func wrapLog(l *Log) (holder chains.Address, units uint256.Int, ok bool) {
	if len(l.Topics) != 2 || len(l.Data) != 32 {
		return "", units, false
	}
	holder, ok = party(l.Topics[1])
	units.SetBytes32(l.Data)
	return holder, units, ok
}

// feeMove reads Polygon's LogFeeTransfer, which the chain itself writes behind each
// transaction: token, from, to; amount and the balances around it.
func feeMove(l *Log, moves []chains.Move) []chains.Move {
	if len(l.Topics) != 4 || common.Hash(l.Topics[0]) != topicFeeLog || len(l.Data) < 32 {
		return moves
	}
	to, ok := party(l.Topics[3])
	if !ok || to == "" {
		return moves
	}
	units := new(uint256.Int).SetBytes32(l.Data[:32])
	return appendNative(moves, chains.MoveTip, "", to, units, 0, chains.EvidenceProven)
}

// party is the address in a word: "" for the zero address, which stands for making and
// unmaking; false where the word holds more than an address.
func party(word [32]byte) (chains.Address, bool) {
	if [12]byte(word[:12]) != ([12]byte{}) {
		return "", false
	}
	return holder(common.Address(word[12:])), true
}

// holder is an address that can hold value: "" for the zero address.
func holder(a common.Address) chains.Address {
	if a == (common.Address{}) {
		return ""
	}
	return Address(a)
}

func appendMove(moves []chains.Move, l *Log, kind chains.MoveKind, asset chains.Asset, from, to chains.Address, units *uint256.Int) []chains.Move {
	if units.IsZero() || from == "" && to == "" {
		return moves
	}
	return append(moves, chains.Move{
		Kind: kind, Asset: asset, From: from, To: to, Amount: chains.AmountOf(units), Index: l.Index, Evidence: chains.EvidenceProven,
	})
}
