package evm

import (
	"fmt"
	"math"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/goccy/go-json"

	"clew/chains"
)

// Parts is a transaction with everything that is read with it: what was signed, its receipt
// and its calls. It is made from a node's JSON (ParseBlock, ParseTransaction) or from a
// recording (Decoder.Assemble), and what follows from it does not depend on which.
type Parts struct {
	Index   int // position in the block, from 0
	Tx      Transaction
	Sender  common.Address // as the node says, until CheckSender
	shown   bool           // Sender follows from the consensus bytes: CheckSender found it there
	Receipt Receipt
	Calls   *Call // nil: the calls are not known
}

// BlockParts is a block with its transactions.
type BlockParts struct {
	Header *Header
	// Txs are all transactions, in order; nil where the block was asked for without them.
	Txs []Parts
	// IDs are the hashes of all transactions, in order.
	IDs         []common.Hash
	Withdrawals []Withdrawal
	// UncleHashes name the uncles, UncleMiners who made them and at what height; nil: not told.
	UncleHashes []common.Hash
	UncleMiners []Uncle
}

// Withdrawal is one of the beacon chain.
type Withdrawal struct {
	Index, Validator uint64
	Address          common.Address
	Gwei             uint64
}

// Uncle is what an uncle's header says of its reward.
type Uncle struct {
	Miner  common.Address
	Height int64
}

// ParseBlock reads what eth_getBlockByNumber or …ByHash gives; full says whether transactions
// were asked for, or only their hashes. The block's hash is computed again where the chain's
// headers are known (Header.Raw). An error wraps ErrBadEncoding or chains.ErrBadAnswer.
func ParseBlock(chain chains.Chain, data []byte, full bool) (*BlockParts, error) {
	var b rpcFullBlock
	var thin rpcThinBlock
	var err error
	if full {
		err = json.Unmarshal(data, &b)
	} else {
		err = json.Unmarshal(data, &thin)
		b.rpcBlock = thin.rpcBlock
	}
	if err != nil {
		return nil, fmt.Errorf("block of %s: %w: %w", chain, ErrBadEncoding, err)
	}
	parts := &BlockParts{}
	if parts.Header, err = headerFromJSON(chain, &b.rpcBlock); err != nil {
		return nil, err
	}
	var hx hexReader
	for _, text := range thin.Transactions {
		parts.IDs = append(parts.IDs, hx.hash("transaction", text))
	}
	for _, text := range b.Uncles {
		parts.UncleHashes = append(parts.UncleHashes, hx.hash("uncle", text))
	}
	for _, w := range b.Withdrawals {
		parts.Withdrawals = append(parts.Withdrawals, Withdrawal{
			Index: hx.uint64("withdrawal", w.Index), Validator: hx.uint64("validatorIndex", w.Validator),
			Address: hx.address("withdrawal's address", w.Address), Gwei: hx.uint64("withdrawal's amount", w.Amount),
		})
	}
	if full {
		parts.Txs = make([]Parts, len(b.Transactions))
		parts.IDs = make([]common.Hash, len(b.Transactions))
	}
	for i := range b.Transactions {
		p := &parts.Txs[i]
		if err := p.fromRPC(chain, &b.Transactions[i], &hx); err != nil {
			return nil, fmt.Errorf("transaction %d of block %d of %s: %w", i, parts.Header.Ref.Height, chain, err)
		}
		if p.Index != i {
			return nil, fmt.Errorf("transaction %d of block %d of %s: %w: it says that it is number %d", i, parts.Header.Ref.Height, chain, chains.ErrBadAnswer, p.Index)
		}
		parts.IDs[i] = p.Tx.Hash
	}
	if hx.err != nil {
		return nil, fmt.Errorf("block %d of %s: %w", parts.Header.Ref.Height, chain, hx.err)
	}
	return parts, nil
}

