package evm

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"clew/chains"
)

// ErrBadEncoding means that bytes or JSON are not what consensus or the node's interface would
// have written.
var ErrBadEncoding = errors.New("malformed bytes")

// Transaction is what was signed, or what an L2 put in without a signature, as recorded on
// chain. Fields that its type does not have are zero.
type Transaction struct {
	Hash     common.Hash
	Type     uint8
	ChainID  uint256.Int
	Nonce    uint64
	GasPrice uint256.Int // legacy and access list: for a unit of gas, in wei
	TipCap   uint256.Int // maxPriorityFeePerGas
	FeeCap   uint256.Int // maxFeePerGas
	BlobCap  uint256.Int // maxFeePerBlobGas
	Gas      uint64      // limit
	To       *common.Address
	Value    uint256.Int // in wei
	Input    []byte
	Access   []AccessTuple
	Blobs    []common.Hash
	Auths    []Authorization
	V, R, S  uint256.Int
	Own      Own // what an L2's own types have
	// Raw are the consensus bytes (the typed envelope) whose hash is Hash; nil where this type
	// cannot be written here: the hash is the node's word then.
	Raw []byte
}

// Own are the fields of types that an L2 puts into its blocks without a signature: 0x7e of the
// OP stack and of Scroll, 0x64 to 0x6a of Arbitrum.
type Own struct {
	From       common.Address
	Source     common.Hash // sourceHash, or Arbitrum's requestId or ticketId
	Mint       uint256.Int // created for From before the call; Arbitrum: depositValue
	System     bool
	QueueIndex uint64
	L1BaseFee  uint256.Int
	Refund     common.Address
	Benefit    common.Address
	MaxRefund  uint256.Int // of a retry; of a submission: maxSubmissionFee
	FeeRefund  uint256.Int
}

// AccessTuple is an entry of an access list (EIP-2930).
type AccessTuple struct {
	Address common.Address
	Keys    []common.Hash
}

// Authorization is an entry of EIP-7702: an account that lends its key's power to code.
type Authorization struct {
	ChainID uint256.Int
	Address common.Address
	Nonce   uint64
	V, R, S uint256.Int
}

// The fields by name, as the layouts below put them together.
var (
	fChainID  = rlpWide(func(t *Transaction) *uint256.Int { return &t.ChainID })
	fNonce    = rlpNumber(func(t *Transaction) *uint64 { return &t.Nonce })
	fGasPrice = rlpWide(func(t *Transaction) *uint256.Int { return &t.GasPrice })
	fTip      = rlpWide(func(t *Transaction) *uint256.Int { return &t.TipCap })
	fFee      = rlpWide(func(t *Transaction) *uint256.Int { return &t.FeeCap })
	fBlobCap  = rlpWide(func(t *Transaction) *uint256.Int { return &t.BlobCap })
	fGas      = rlpNumber(func(t *Transaction) *uint64 { return &t.Gas })
	fTo       = rlpTarget(func(t *Transaction) **common.Address { return &t.To })
	fValue    = rlpWide(func(t *Transaction) *uint256.Int { return &t.Value })
	fInput    = rlpBytes(func(t *Transaction) *[]byte { return &t.Input })
	fV        = rlpWide(func(t *Transaction) *uint256.Int { return &t.V })
	fR        = rlpWide(func(t *Transaction) *uint256.Int { return &t.R })
	fS        = rlpWide(func(t *Transaction) *uint256.Int { return &t.S })
	fAccess   = txField{putAccess, getAccess}
	fBlobs    = txField{putBlobs, getBlobs}
	fAuths    = txField{putAuths, getAuths}

	fFrom      = rlpFixed(func(t *Transaction) []byte { return t.Own.From[:] })
	fSource    = rlpFixed(func(t *Transaction) []byte { return t.Own.Source[:] })
	fMint      = rlpWide(func(t *Transaction) *uint256.Int { return &t.Own.Mint })
	fSystem    = rlpFlag(func(t *Transaction) *bool { return &t.Own.System })
	fQueue     = rlpNumber(func(t *Transaction) *uint64 { return &t.Own.QueueIndex })
	fL1BaseFee = rlpWide(func(t *Transaction) *uint256.Int { return &t.Own.L1BaseFee })
	fRefund    = rlpFixed(func(t *Transaction) []byte { return t.Own.Refund[:] })
	fBenefit   = rlpFixed(func(t *Transaction) []byte { return t.Own.Benefit[:] })
	fMaxRefund = rlpWide(func(t *Transaction) *uint256.Int { return &t.Own.MaxRefund })
	fFeeRefund = rlpWide(func(t *Transaction) *uint256.Int { return &t.Own.FeeRefund })
)

