package evm

import (
	"encoding/hex"
	"fmt"
	"math"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"clew/chains"
)

// Header is what a block's header says, as far as transactions are read with it.
type Header struct {
	// Recorded on chain:
	Ref             chains.BlockRef
	Prev            chains.BlockHash
	Miner           common.Address
	TxRoot          common.Hash
	ReceiptRoot     common.Hash
	WithdrawalsRoot *common.Hash // nil before Shanghai, and on chains without withdrawals
	BaseFee         *uint256.Int // in wei; nil before London
	BlobFields      bool         // EIP-4844 is in force, and with it EIP-6780
	Work            bool         // made by proof of work (or of authority): the difficulty is not 0
	// Derived by us:
	// Raw is the RLP whose hash is Ref.Hash. Nil where the header of this chain has fields that
	// are not known here: the hash, and all that hangs on it, is the node's word then.
	Raw []byte
}

// headerField is one field of a header: its name, its length in bytes (or sizeNumber, sizeAny)
// and where it stands in a node's JSON.
type headerField struct {
	name string
	size int
	said func(*rpcBlock) string
}

const (
	sizeNumber = -1 // a number of up to 256 bits, without zeros in front
	sizeAny    = -2 // any bytes
)

// headerHead are the fields that all headers have; forks added those behind, one after the
// other. plainTail are go-ethereum's, avalancheTail Coreth's.
var (
	headerHead = []headerField{
		{"parentHash", 32, func(b *rpcBlock) string { return b.Parent }},
		{"sha3Uncles", 32, func(b *rpcBlock) string { return b.UnclesHash }},
		{"miner", 20, func(b *rpcBlock) string { return b.Miner }},
		{"stateRoot", 32, func(b *rpcBlock) string { return b.State }},
		{"transactionsRoot", 32, func(b *rpcBlock) string { return b.TxRoot }},
		{"receiptsRoot", 32, func(b *rpcBlock) string { return b.ReceiptRoot }},
		{"logsBloom", 256, func(b *rpcBlock) string { return b.Bloom }},
		{"difficulty", sizeNumber, func(b *rpcBlock) string { return b.Difficulty }},
		{"number", sizeNumber, func(b *rpcBlock) string { return b.Number }},
		{"gasLimit", sizeNumber, func(b *rpcBlock) string { return b.GasLimit }},
		{"gasUsed", sizeNumber, func(b *rpcBlock) string { return b.GasUsed }},
		{"timestamp", sizeNumber, func(b *rpcBlock) string { return b.Time }},
		{"extraData", sizeAny, func(b *rpcBlock) string { return b.Extra }},
		{"mixHash", 32, func(b *rpcBlock) string { return b.Mix }},
		{"nonce", 8, func(b *rpcBlock) string { return b.Nonce }},
	}
	plainTail = []headerField{
		{"baseFeePerGas", sizeNumber, func(b *rpcBlock) string { return b.BaseFee }},
		{"withdrawalsRoot", 32, func(b *rpcBlock) string { return b.WithdrawalsRoot }},
		{"blobGasUsed", sizeNumber, func(b *rpcBlock) string { return b.BlobGasUsed }},
		{"excessBlobGas", sizeNumber, func(b *rpcBlock) string { return b.ExcessBlobGas }},
		{"parentBeaconBlockRoot", 32, func(b *rpcBlock) string { return b.BeaconRoot }},
		{"requestsHash", 32, func(b *rpcBlock) string { return b.Requests }},
		{"blockAccessListHash", 32, func(b *rpcBlock) string { return b.AccessList }},
		{"slotNumber", sizeNumber, func(b *rpcBlock) string { return b.Slot }},
	}
	avalancheTail = []headerField{
		{"extDataHash", 32, func(b *rpcBlock) string { return b.ExtDataHash }},
		{"baseFeePerGas", sizeNumber, func(b *rpcBlock) string { return b.BaseFee }},
		{"extDataGasUsed", sizeNumber, func(b *rpcBlock) string { return b.ExtDataGasUsed }},
		{"blockGasCost", sizeNumber, func(b *rpcBlock) string { return b.BlockGasCost }},
		{"blobGasUsed", sizeNumber, func(b *rpcBlock) string { return b.BlobGasUsed }},
		{"excessBlobGas", sizeNumber, func(b *rpcBlock) string { return b.ExcessBlobGas }},
		{"parentBeaconBlockRoot", 32, func(b *rpcBlock) string { return b.BeaconRoot }},
	}
)

func headerLayout(chain chains.Chain) []headerField {
	tail := plainTail
	if quirksOf(chain).avalanche {
		tail = avalancheTail
	}
	return append(headerHead[:len(headerHead):len(headerHead)], tail...)
}

