package evm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"clew/chains"
)

// Record is a transaction as a recording keeps it.
type Record struct {
	Header       []byte // RLP; nil where the header of this chain cannot be written
	Index        int    // place in the block
	Raw          []byte // consensus bytes; nil where its type cannot be written
	Receipt      []byte // consensus bytes
	Attested     []byte // EncodeAttested
	TxProof      [][]byte
	ReceiptProof [][]byte
}

// Assemble returns the facts of a recorded transaction: the same as Pick gave, byte for byte.
// It is proven where both proofs lead from the header's roots to these bytes; one that leads
// elsewhere, a signature of another sender, a sum of gas that does not fit and JSON that is not
// canonical are chains.ErrBadAnswer. Without proofs all of it is the recorder's word.
func (d *Decoder) Assemble(r *Record) (chains.Tx, error) {
	tx, err := d.assemble(r)
	if err != nil {
		return chains.Tx{}, fmt.Errorf("recorded transaction %d: %w: %w", r.Index, chains.ErrBadAnswer, err)
	}
	tx.Exec.Receipt, tx.Exec.Attested, tx.Exec.TxProof, tx.Exec.ReceiptProof = r.Receipt, r.Attested, r.TxProof, r.ReceiptProof
	return tx, nil
}

func (d *Decoder) assemble(r *Record) (chains.Tx, error) {
	var a attested
	if err := a.read(r.Attested); err != nil {
		return chains.Tx{}, err
	}
	h, err := a.header(d.chain, r.Header)
	if err != nil {
		return chains.Tx{}, err
	}
	if a.System != nil {
		return d.assembleSystem(r, h, a.System)
	}
	p, err := d.recorded(r, h, &a)
	if err != nil {
		return chains.Tx{}, err
	}
	evidence := chains.EvidenceAttested
	if r.TxProof != nil || r.ReceiptProof != nil {
		if err := verifyRecord(r, h, &a); err != nil {
			return chains.Tx{}, err
		}
		evidence = chains.EvidenceProven
	}
	tx, err := d.Tx(p, h, evidence)
	if err == nil {
		p.claim(&tx)
	}
	return tx, err
}

// recorded puts the parts together again.
func (d *Decoder) recorded(r *Record, h *Header, a *attested) (*Parts, error) {
	p := &Parts{Index: r.Index}
	var hx hexReader
	var err error
	if r.Raw != nil {
		p.Tx, err = DecodeTransaction(d.chain, r.Raw)
	} else {
		err = a.transaction(&p.Tx, &hx)
	}
	if err != nil {
		return nil, err
	}
	if p.Receipt, err = DecodeReceipt(r.Receipt); err != nil {
		return nil, err
	}
	if p.Receipt.Type != p.Tx.Type {
		return nil, fmt.Errorf("%w: a receipt of type %d for a transaction of type %d", ErrBadEncoding, p.Receipt.Type, p.Tx.Type)
	}
	a.receipt(p, h, &hx)
	if a.Sender != "" {
		p.Sender = hx.address("sender", a.Sender)
	} else if p.Sender, err = p.Tx.Signer(d.chain); err != nil {
		return nil, err
	}
	if a.Calls != nil {
		p.Calls = &Call{}
		a.Calls.read(p.Calls, &hx, 0)
	}
	if hx.err != nil {
		return nil, hx.err
	}
	return p, p.CheckSender(d.chain)
}

// verifyRecord checks both proofs, and the gas used: what the receipt sums up less what the one
// before does.
func verifyRecord(r *Record, h *Header, a *attested) error {
	raw, err := VerifyProof(h.TxRoot, r.Index, r.TxProof)
	if err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	receipt, err := VerifyProof(h.ReceiptRoot, r.Index, r.ReceiptProof)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	if !bytes.Equal(raw, r.Raw) || !bytes.Equal(receipt, r.Receipt) {
		return fmt.Errorf("the proofs lead to other bytes")
	}
	own, err := DecodeReceipt(receipt)
	if err != nil {
		return err
	}
	before := Receipt{}
	if r.Index > 0 {
		if receipt, err = VerifyProof(h.ReceiptRoot, r.Index-1, r.ReceiptProof); err != nil {
			return fmt.Errorf("receipt before: %w", err)
		}
		if before, err = DecodeReceipt(receipt); err != nil {
			return fmt.Errorf("receipt before: %w", err)
		}
	}
	if own.CumulativeGas-before.CumulativeGas != a.Gas {
		return fmt.Errorf("%d gas used, but the receipts say %d", a.Gas, own.CumulativeGas-before.CumulativeGas)
	}
	return nil
}