// ParseTransaction reads what eth_getTransactionByHash and eth_getTransactionReceipt give.
// Calls are not known until they are set.
func ParseTransaction(chain chains.Chain, tx, receipt []byte) (Parts, error) {
	var p Parts
	var t rpcTx
	if err := json.Unmarshal(tx, &t); err != nil {
		return p, fmt.Errorf("transaction of %s: %w: %w", chain, ErrBadEncoding, err)
	}
	var hx hexReader
	if err := p.fromRPC(chain, &t, &hx); err != nil {
		return Parts{}, fmt.Errorf("transaction %s of %s: %w", t.Hash, chain, err)
	}
	r, err := ParseReceipt(receipt)
	if err == nil {
		err = p.attach(&r)
	}
	return p, err
}

// attach gives p its receipt, which must be its own.
func (p *Parts) attach(r *Receipt) error {
	if r.TxHash != p.Tx.Hash || r.Place != p.Index {
		return fmt.Errorf("receipt of transaction %x: %w: it is of %x, number %d", p.Tx.Hash, chains.ErrBadAnswer, r.TxHash, r.Place)
	}
	p.Receipt = *r
	p.Receipt.Type = p.Tx.Type
	return nil
}

// Attach gives every transaction of b its receipt, in order, and its calls; nil calls are not
// known. ErrBadAnswer: they are not those of this block.
func (b *BlockParts) Attach(receipts []Receipt, calls []TracedTx) error {
	at := b.Header.Ref
	if len(receipts) != len(b.Txs) || calls != nil && len(calls) != len(b.Txs) {
		return fmt.Errorf("block %d: %w: %d transactions, %d receipts, %d call trees", at.Height, chains.ErrBadAnswer, len(b.Txs), len(receipts), len(calls))
	}
	for i := range b.Txs {
		if receipts[i].Block != common.Hash(at.Hash) {
			return fmt.Errorf("receipt %d of block %d: %w: it is of block %x", i, at.Height, chains.ErrBadAnswer, receipts[i].Block)
		}
		if err := b.Txs[i].attach(&receipts[i]); err != nil {
			return err
		}
		if calls == nil {
			continue
		}
		if calls[i].Hash != b.Txs[i].Tx.Hash && calls[i].Hash != (common.Hash{}) {
			return fmt.Errorf("calls %d of block %d: %w: they are of transaction %x", i, at.Height, chains.ErrBadAnswer, calls[i].Hash)
		}
		b.Txs[i].Calls = calls[i].Calls
	}
	return nil
}

// fromRPC reads the transaction and writes its consensus bytes, whose hash must be the one that
// the node names. It is not checked for what carries no signature, and on chains that are not
// known to do as Ethereum does: Raw stays nil there.
func (p *Parts) fromRPC(chain chains.Chain, t *rpcTx, hx *hexReader) error {
	tx := &p.Tx
	kind := hx.uint64("type", t.Type)
	if kind > math.MaxUint8 {
		return fmt.Errorf("%w: type %s", ErrBadEncoding, t.Type)
	}
	place := hx.uint64("transactionIndex", t.Place)
	p.Sender = hx.address("from", t.From)
	tx.Hash, tx.Type = hx.hash("hash", t.Hash), uint8(kind)
	hx.transaction(tx, t)
	if !signed(tx.Type) {
		hx.own(tx, t)
	}
	if hx.err != nil {
		return hx.err
	}
	if place > math.MaxInt32 {
		return fmt.Errorf("%w: transactionIndex %s", ErrBadEncoding, t.Place)
	}
	p.Index = int(place)
	raw := tx.encode(chain, true)
	switch {
	case raw != nil && crypto.Keccak256Hash(raw) == tx.Hash:
		tx.Raw = raw
	case signed(tx.Type) && !tx.S.IsZero() && quirksOf(chain).plainHeader:
		return fmt.Errorf("%w: its fields do not hash to %x", chains.ErrBadAnswer, tx.Hash)
	}
	return nil
}

