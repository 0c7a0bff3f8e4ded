package chaingen

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"clew/chains"
	"clew/chains/bitcoin"
)

// A file keeps blocks one behind the other:
//
//	length uint32 | block in consensus bytes | length uint32 | what it spends, as REST's spenttxouts
//
// lengths little-endian.

// Write makes the file path of the next blocks of g.
func (g *Generator) Write(path string, blocks int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for range blocks {
		var parts [2][]byte
		if parts[0], parts[1], err = g.Block(); err != nil {
			break
		}
		for _, p := range parts {
			_, fault := w.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(p))), p...))
			err = errors.Join(err, fault)
		}
	}
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("generate %s: %w", path, err)
	}
	return nil
}

// Record is where a block lies in its file.
type Record struct {
	Hash   chains.BlockHash
	Header []byte // in consensus bytes

	file        *os.File
	block       int64
	blockLength int
	spentLength int // behind the block and its own length
}

// Open finds the blocks of a file, in order. The file must be closed when they are no longer
// read.
func Open(path string) ([]Record, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	records, err := scan(f)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return records, f, nil
}

func scan(f *os.File) ([]Record, error) {
	r := bufio.NewReaderSize(f, 1<<20)
	var records []Record
	for at := int64(0); ; {
		var length [4]byte
		if _, err := io.ReadFull(r, length[:]); errors.Is(err, io.EOF) {
			return records, nil
		} else if err != nil {
			return nil, err
		}
		rec := Record{file: f, block: at + 4, blockLength: int(binary.LittleEndian.Uint32(length[:]))}
		head, err := r.Peek(bitcoin.HeaderBytes)
		if err != nil {
			return nil, err
		}
		rec.Header = slices.Clone(head)
		rec.Hash = chains.Hash(twice(head)).Reversed()
		if _, err := r.Discard(rec.blockLength); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return nil, err
		}
		rec.spentLength = int(binary.LittleEndian.Uint32(length[:]))
		if _, err := r.Discard(rec.spentLength); err != nil {
			return nil, err
		}
		at += 8 + int64(rec.blockLength) + int64(rec.spentLength)
		records = append(records, rec)
	}
}

// Read returns a block and what it spends.
func (rec *Record) Read() (block, spent []byte, err error) {
	data := make([]byte, rec.blockLength+4+rec.spentLength)
	if _, err := rec.file.ReadAt(data, rec.block); err != nil {
		return nil, nil, err
	}
	return data[:rec.blockLength], data[rec.blockLength+4:], nil
}

// Decode returns a block, which is at height, with what it spends.
func (rec *Record) Decode(height int64) (*chains.Block, error) {
	raw, spent, err := rec.Read()
	if err != nil {
		return nil, err
	}
	b, err := bitcoin.DecodeBlock(Chain, raw, height)
	if err != nil {
		return nil, err
	}
	parts, err := bitcoin.DecodeSpentTxOuts(spent)
	if err != nil {
		return nil, err
	}
	return b, bitcoin.AttachSpent(Chain, b, parts)
}
