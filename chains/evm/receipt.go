package evm

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"
)

// Log is an event as a contract wrote it.
type Log struct {
	Address [20]byte
	Topics  [][32]byte // 0 to 4
	Data    []byte
	Index   uint32 // in the block, from 0
}

// Receipt is what running a transaction came to.
type Receipt struct {
	// Recorded on chain:
	Type          uint8
	Failed        bool
	PostState     []byte // root of the state instead of a status, before Byzantium
	CumulativeGas uint64 // of all transactions of the block up to this one
	Bloom         []byte // 256 bytes
	Logs          []Log
	DepositNonce  *uint64 // OP stack, type 0x7e
	DepositForm   *uint64 // the same since Canyon: depositReceiptVersion
	// Claimed by the node, beyond what the receipt's bytes say:
	TxHash   common.Hash
	Place    int // of its transaction in the block
	Block    common.Hash
	GasUsed  uint64
	L1Gas    uint64       // the part of GasUsed that stands for the L1 (Arbitrum)
	GasPrice *uint256.Int // paid for a unit of gas, in wei; nil: not told
	Contract *common.Address
	BlobGas  uint64
	BlobFee  uint256.Int // for a unit of blob gas, in wei
	L1Fee    uint256.Int // in wei, on top of the gas (OP stack, Scroll)
}

// encode returns the consensus bytes. A receipt whose bloom was not told gets the one that its
// logs make.
//
//	[type] [ status or post-state, cumulative gas, bloom, [ [address, [topics…], data]… ], (deposit nonce, version) ]
func (r *Receipt) encode() []byte {
	w := rlp.NewEncoderBuffer(nil)
	list := w.List()
	switch {
	case r.PostState != nil:
		w.WriteBytes(r.PostState)
	default:
		w.WriteBool(!r.Failed)
	}
	w.WriteUint64(r.CumulativeGas)
	bloom := r.Bloom
	if bloom == nil {
		bloom = bloomOf(r.Logs)
	}
	w.WriteBytes(bloom)
	logs := w.List()
	for i := range r.Logs {
		l := &r.Logs[i]
		one := w.List()
		w.WriteBytes(l.Address[:])
		topics := w.List()
		for j := range l.Topics {
			w.WriteBytes(l.Topics[j][:])
		}
		w.ListEnd(topics)
		w.WriteBytes(l.Data)
		w.ListEnd(one)
	}
	w.ListEnd(logs)
	if r.DepositForm != nil && r.DepositNonce != nil {
		w.WriteUint64(*r.DepositNonce)
		w.WriteUint64(*r.DepositForm)
	}
	w.ListEnd(list)
	if r.Type == typeLegacy {
		return encoded(w)
	}
	return append([]byte{r.Type}, encoded(w)...)
}

// bloomOf returns the bloom of the yellow paper: three bits of 2048 for each address and topic.
func bloomOf(logs []Log) []byte {
	bloom := make([]byte, 256)
	add := func(b []byte) {
		h := crypto.Keccak256(b)
		for i := 0; i < 6; i += 2 {
			bit := (uint(h[i])<<8 | uint(h[i+1])) & 2047
			bloom[255-bit/8] |= 1 << (bit % 8)
		}
	}
	for i := range logs {
		add(logs[i].Address[:])
		for j := range logs[i].Topics {
			add(logs[i].Topics[j][:])
		}
	}
	return bloom
}

// DecodeReceipt reads a receipt in consensus bytes. Its logs count from 0, and what only the
// node claims is zero. An error wraps ErrBadEncoding.
func DecodeReceipt(raw []byte) (Receipt, error) {
	var r Receipt
	body := raw
	if len(raw) > 0 && raw[0] > 0 && raw[0] < 0x80 {
		r.Type, body = raw[0], raw[1:]
	}
	if err := r.decode(body); err != nil {
		return Receipt{}, fmt.Errorf("%w: receipt of type 0x%02x: %w", ErrBadEncoding, r.Type, err)
	}
	return r, nil
}

func (r *Receipt) decode(body []byte) error {
	content, rest, err := rlp.SplitList(body)
	if err = allRead(rest, err); err != nil {
		return err
	}
	status, content, err := rlp.SplitString(content)
	switch {
	case err != nil:
		return err
	case len(status) == common.HashLength:
		r.PostState = status
	case len(status) == 0:
		r.Failed = true
	case len(status) != 1 || status[0] != 1:
		return fmt.Errorf("status %x", status)
	}
	if r.CumulativeGas, content, err = rlp.SplitUint64(content); err != nil {
		return err
	}
	r.Bloom = make([]byte, 256)
	if content, err = splitFixed(content, r.Bloom); err != nil {
		return err
	}
	if content, err = splitEach(content, r.decodeLog); err != nil {
		return err
	}
	for _, into := range []**uint64{&r.DepositNonce, &r.DepositForm} {
		if r.Type != typeDeposit || len(content) == 0 {
			break
		}
		var n uint64
		if n, content, err = rlp.SplitUint64(content); err != nil {
			return err
		}
		*into = &n
	}
	return allRead(content, nil)
}

func (r *Receipt) decodeLog(b []byte) ([]byte, error) {
	l := Log{Index: uint32(len(r.Logs))}
	one, rest, err := rlp.SplitList(b)
	if err != nil {
		return nil, err
	}
	if one, err = splitFixed(one, l.Address[:]); err != nil {
		return nil, err
	}
	one, err = splitEach(one, func(b []byte) ([]byte, error) {
		var topic [32]byte
		defer func() { l.Topics = append(l.Topics, topic) }()
		return splitFixed(b, topic[:])
	})
	if err != nil {
		return nil, err
	}
	if l.Data, one, err = rlp.SplitString(one); err != nil {
		return nil, err
	}
	if len(l.Topics) > 4 {
		return nil, fmt.Errorf("a log of %d topics", len(l.Topics))
	}
	r.Logs = append(r.Logs, l)
	return rest, allRead(one, nil)
}