func (h *hexReader) transaction(tx *Transaction, t *rpcTx) {
	tx.Nonce, tx.Gas = h.uint64("nonce", t.Nonce), h.uint64("gas", t.Gas)
	tx.To, tx.Value, tx.Input = h.maybe("to", t.To), h.uint256("value", t.Value), h.bytes("input", t.Input)
	tx.R, tx.S, tx.V = h.uint256("r", t.R), h.uint256("s", t.S), h.uint256("v", t.V)
	if t.V == "" {
		tx.V = h.uint256("yParity", t.Parity)
	}
	tx.ChainID = h.uint256("chainId", t.ChainID)
	switch tx.Type {
	case typeLegacy:
		tx.ChainID = legacyChainID(&tx.V)
		tx.GasPrice = h.uint256("gasPrice", t.GasPrice)
	case typeAccess:
		tx.GasPrice = h.uint256("gasPrice", t.GasPrice)
	default:
		tx.TipCap, tx.FeeCap = h.uint256("maxPriorityFeePerGas", t.TipCap), h.uint256("maxFeePerGas", t.FeeCap)
		tx.BlobCap = h.uint256("maxFeePerBlobGas", t.BlobCap)
	}
	for _, a := range t.Access {
		tuple := AccessTuple{Address: h.address("access list", a.Address)}
		for _, key := range a.Keys {
			tuple.Keys = append(tuple.Keys, h.hash("storage key", key))
		}
		tx.Access = append(tx.Access, tuple)
	}
	for _, blob := range t.Blobs {
		tx.Blobs = append(tx.Blobs, h.hash("blob", blob))
	}
	for _, a := range t.Auths {
		auth := Authorization{
			ChainID: h.uint256("chainId", a.ChainID), Address: h.address("authorization", a.Address), Nonce: h.uint64("nonce", a.Nonce),
			V: h.uint256("yParity", a.Parity), R: h.uint256("r", a.R), S: h.uint256("s", a.S),
		}
		if a.Parity == "" {
			auth.V = h.uint256("v", a.V)
		}
		tx.Auths = append(tx.Auths, auth)
	}
}

// own reads what only an L2's own types have.
func (h *hexReader) own(tx *Transaction, t *rpcTx) {
	own := &tx.Own
	if tx.Type != typeArbIntern { // which names a sender in JSON alone
		own.From = h.address("from", t.From)
	}
	own.Mint, own.System = h.uint256("mint", t.Mint), t.System
	own.QueueIndex, own.L1BaseFee = h.uint64("queueIndex", t.Queue), h.uint256("l1BaseFee", t.L1BaseFee)
	own.Refund, own.Benefit = h.address("refundTo", t.RefundTo), h.address("beneficiary", t.Beneficiary)
	own.MaxRefund, own.FeeRefund = h.uint256("maxRefund", t.MaxRefund), h.uint256("submissionFeeRefund", t.SubmitRefund)
	source := t.Source
	switch tx.Type {
	case typeArbRetry:
		source = t.Ticket
	case typeArbDepo, typeArbCall, typeArbSubmit:
		source = t.Request
	}
	own.Source = h.hash("source", source)
	if tx.Type != typeArbSubmit {
		return
	}
	own.Mint, own.MaxRefund = h.uint256("depositValue", t.DepositValue), h.uint256("maxSubmissionFee", t.MaxSubmit)
	tx.To, tx.Value, tx.Input = nil, h.uint256("retryValue", t.RetryValue), h.bytes("retryData", t.RetryData)
	if t.RetryTo != nil {
		tx.To = h.maybe("retryTo", *t.RetryTo)
	}
}

// CheckSender compares the sender that the node named with the one whose key signed or, where an
// L2's own type names one, with that. ErrBadAnswer: they differ. What shows none passes: it is the
// node's word.
func (p *Parts) CheckSender(chain chains.Chain) error {
	shown, from := p.Tx.Own.From, !signed(p.Tx.Type) && p.Tx.Type != typeArbIntern
	if p.Tx.Raw == nil || !from && !p.Tx.hasSignature() {
		return nil
	}
	if !from {
		var err error
		if shown, err = p.Tx.Signer(chain); err != nil {
			return err
		}
	}
	if shown != p.Sender {
		return fmt.Errorf("transaction %x: %w: it is of %x, the node names %x", p.Tx.Hash, chains.ErrBadAnswer, shown, p.Sender)
	}
	p.shown = true
	return nil
}