// Types of transactions, as the first byte of the envelope names them.
const (
	typeLegacy    = 0x00
	typeAccess    = 0x01
	typeDynamic   = 0x02
	typeBlob      = 0x03
	typeSetCode   = 0x04
	typeArbDepo   = 0x64
	typeArbUnsig  = 0x65
	typeArbCall   = 0x66
	typeArbRetry  = 0x68
	typeArbSubmit = 0x69
	typeArbIntern = 0x6a
	typeDeposit   = 0x7e // OP stack; Scroll: message from the L1
)

// layouts are the fields of each type in the order of its bytes. The last three of types 0 to 4
// are the signature. Sources: EIP-155, 2930, 1559, 4844, 7702; the OP stack's deposits.md;
// Nitro's go-ethereum, core/types/arb_types.go.
var layouts = map[uint8][]txField{
	typeLegacy:    {fNonce, fGasPrice, fGas, fTo, fValue, fInput, fV, fR, fS},
	typeAccess:    {fChainID, fNonce, fGasPrice, fGas, fTo, fValue, fInput, fAccess, fV, fR, fS},
	typeDynamic:   {fChainID, fNonce, fTip, fFee, fGas, fTo, fValue, fInput, fAccess, fV, fR, fS},
	typeBlob:      {fChainID, fNonce, fTip, fFee, fGas, fTo, fValue, fInput, fAccess, fBlobCap, fBlobs, fV, fR, fS},
	typeSetCode:   {fChainID, fNonce, fTip, fFee, fGas, fTo, fValue, fInput, fAccess, fAuths, fV, fR, fS},
	typeDeposit:   {fSource, fFrom, fTo, fMint, fValue, fGas, fSystem, fInput},
	typeArbDepo:   {fChainID, fSource, fFrom, fTo, fValue},
	typeArbUnsig:  {fChainID, fFrom, fNonce, fFee, fGas, fTo, fValue, fInput},
	typeArbCall:   {fChainID, fSource, fFrom, fFee, fGas, fTo, fValue, fInput},
	typeArbRetry:  {fChainID, fNonce, fFrom, fFee, fGas, fTo, fValue, fInput, fSource, fRefund, fMaxRefund, fFeeRefund},
	typeArbSubmit: {fChainID, fSource, fFrom, fL1BaseFee, fMint, fFee, fGas, fTo, fValue, fBenefit, fMaxRefund, fRefund, fInput},
	typeArbIntern: {fChainID, fInput},
}

// scrollMessage is the layout of type 0x7e on Scroll (scroll-tech/go-ethereum, l1_message_tx.go).
var scrollMessage = []txField{fQueue, fGas, fTo, fValue, fInput, fFrom}

func layoutOf(chain chains.Chain, kind uint8) ([]txField, bool) {
	if kind == typeDeposit && quirksOf(chain).scroll {
		return scrollMessage, true
	}
	layout, ok := layouts[kind]
	return layout, ok
}

// signed reports whether a type carries a signature.
func signed(kind uint8) bool { return kind <= typeSetCode }

