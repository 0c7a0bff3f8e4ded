package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"clew/chains"
	"clew/chains/bitcoin"
)

// givenTx is a transaction that a file gives.
type givenTx struct {
	tx   chains.Tx
	line int // from 1: where it, or the block that holds it, begins
	raw  bool
}

// lineError says which line cannot be read.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// givenReader reads transactions of a chain of the Bitcoin family in the forms in which they are
// passed around. What it cannot read it keeps in failed, with the line, and goes on.
type givenReader struct {
	chain  chains.Chain
	txs    []givenTx
	failed []*lineError
}

// read takes a file to its end. Lines that are JSON by themselves are read one by one, as is hex; a
// file that begins with JSON that goes over several lines is read as one document after the other,
// and ends at the first that is broken.
func (g *givenReader) read(in io.Reader) error {
	r := bufio.NewReaderSize(in, 1<<20)
	for line := 1; ; line++ {
		text, err := r.ReadBytes('\n')
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return fmt.Errorf("read line %d: %w", line, err)
		}
		if given := bytes.TrimSpace(text); len(given) > 0 {
			if len(g.txs)+len(g.failed) == 0 && opens(given) {
				return g.documents(line, io.MultiReader(bytes.NewReader(text), r))
			}
			g.line(line, given)
		}
		if last {
			return nil
		}
	}
}

// opens reports whether a line is the first of JSON over several lines.
func opens(line []byte) bool {
	return (line[0] == '{' || line[0] == '[') && bytes.IndexByte([]byte("{[,:"), line[len(line)-1]) >= 0
}

// documents reads JSON that begins at a line.
func (g *givenReader) documents(line int, in io.Reader) error {
	all, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read from line %d on: %w", line, err)
	}
	dec := json.NewDecoder(bytes.NewReader(all))
	for {
		var doc json.RawMessage
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		end := int(dec.InputOffset())
		if err != nil {
			g.fail(line+bytes.Count(all[:end+broken(all[end:])], []byte("\n")), fmt.Errorf("no JSON from here on: %w", err))
			return nil
		}
		at := line + bytes.Count(all[:end-len(doc)], []byte("\n"))
		g.document(at, doc)
	}
}

// broken returns where text, which is no JSON, ceases to be.
func broken(text []byte) int {
	var doc json.RawMessage
	if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &doc)); ok {
		return int(min(syntax.Offset, int64(len(text))))
	}
	return 0
}

func (g *givenReader) fail(line int, err error) { g.failed = append(g.failed, &lineError{line, err}) }

// line reads what stands in one line.
func (g *givenReader) line(line int, text []byte) {
	switch {
	case text[0] != '{' && text[0] != '[':
		tx, err := g.hexLine(strings.Fields(string(text)))
		if err != nil {
			g.fail(line, err)
			return
		}
		g.txs = append(g.txs, givenTx{tx, line, true})
	case !json.Valid(text):
		g.fail(line, errors.New("it begins as JSON, but is none"))
	default:
		g.document(line, text)
	}
}

// hexLine reads HEX, or TXID HEX.
func (g *givenReader) hexLine(words []string) (chains.Tx, error) {
	if len(words) > 2 {
		return chains.Tx{}, fmt.Errorf("%d words: want a transaction as JSON, as hex, or its txid and hex", len(words))
	}
	raw, err := hex.DecodeString(words[len(words)-1])
	if err != nil {
		return chains.Tx{}, fmt.Errorf("neither JSON nor hex: %w", err)
	}
	tx, err := bitcoin.DecodeTx(g.chain, raw)
	if err != nil {
		return chains.Tx{}, fmt.Errorf("transaction in hex: %w", err)
	}
	if len(words) == 2 && !strings.EqualFold(words[0], tx.ID.String()) {
		return chains.Tx{}, fmt.Errorf("the transaction is %s, not %s as the line says", tx.ID, words[0])
	}
	return tx, nil
}

// document reads a transaction, a block with its transactions, an answer of a node that holds one of
// these, or a list of them.
func (g *givenReader) document(line int, doc []byte) {
	if doc[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(doc, &list); err != nil {
			g.fail(line, err)
			return
		}
		for i, one := range list {
			if one[0] == '[' {
				g.fail(line, fmt.Errorf("entry %d of the list is a list", i))
				continue
			}
			g.document(line, one)
		}
		return
	}
	var given givenJSON
	if err := json.Unmarshal(doc, &given); err != nil {
		g.fail(line, fmt.Errorf("no transaction: %w", err))
		return
	}
	switch {
	case len(given.Result) > 0 && given.Vout == nil:
		g.document(line, given.Result)
	case given.Tx != nil && given.Vout == nil:
		g.block(line, &given)
	default:
		tx, raw, err := given.tx(g.chain)
		if err != nil {
			g.fail(line, err)
			return
		}
		g.txs = append(g.txs, givenTx{tx, line, raw})
	}
}

// block reads the transactions of a block as getblock gives it.
func (g *givenReader) block(line int, block *givenJSON) {
	for i, doc := range block.Tx {
		var given givenJSON
		if err := json.Unmarshal(doc, &given); err != nil {
			g.fail(line, fmt.Errorf("transaction %d of the block: %w (getblock gives them with verbosity 2 or 3)", i, err))
			continue
		}
		tx, raw, err := given.tx(g.chain)
		if err != nil {
			g.fail(line, fmt.Errorf("transaction %d of the block: %w", i, err))
			continue
		}
		tx.Index = i
		if block.Height != nil {
			tx.Block.Height = *block.Height
		}
		tx.Block.Time = block.Time
		g.txs = append(g.txs, givenTx{tx, line, raw})
	}
}

// join fills in what is spent of transactions that the file gives too, and returns what spends their
// outputs.
func (g *givenReader) join() map[chains.OutPoint]*chains.Tx {
	at := make(map[chains.TxID]int, len(g.txs))
	for i := range g.txs {
		at[g.txs[i].tx.ID] = i
	}
	spenders := map[chains.OutPoint]*chains.Tx{}
	for i := range g.txs {
		tx := &g.txs[i].tx
		for j := range tx.Inputs {
			in := &tx.Inputs[j]
			k, ok := at[in.Prev.Tx]
			if !ok || int(in.Prev.Index) >= len(g.txs[k].tx.Outputs) {
				continue
			}
			spenders[in.Prev] = tx
			if !in.Known || g.txs[k].raw {
				in.Spent, in.Known, in.Proven = g.txs[k].tx.Outputs[in.Prev.Index], true, g.txs[k].raw
			}
		}
	}
	return spenders
}