// hasSignature reports whether a key can have signed t. What a test node sends in another's name
// has none.
func (t *Transaction) hasSignature() bool { return signed(t.Type) && !t.S.IsZero() }

// ParseReceipt reads what eth_getTransactionReceipt gives.
func ParseReceipt(data []byte) (Receipt, error) {
	var r rpcReceipt
	if err := json.Unmarshal(data, &r); err != nil {
		return Receipt{}, fmt.Errorf("receipt: %w: %w", ErrBadEncoding, err)
	}
	var hx hexReader
	receipt := hx.receipt(&r)
	if hx.err != nil {
		return Receipt{}, fmt.Errorf("receipt of %s: %w", r.TxHash, hx.err)
	}
	return receipt, nil
}

// ParseReceipts reads what eth_getBlockReceipts gives.
func ParseReceipts(data []byte) ([]Receipt, error) {
	var list []rpcReceipt
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("receipts: %w: %w", ErrBadEncoding, err)
	}
	var hx hexReader
	receipts := make([]Receipt, len(list))
	for i := range list {
		receipts[i] = hx.receipt(&list[i])
		if hx.err != nil {
			return nil, fmt.Errorf("receipt of %s: %w", list[i].TxHash, hx.err)
		}
	}
	return receipts, nil
}

func (h *hexReader) receipt(r *rpcReceipt) Receipt {
	v := Receipt{
		TxHash: h.hash("transactionHash", r.TxHash), Block: h.hash("blockHash", r.Block),
		CumulativeGas: h.uint64("cumulativeGasUsed", r.CumulativeGas), GasUsed: h.uint64("gasUsed", r.GasUsed),
		Bloom: h.bytes("logsBloom", r.Bloom), Contract: h.maybe("contractAddress", r.Contract),
		BlobGas: h.uint64("blobGasUsed", r.BlobGas), BlobFee: h.uint256("blobGasPrice", r.BlobFee), L1Fee: h.uint256("l1Fee", r.L1Fee),
		L1Gas: h.uint64("gasUsedForL1", r.L1Gas),
		Place: int(h.uint64("transactionIndex", r.Place) & math.MaxInt32), Type: uint8(h.uint64("type", r.Type)),
	}
	switch {
	case r.Status != "":
		v.Failed = h.uint64("status", r.Status) == 0
	case r.Root != "":
		v.PostState = h.bytes("root", r.Root)
	default:
		h.fail("status of a receipt", "")
	}
	if r.GasPrice != "" {
		price := h.uint256("effectiveGasPrice", r.GasPrice)
		v.GasPrice = &price
	}
	v.DepositNonce, v.DepositForm = h.optional("depositNonce", r.DepositNonce), h.optional("depositReceiptVersion", r.DepositForm)
	v.Logs = make([]Log, len(r.Logs))
	for i := range r.Logs {
		h.log(&v.Logs[i], &r.Logs[i])
	}
	return v
}

// optional returns nil where nothing was told.
func (h *hexReader) optional(what, text string) *uint64 {
	if text == "" {
		return nil
	}
	n := h.uint64(what, text)
	return &n
}

func (h *hexReader) log(v *Log, l *rpcLog) {
	if len(l.Topics) > 4 {
		h.fail("topics of a log", l.Topics[4])
		return
	}
	index := h.uint64("logIndex", l.Index)
	if index > math.MaxUint32 {
		h.fail("logIndex", l.Index)
	}
	v.Address, v.Data, v.Index = h.address("address of a log", l.Address), h.bytes("data of a log", l.Data), uint32(index)
	if len(l.Topics) == 0 {
		return
	}
	v.Topics = make([][32]byte, len(l.Topics))
	for i := range l.Topics {
		v.Topics[i] = h.hash("topic", l.Topics[i])
	}
}