// encode returns the consensus bytes of t; nil where its type is not known. Without signature
// they are what was signed (EIP-155's way for legacy transactions that have a chain id).
func (t *Transaction) encode(chain chains.Chain, signature bool) []byte {
	layout, ok := layoutOf(chain, t.Type)
	if !ok {
		return nil
	}
	if !signature {
		layout = layout[:len(layout)-3]
	}
	w := rlp.NewEncoderBuffer(nil)
	list := w.List()
	for i := range layout {
		layout[i].put(t, w)
	}
	if !signature && t.Type == typeLegacy && !t.ChainID.IsZero() {
		w.WriteUint256(&t.ChainID)
		w.WriteUint64(0)
		w.WriteUint64(0)
	}
	w.ListEnd(list)
	raw := make([]byte, 0, w.Size()+1)
	if t.Type != typeLegacy {
		raw = append(raw, t.Type)
	}
	raw = w.AppendToBytes(raw)
	_ = w.Flush()
	return raw
}

// DecodeTransaction reads a transaction in consensus bytes and computes its hash. Nothing may
// follow it. An error wraps ErrBadEncoding.
func DecodeTransaction(chain chains.Chain, raw []byte) (Transaction, error) {
	t := Transaction{Hash: crypto.Keccak256Hash(raw), Raw: raw}
	body := raw
	if len(raw) > 0 && raw[0] < 0x80 {
		t.Type, body = raw[0], raw[1:]
	}
	layout, ok := layoutOf(chain, t.Type)
	if !ok || len(raw) > 0 && raw[0] == typeLegacy {
		return Transaction{}, fmt.Errorf("%w: a transaction of type 0x%02x, which is not known on %s", ErrBadEncoding, t.Type, chain)
	}
	content, rest, err := rlp.SplitList(body)
	err = allRead(rest, err)
	for i := 0; err == nil && i < len(layout); i++ {
		content, err = layout[i].get(&t, content)
	}
	if err = allRead(content, err); err != nil {
		return Transaction{}, fmt.Errorf("%w: transaction of type 0x%02x: %w", ErrBadEncoding, t.Type, err)
	}
	if t.Type == typeLegacy {
		t.ChainID = legacyChainID(&t.V)
	}
	return t, nil
}

// legacyChainID is what EIP-155 put into v: 35 + 2·id or 36 + 2·id; 0 without.
func legacyChainID(v *uint256.Int) uint256.Int {
	var id uint256.Int
	if v.GtUint64(34) {
		id.SubUint64(v, 35)
		id.Rsh(&id, 1)
	}
	return id
}

// Signer recovers who signed t. ErrUnsupported: its type carries no signature.
func (t *Transaction) Signer(chain chains.Chain) (common.Address, error) {
	if !signed(t.Type) {
		return common.Address{}, fmt.Errorf("transaction %x of type 0x%02x: %w: no signature", t.Hash, t.Type, chains.ErrUnsupported)
	}
	parity := t.V
	if t.Type == typeLegacy {
		if t.ChainID.IsZero() {
			parity.SubUint64(&parity, 27)
		} else {
			parity.SubUint64(&parity, 35)
			parity[0] &= 1
			parity[1], parity[2], parity[3] = 0, 0, 0
		}
	}
	var sig [65]byte
	t.R.WriteToSlice(sig[:32])
	t.S.WriteToSlice(sig[32:64])
	if !parity.LtUint64(2) {
		return common.Address{}, fmt.Errorf("transaction %x: %w: v is %s", t.Hash, ErrBadEncoding, t.V.Hex())
	}
	sig[64] = byte(parity[0])
	key, err := crypto.Ecrecover(crypto.Keccak256(t.encode(chain, false)), sig[:])
	if err != nil {
		return common.Address{}, fmt.Errorf("signature of transaction %x: %w: %w", t.Hash, ErrBadEncoding, err)
	}
	return common.BytesToAddress(crypto.Keccak256(key[1:])[12:]), nil
}
