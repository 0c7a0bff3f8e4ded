package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"clew/chains"
	"clew/chains/bitcoin"
)

// givenTx is a transaction that a file gives.
type givenTx struct {
	tx  chains.Tx
	raw bool // its bytes were given
	// place counts the transactions of the file from 1, once a window holds it.
	place int
}

// lineError says which line cannot be read.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// givenReader reads transactions of a chain of the Bitcoin family in the forms in which they are
// passed around, and hands over each as soon as it is read.
type givenReader struct {
	chain chains.Chain
	take  func(*givenTx) error
	// refuse is told of what cannot be read, with the line; reading goes on behind it.
	refuse         func(*lineError)
	given, refused int
	err            error // the first of take: nothing is read after it
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
			if g.given+g.refused == 0 && opens(given) {
				return g.documents(line, io.MultiReader(bytes.NewReader(text), r))
			}
			g.line(line, given)
		}
		if last || g.err != nil {
			return g.err
		}
	}
}

// give hands over a transaction.
func (g *givenReader) give(tx chains.Tx, raw bool) {
	if g.err == nil {
		g.given++
		g.err = g.take(&givenTx{tx: tx, raw: raw})
	}
}

// opens reports whether a line is the first of JSON over several lines.
func opens(line []byte) bool {
	return (line[0] == '{' || line[0] == '[') && bytes.IndexByte([]byte("{[,:"), line[len(line)-1]) >= 0
}

// documents reads JSON that begins at a line.
func (g *givenReader) documents(line int, in io.Reader) error {
	lines := &lineCounter{in: in, line: line}
	dec := json.NewDecoder(lines)
	for g.err == nil {
		var doc json.RawMessage
		err := dec.Decode(&doc)
		end := dec.InputOffset()
		if _, syntax := errors.AsType[*json.SyntaxError](err); syntax || errors.Is(err, io.ErrUnexpectedEOF) {
			rest, failed := io.ReadAll(dec.Buffered())
			g.fail(lines.at(end+broken(rest)), fmt.Errorf("no JSON from here on: %w", errors.Join(err, failed)))
			return g.err
		}
		switch {
		case errors.Is(err, io.EOF):
			return g.err
		case err != nil:
			return fmt.Errorf("read from line %d on: %w", lines.at(end), err)
		}
		g.document(lines.at(end-int64(len(doc))), doc)
	}
	return g.err
}

// lineCounter says in which line a byte stands that was read through it.
type lineCounter struct {
	in   io.Reader
	line int     // that of the last byte that was asked for
	read int64   // bytes
	ends []int64 // where lines end behind that byte, as far as read
}

func (c *lineCounter) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	for i, v := range b[:n] {
		if v == '\n' {
			c.ends = append(c.ends, c.read+int64(i))
		}
	}
	c.read += int64(n)
	return n, err
}

// at returns the line of a byte, from 0, which lies behind those that were asked for before.
func (c *lineCounter) at(offset int64) int {
	n := 0
	for n < len(c.ends) && c.ends[n] < offset {
		n++
	}
	c.ends = slices.Delete(c.ends, 0, n)
	c.line += n
	return c.line
}

// broken returns where text, which is no JSON, ceases to be.
func broken(text []byte) int64 {
	var doc json.RawMessage
	if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &doc)); ok {
		return min(syntax.Offset, int64(len(text)))
	}
	return 0
}

func (g *givenReader) fail(line int, err error) {
	g.refused++
	g.refuse(&lineError{line, err})
}

// line reads what stands in one line.
func (g *givenReader) line(line int, text []byte) {
	switch {
	case text[0] != '{' && text[0] != '[':
		tx, err := g.hexLine(strings.Fields(string(text)))
		if err != nil {
			g.fail(line, err)
			return
		}
		g.give(tx, true)
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
		g.give(tx, raw)
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
		g.give(tx, raw)
	}
}
