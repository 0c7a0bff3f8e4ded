package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"clew/chains"
)

// RecordingSchema is the name and version of a recording's manifest.
const RecordingSchema = "clew.recording/1"

// A recording is a folder:
//
//	recording.json   the manifest: what it covers, and the SHA-256 of everything in it
//	objects.zip      the raw answers, each a member whose name is its SHA-256
//	declared.json    when the incidents that were traced into it were first logged
//
// The hash of the manifest's bytes names the facts. declared.json stands apart: it depends on
// who recorded, and is there so that a trace from the recording has the bytes of the first.
const (
	manifestFile = "recording.json"
	objectsFile  = "objects.zip"
	declaredFile = "declared.json"
)

// Coverage says what a recording holds.
type Coverage string

const (
	// CoverageWhole: every transaction of every block of its span.
	CoverageWhole Coverage = "whole"
	// CoverageExtract: the transactions that a trace touched, each with its proof of
	// inclusion, and every header of the span. What is absent is attested only.
	CoverageExtract Coverage = "extract"
)

// Manifest is the content of recording.json.
type Manifest struct {
	Schema   string       `json:"schema"`
	Chain    chains.Chain `json:"chain"`
	CAIP2    string       `json:"caip2"`
	Coverage Coverage     `json:"coverage"`
	From     int64        `json:"from"` // height of the first header
	To       int64        `json:"to"`   // height of the last header read
	AsOf     Pin          `json:"as_of"`
	// AsOfHeader is the SHA-256 of the header of AsOf, empty where that is the last of Headers.
	AsOfHeader string `json:"as_of_header,omitempty"`
	Headers    string `json:"headers"` // SHA-256 of all headers From…To, each behind its length as an unsigned varint
	// Heights are those of Headers, of a chain of accounts: the blocks touched, From, AsOf. Empty: all.
	Heights []int64 `json:"heights,omitempty"`
	// State is the SHA-256 of what the node said of accounts, as JSON; empty where it was not asked.
	State   string   `json:"state,omitempty"`
	Wrapped []string `json:"wrapped,omitempty"` // in hex, ascending: contracts whose token was said to be the native coin
	// Loading: what the node said of itself where it was still loading; nil where it was not.
	Loading *chains.Loading `json:"loading,omitempty"`
	Blocks  []BlockEntry    `json:"blocks,omitempty"`
	Txs     []TxEntry       `json:"txs,omitempty"`
	// Coinbases are those of all blocks of Txs; none in a recording from before they were kept.
	Coinbases []CoinbaseEntry `json:"coinbases,omitempty"`
}

// Declaration is the first entry of an incident in the log of those who recorded.
type Declaration struct {
	SHA256      string `json:"sha256"`       // of the incident file
	FirstLogged string `json:"first_logged"` // RFC 3339
	// Earlier are other declarations under the incident's id in that log, oldest first.
	Earlier []EarlierDeclaration `json:"earlier,omitempty"`
}

// EarlierDeclaration is what was declared under the same id by another file.
type EarlierDeclaration struct {
	SHA256   string `json:"sha256"`
	When     string `json:"when"` // RFC 3339
	Rule     string `json:"rule"`
	Accounts string `json:"accounts"`
}

// Pin is the last block of what a recording stands for.
type Pin struct {
	Height int64            `json:"height"`
	Hash   chains.BlockHash `json:"hash"`
	Time   int64            `json:"time"` // Unix seconds
}

// BlockEntry is a whole block.
type BlockEntry struct {
	Height int64  `json:"height"`
	Raw    string `json:"raw"`
	Spent  string `json:"spent,omitempty"` // the outputs spent, per transaction behind its length as an unsigned varint
}

// TxEntry is one transaction with its proof of inclusion and what is known of its inputs.
type TxEntry struct {
	TxID     chains.TxID   `json:"txid"`
	Height   int64         `json:"height"`
	Index    int           `json:"index"`           // position in the block, of the branch
	Order    *int          `json:"order,omitempty"` // position in the order of effect, where it is another
	Raw      string        `json:"raw,omitempty"`
	Branch   []chains.Hash `json:"branch,omitempty"`   // from the bottom up
	Spent    string        `json:"spent,omitempty"`    // the node's word on the outputs that it spends
	Previous []string      `json:"previous,omitempty"` // transactions that made them
	// Of a chain of accounts:
	System       bool     `json:"system,omitempty"`        // what happened outside of transactions
	Receipt      string   `json:"receipt,omitempty"`       // its consensus bytes
	Attested     string   `json:"attested,omitempty"`      // what the node said beside: calls, and what follows from other transactions
	TxProof      []string `json:"tx_proof,omitempty"`      // nodes of the tries, from the root down
	ReceiptProof []string `json:"receipt_proof,omitempty"` // to the transaction and to its receipt
}