// headerFromJSON reads a header from a node's JSON and writes it as RLP. Where that does not hash to what the node says, Raw stays nil; on a chain
// whose headers are known at every height that is chains.ErrBadAnswer.
func headerFromJSON(chain chains.Chain, b *rpcBlock) (*Header, error) {
	var hx hexReader
	layout := headerLayout(chain)
	values := make([][]byte, 0, len(layout))
	for i, f := range layout {
		text := f.said(b)
		if text == "" && i >= len(headerHead) {
			break
		}
		values = append(values, hx.headerValue(f, text))
	}
	said := hx.hash("block hash", b.Hash)
	if hx.err != nil {
		return nil, fmt.Errorf("header of %s: %w", chain, hx.err)
	}
	h, err := headerOf(layout, values)
	if err != nil {
		return nil, fmt.Errorf("header of %s: %w: %w", chain, ErrBadEncoding, err)
	}
	raw := encodeHeader(values)
	h.Ref.Hash = chains.BlockHash(said)
	if crypto.Keccak256Hash(raw) == said {
		h.Raw = raw
	} else if quirksOf(chain).plainHeader {
		return nil, fmt.Errorf("header of block %d of %s: %w: its fields do not hash to %x", h.Ref.Height, chain, chains.ErrBadAnswer, said)
	}
	return h, nil
}

// headerValue reads one field. A missing field of fixed size (mixHash and nonce of chains that
// have others there) reads as zeros: the hash will tell.
func (h *hexReader) headerValue(f headerField, text string) []byte {
	switch f.size {
	case sizeAny:
		return h.bytes(f.name, text)
	case sizeNumber:
		v := h.uint256(f.name, text)
		return v.Bytes()
	}
	into := make([]byte, f.size)
	h.fixed(f.name, text, into)
	return into
}

func encodeHeader(values [][]byte) []byte {
	w := rlp.NewEncoderBuffer(nil)
	list := w.List()
	for _, v := range values {
		w.WriteBytes(v)
	}
	w.ListEnd(list)
	return encoded(w)
}

// encoded returns what was written and gives the buffer back.
func encoded(w rlp.EncoderBuffer) []byte {
	raw := w.AppendToBytes(make([]byte, 0, w.Size()))
	_ = w.Flush() // nothing to flush to: it cannot fail
	return raw
}

// DecodeHeader reads a header in RLP and computes its hash. An error wraps ErrBadEncoding.
func DecodeHeader(chain chains.Chain, raw []byte) (*Header, error) {
	layout := headerLayout(chain)
	content, rest, err := rlp.SplitList(raw)
	err = allRead(rest, err)
	var values [][]byte
	for err == nil && len(content) > 0 {
		var v []byte
		if v, content, err = rlp.SplitString(content); err == nil {
			values = append(values, v)
		}
	}
	var h *Header
	if err == nil {
		h, err = headerOf(layout, values)
	}
	if err != nil {
		return nil, fmt.Errorf("header of %s: %w: %w", chain, ErrBadEncoding, err)
	}
	h.Raw, h.Ref.Hash = raw, chains.BlockHash(crypto.Keccak256Hash(raw))
	return h, nil
}

// headerOf takes what is needed out of the fields in the order of the layout.
func headerOf(layout []headerField, values [][]byte) (*Header, error) {
	if len(values) < len(headerHead) || len(values) > len(layout) {
		return nil, fmt.Errorf("%d fields, want %d to %d", len(values), len(headerHead), len(layout))
	}
	h := &Header{}
	for i, v := range values {
		f := layout[i]
		if f.size >= 0 && len(v) != f.size || f.size == sizeNumber && (len(v) > 32 || len(v) > 0 && v[0] == 0) {
			return nil, fmt.Errorf("%s has %d bytes: %s", f.name, len(v), hex.EncodeToString(v[:min(len(v), 40)]))
		}
		if err := h.take(f.name, v); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *Header) take(name string, v []byte) error {
	var n uint256.Int
	switch name {
	case "parentHash":
		h.Prev = chains.BlockHash(v)
	case "miner":
		h.Miner = common.Address(v)
	case "transactionsRoot":
		h.TxRoot = common.Hash(v)
	case "receiptsRoot":
		h.ReceiptRoot = common.Hash(v)
	case "withdrawalsRoot":
		root := common.Hash(v)
		h.WithdrawalsRoot = &root
	case "baseFeePerGas":
		h.BaseFee = n.SetBytes(v)
	case "difficulty":
		h.Work = len(v) > 0
	case "excessBlobGas":
		h.BlobFields = true
	case "number", "timestamp":
		n.SetBytes(v)
		if !n.IsUint64() || n.Uint64() > math.MaxInt64 {
			return fmt.Errorf("%s is %s", name, n.Dec())
		}
		if name == "number" {
			h.Ref.Height = int64(n.Uint64())
		} else {
			h.Ref.Time = int64(n.Uint64())
		}
	}
	return nil
}
