package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// A file of recorded answers keeps for each block, in any order, its height, then the
// sections, each behind its length, as uint64, little-endian. Sections are results as the node
// wrote them: the block without transactions, the block, its receipts, its calls.
const sections = 4

// evmRecord asks a node for all its blocks and keeps its answers.
func (o *options) evmRecord(ctx context.Context) (res result, err error) {
	f, err := o.readEVM()
	if err != nil {
		return res, err
	}
	a := f.asker(o.inFlight)
	file, err := os.Create(o.chainFile())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriterSize(file, 1<<20)
	var mu sync.Mutex
	res.Bytes, err = each(o.inFlight, 0, int(f.To)+1, func(i int) (int64, error) {
		block, err := a.record(ctx, int64(i))
		if err != nil {
			return 0, err
		}
		mu.Lock()
		defer mu.Unlock()
		n, err := w.Write(block)
		return int64(n), err
	})
	res.Blocks = f.To + 1
	return res, errors.Join(err, w.Flush())
}

// record returns the entry of the block at height.
func (a *asker) record(ctx context.Context, height int64) ([]byte, error) {
	first, err := a.result(ctx, thin(height))
	if err != nil {
		return nil, err
	}
	var link struct {
		Hash string `json:"hash"`
	}
	if err := json.Unmarshal(first, &link); err != nil {
		return nil, err
	}
	entry := binary.LittleEndian.AppendUint64(nil, uint64(height))
	add := func(text json.RawMessage) {
		entry = append(binary.LittleEndian.AppendUint64(entry, uint64(len(text))), text...)
	}
	add(first)
	for i, body := range a.parts(height, link.Hash) {
		text, err := a.result(ctx, body)
		if err != nil && i == sections-2 && height == 0 { // block 0 has no calls
			text, err = json.RawMessage("[]"), nil
		}
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", height, err)
		}
		add(text)
	}
	return entry, nil
}

// recorded are the answers for one block.
type recorded struct {
	hash     string
	sections [sections][]byte
}

// readRecorded returns the blocks of a file, by height.
func readRecorded(path string) ([]recorded, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks []recorded
	take := func() (n uint64) {
		n, data = binary.LittleEndian.Uint64(data), data[8:]
		return n
	}
	for len(data) > 0 {
		height := take()
		for uint64(len(blocks)) <= height {
			blocks = append(blocks, recorded{})
		}
		b := &blocks[height]
		for i := range b.sections {
			size := take()
			b.sections[i], data = data[:size], data[size:]
		}
		var link struct {
			Hash string `json:"hash"`
		}
		if err := json.Unmarshal(b.sections[0], &link); err != nil {
			return nil, fmt.Errorf("%s: block %d: %w", path, height, err)
		}
		b.hash = link.Hash
	}
	return blocks, nil
}