func (d *Decoder) assembleSystem(r *Record, h *Header, s *attestedSystem) (chains.Tx, error) {
	var hx hexReader
	b := s.block(h, &hx)
	b.Txs = make([]Parts, r.Index)
	if hx.err != nil {
		return chains.Tx{}, hx.err
	}
	if h.Raw != nil {
		if err := d.checkWithdrawals(b); err != nil {
			return chains.Tx{}, err
		}
	}
	tx, _ := d.system(b)
	return tx, nil
}

// EncodeAttested returns what of p its consensus bytes and its receipt's do not hold.
func EncodeAttested(p *Parts, h *Header) ([]byte, error) {
	a := attested{
		Block: h.attest(), Gas: p.Receipt.GasUsed, BlobGas: p.Receipt.BlobGas,
		BlobFee: wei(&p.Receipt.BlobFee), L1Fee: wei(&p.Receipt.L1Fee), L1Gas: p.Receipt.L1Gas,
	}
	if p.Tx.Raw == nil {
		a.Tx = &attestedTx{
			Hash: hexText(p.Tx.Hash[:]), Type: p.Tx.Type, Nonce: p.Tx.Nonce, Gas: p.Tx.Gas, Value: wei(&p.Tx.Value), Mint: wei(&p.Tx.Own.Mint),
			FeeCap: wei(&p.Tx.FeeCap),
		}
		if p.Tx.To != nil {
			a.Tx.To = hexText(p.Tx.To[:])
		}
		if len(p.Tx.Input) > 0 {
			a.Tx.Input = hexText(p.Tx.Input)
		}
	}
	if !signed(p.Tx.Type) || p.Tx.Raw == nil || p.Tx.S.IsZero() {
		a.Sender = hexText(p.Sender[:])
	}
	if p.Receipt.GasPrice != nil {
		a.Price = p.Receipt.GasPrice.Dec()
	}
	if len(p.Receipt.Logs) > 0 {
		a.FirstLog = p.Receipt.Logs[0].Index
	}
	if p.Receipt.Contract != nil {
		a.Contract = hexText(p.Receipt.Contract[:])
	}
	if p.Receipt.DepositForm == nil {
		a.Nonce = p.Receipt.DepositNonce
	}
	if p.Calls != nil {
		a.Calls = &attestedCall{}
		a.Calls.write(p.Calls)
	}
	return a.write()
}

func encodeSystem(b *BlockParts) ([]byte, error) {
	s := &attestedSystem{}
	for i := range b.Withdrawals {
		w := &b.Withdrawals[i]
		s.Withdrawals = append(s.Withdrawals, attestedWithdrawal{w.Index, w.Validator, hexText(w.Address[:]), w.Gwei})
	}
	for _, u := range b.UncleHashes {
		s.Uncles = append(s.Uncles, hexText(u[:]))
	}
	for _, u := range b.UncleMiners {
		s.Miners = append(s.Miners, attestedUncle{hexText(u.Miner[:]), u.Height})
	}
	a := attested{Block: b.Header.attest(), System: s}
	return a.write()
}

func (a *attested) write() ([]byte, error) {
	data, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("writing what a node attested: %w", err)
	}
	return data, nil
}

// read refuses JSON that write would not have written: one fact has one form.
func (a *attested) read(data []byte) error {
	if err := json.Unmarshal(data, a); err != nil {
		return fmt.Errorf("what the node attested: %w: %w", ErrBadEncoding, err)
	}
	again, err := a.write()
	if err == nil && !bytes.Equal(again, data) {
		err = fmt.Errorf("what the node attested: %w: not canonical", ErrBadEncoding)
	}
	return err
}

func wei(v *uint256.Int) string {
	if v.IsZero() {
		return ""
	}
	return v.Dec()
}