// Recorder keeps what a Pass hands out, as a recording of coverage extract. It is used by
// one goroutine.
type Recorder struct {
	manifest Manifest
	merkle   Merkle
	declared []Declaration
	headers  []byte
	last     chains.BlockHash // of headers
	pinned   []byte           // header of the last block of the trace, if that was not read
	pinnedAs chains.BlockHash // its hash
	objects  *objectWriter
	ids      []chains.TxID // of the block that was recorded from last
	idsOf    chains.BlockHash
	raws     map[chains.TxID]string // names of the transactions that were recorded
	kept     *keptAccounts          // of a chain of accounts; else nil
}

// NewRecorder makes a recorder that writes into the folder dir, which is made; "" writes
// nothing and only computes the manifest's hash. That of a chain of accounts needs no Merkle, and
// may serve several passes, one after another, all with the same last block.
func NewRecorder(dir string, chain chains.Chain, merkle Merkle) (*Recorder, error) {
	objects, err := newObjectWriter(dir)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	r := &Recorder{merkle: merkle, objects: objects, manifest: newManifest(chain, CoverageExtract), raws: map[chains.TxID]string{}}
	if chain.Info().Family == chains.FamilyEVM {
		r.kept = &keptAccounts{headers: map[int64]keptHeader{}, txs: map[Place]TxEntry{}, state: map[question]stateAnswer{}}
	}
	return r, nil
}

func newManifest(chain chains.Chain, c Coverage) Manifest {
	return Manifest{Schema: RecordingSchema, Chain: chain, CAIP2: chain.CAIP2(), Coverage: c, From: -1}
}

// Declare notes when an incident was first logged and what was declared before under its id. What is
// said again of the same file adds nothing.
func (r *Recorder) Declare(d Declaration) {
	if !slices.ContainsFunc(r.declared, func(there Declaration) bool { return there.SHA256 == d.SHA256 }) {
		r.declared = append(r.declared, d)
	}
}

// header keeps the header of a block that was read.
func (r *Recorder) header(b *chains.Block) {
	if r.manifest.From < 0 {
		r.manifest.From = b.Ref.Height
	}
	r.manifest.To, r.last = b.Ref.Height, b.Ref.Hash
	r.headers = binary.AppendUvarint(r.headers, uint64(len(b.Header)))
	r.headers = append(r.headers, b.Header...)
}

// pin keeps the header of the last block of the trace, where the pass ended before it.
func (r *Recorder) pin(b *chains.Block) { r.pinned, r.pinnedAs = b.Header, b.Ref.Hash }

// tx keeps transaction i of b. previous are transactions that made what it spends.
func (r *Recorder) tx(b *chains.Block, i int, previous [][]byte) error {
	if b.Partial {
		return errors.New("record: a recording of single transactions cannot be recorded again: copy it")
	}
	if r.idsOf != b.Ref.Hash {
		r.idsOf, r.ids = b.Ref.Hash, make([]chains.TxID, len(b.Txs))
		for n := range b.Txs {
			r.ids[b.Place(n)] = b.Txs[n].ID
		}
		if err := r.coinbase(b); err != nil {
			return err
		}
	}
	tx := &b.Txs[i]
	place := b.Place(i)
	e := TxEntry{TxID: tx.ID, Height: b.Ref.Height, Index: place, Branch: r.merkle.MerkleBranch(r.ids, place)}
	if place != tx.Index {
		e.Order = &tx.Index
	}
	var err error
	if e.Raw, err = r.objects.put(tx.Raw); err != nil {
		return err
	}
	r.raws[tx.ID] = e.Raw
	if b.Spent != nil && len(tx.Inputs) > 0 {
		if e.Spent, err = r.objects.put(b.Spent[place]); err != nil {
			return err
		}
	}
	for _, raw := range previous {
		sum, err := r.objects.put(raw)
		if err != nil {
			return err
		}
		e.Previous = append(e.Previous, sum)
	}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if name := r.raws[in.Prev.Tx]; name != "" && in.Known && !in.Proven && !slices.Contains(e.Previous, name) {
			e.Previous = append(e.Previous, name)
		}
	}
	r.manifest.Txs = append(r.manifest.Txs, e)
	return nil
}