// decimal reads what wei wrote.
func (h *hexReader) decimal(what, text string) (v uint256.Int) {
	if text == "" {
		return v
	}
	if err := v.SetFromDecimal(text); err != nil {
		h.fail(what, text)
	}
	return v
}

// attest returns what the header says where it cannot be written; else nil.
func (h *Header) attest() *attestedBlock {
	if h.Raw != nil {
		return nil
	}
	b := &attestedBlock{
		Hash: hexText(h.Ref.Hash[:]), Prev: hexText(h.Prev[:]), Height: h.Ref.Height, Time: h.Ref.Time, Miner: hexText(h.Miner[:]), Blobs: h.BlobFields, Work: h.Work,
	}
	if h.BaseFee != nil {
		b.BaseFee = h.BaseFee.Dec()
	}
	return b
}

// header reads the header's bytes or, without them, what was said of it.
func (a *attested) header(chain chains.Chain, raw []byte) (*Header, error) {
	if a.Block == nil {
		return DecodeHeader(chain, raw)
	}
	if raw != nil {
		return nil, fmt.Errorf("%w: a header and what was said instead of one", ErrBadEncoding)
	}
	var hx hexReader
	b := a.Block
	h := &Header{
		Ref:  chains.BlockRef{Height: b.Height, Time: b.Time, Hash: chains.BlockHash(hx.hash("hash", b.Hash))},
		Prev: chains.BlockHash(hx.hash("prev", b.Prev)), Miner: hx.address("miner", b.Miner), BlobFields: b.Blobs, Work: b.Work,
	}
	if b.BaseFee != "" {
		base := hx.decimal("base_fee", b.BaseFee)
		h.BaseFee = &base
	}
	return h, hx.err
}

func (a *attested) transaction(tx *Transaction, hx *hexReader) error {
	t := a.Tx
	if t == nil {
		return fmt.Errorf("%w: neither its bytes nor what was said of it", ErrBadEncoding)
	}
	tx.Hash, tx.Type, tx.Nonce, tx.Gas = hx.hash("hash", t.Hash), t.Type, t.Nonce, t.Gas
	tx.To, tx.Value, tx.Input = hx.maybe("to", t.To), hx.decimal("value", t.Value), hx.bytes("input", t.Input)
	tx.Own.Mint, tx.FeeCap = hx.decimal("mint", t.Mint), hx.decimal("fee_cap", t.FeeCap)
	return nil
}

// receipt adds to the receipt what its bytes do not say.
func (a *attested) receipt(p *Parts, h *Header, hx *hexReader) {
	r := &p.Receipt
	r.TxHash, r.Place, r.Block = p.Tx.Hash, p.Index, common.Hash(h.Ref.Hash)
	r.GasUsed, r.BlobGas, r.BlobFee, r.L1Fee = a.Gas, a.BlobGas, hx.decimal("blob_fee", a.BlobFee), hx.decimal("l1_fee", a.L1Fee)
	r.L1Gas, r.Contract = a.L1Gas, hx.maybe("contract", a.Contract)
	if a.Price != "" {
		price := hx.decimal("price", a.Price)
		r.GasPrice = &price
	}
	if a.Nonce != nil {
		r.DepositNonce = a.Nonce
	}
	if p.Index == 0 && a.FirstLog != 0 || len(r.Logs) > 0 && a.FirstLog > math.MaxUint32-uint32(len(r.Logs)) {
		hx.fail("first_log", fmt.Sprint(a.FirstLog))
	}
	for i := range r.Logs {
		r.Logs[i].Index += a.FirstLog
	}
}

func (s *attestedSystem) block(h *Header, hx *hexReader) *BlockParts {
	b := &BlockParts{Header: h}
	for _, w := range s.Withdrawals {
		b.Withdrawals = append(b.Withdrawals, Withdrawal{w.Index, w.Validator, hx.address("withdrawal", w.Address), w.Gwei})
	}
	for _, u := range s.Uncles {
		b.UncleHashes = append(b.UncleHashes, hx.hash("uncle", u))
	}
	for _, u := range s.Miners {
		b.UncleMiners = append(b.UncleMiners, Uncle{hx.address("uncle's miner", u.Miner), u.Height})
	}
	return b
}