// Discard ends a recording that is not to be: what was written stands without a manifest and
// is no recording. After Close it does nothing.
func (r *Recorder) Discard() error {
	if err := r.objects.discard(); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// Close writes the manifest and returns its SHA-256. asOf is the last block of the trace: the
// last one that was recorded, or the one that the pass was pinned to when it ended.
func (r *Recorder) Close(asOf chains.BlockRef) (sha string, err error) {
	if r.objects.dir != "" && r.declared != nil {
		data, err := json.MarshalIndent(r.declared, "", " ")
		if err == nil {
			err = os.WriteFile(filepath.Join(r.objects.dir, declaredFile), append(data, '\n'), 0o644)
		}
		if err != nil {
			return "", fmt.Errorf("recording: %w", err)
		}
	}
	if r.kept != nil {
		if err := r.closeAccounts(asOf); err != nil {
			return "", err
		}
		return closeManifest(&r.manifest, r.objects, r.headers, asOf)
	}
	if asOf.Hash != r.last {
		if asOf.Hash != r.pinnedAs {
			return "", fmt.Errorf("recording: block %s, the last of the trace, was not read to the end of the pass: %w", asOf.Hash, chains.ErrIncomplete)
		}
		var err error
		if r.manifest.AsOfHeader, err = r.objects.put(r.pinned); err != nil {
			return "", err
		}
	}
	return closeManifest(&r.manifest, r.objects, r.headers, asOf)
}

func closeManifest(m *Manifest, objects *objectWriter, headers []byte, asOf chains.BlockRef) (string, error) {
	m.AsOf = Pin{asOf.Height, asOf.Hash, asOf.Time}
	var err error
	if m.Headers, err = objects.put(headers); err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return "", fmt.Errorf("recording: %w", err)
	}
	data = append(data, '\n')
	if err := objects.close(data); err != nil {
		return "", fmt.Errorf("recording: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// RecordWhole keeps every block of the span from…to in the folder dir, with the outputs that
// they spend where the node tells them, and returns the manifest's SHA-256.
func RecordWhole(ctx context.Context, node Node, chain chains.Chain, from, to int64, dir string) (string, error) {
	objects, err := newObjectWriter(dir)
	if err != nil {
		return "", fmt.Errorf("recording: %w", err)
	}
	r := &Recorder{objects: objects, manifest: newManifest(chain, CoverageWhole)}
	last, err := r.blocks(ctx, node, from, to)
	if err != nil {
		return "", errors.Join(err, r.Discard())
	}
	return r.Close(last)
}

// blocks keeps the blocks from…to and returns the last one.
func (r *Recorder) blocks(ctx context.Context, node Node, from, to int64) (last chains.BlockRef, err error) {
	if from > to {
		return last, fmt.Errorf("record blocks %d to %d: the range is empty: %w", from, to, chains.ErrNotFound)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	for slot := range stream(inner, node, from, to, DefaultInFlight) {
		a := <-slot
		if a.err != nil {
			return last, a.err
		}
		if a.block.Ref.Height > from && a.block.Prev != last.Hash {
			return last, fmt.Errorf("block %d does not follow block %s: %w", a.block.Ref.Height, last.Hash, chains.ErrReorged)
		}
		last = a.block.Ref
		if err := r.block(a.block); err != nil {
			return last, err
		}
	}
	return last, ctx.Err()
}

// block keeps a whole block.
func (r *Recorder) block(b *chains.Block) error {
	r.header(b)
	if b.Raw == nil {
		return fmt.Errorf("block %d: its raw bytes were not kept", b.Ref.Height)
	}
	sum, err := r.objects.put(b.Raw)
	if err != nil {
		return err
	}
	e := BlockEntry{Height: b.Ref.Height, Raw: sum}
	if b.Spent != nil {
		var spent []byte
		for _, s := range b.Spent {
			spent = append(binary.AppendUvarint(spent, uint64(len(s))), s...)
		}
		if e.Spent, err = r.objects.put(spent); err != nil {
			return err
		}
	}
	r.manifest.Blocks = append(r.manifest.Blocks, e)
	return nil
}
