package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"

	"clew/chains"
	"clew/chains/bitcoin"
)

// blockTxs is the number of transactions of a generated block, its coinbase among them.
const blockTxs = 2500

// chainSeed makes the chain the same in every run.
const chainSeed = 7

// A chain is kept in one file, a record for each block from 0 on:
//
//	length uint32 | block in consensus bytes | length uint32 | what it spends, as REST's spenttxouts
//
// lengths little-endian.

// coin is an output that can be spent.
type coin struct {
	tx    [32]byte // in wire order
	index uint32
	value uint64
	key   [20]byte
}

// generator makes blocks in consensus bytes that look like Bitcoin's of recent years: 2.2
// inputs and 2.5 outputs a transaction, signatures of their usual size (but not valid), most
// outputs spent soon, half of all payments to an address that was used before, a few
// addresses used very often. The same seed gives the same bytes.
type generator struct {
	rng    *rand.Rand
	height uint32
	prev   [32]byte
	coins  []coin
	keys   [][20]byte
	hot    [][20]byte

	raw, bare, spent []byte // of the transaction that is being made
}

func newGenerator(seed uint64) *generator {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 1))}
	for range 64 {
		g.hot = append(g.hot, g.freshKey())
	}
	return g
}

func (g *generator) freshKey() (k [20]byte) {
	binary.LittleEndian.PutUint64(k[:], g.rng.Uint64())
	binary.LittleEndian.PutUint64(k[8:], g.rng.Uint64())
	return k
}

func (g *generator) key() [20]byte {
	switch p := g.rng.IntN(100); {
	case p < 10:
		return g.hot[g.rng.IntN(len(g.hot))]
	case p < 50 && len(g.keys) > 0:
		return g.keys[len(g.keys)-1-g.rng.IntN(min(len(g.keys), 200_000))]
	}
	k := g.freshKey()
	g.keys = append(g.keys, k)
	return k
}

// take removes a coin and returns it, a recent one more often than not.
func (g *generator) take() coin {
	last := len(g.coins) - 1
	i := g.rng.IntN(last + 1)
	if g.rng.IntN(100) < 60 {
		i = last - g.rng.IntN(min(last+1, 2000))
	}
	c := g.coins[i]
	recent := max(i, last-2000)
	g.coins[i] = g.coins[recent]
	copy(g.coins[recent:], g.coins[recent+1:])
	g.coins = g.coins[:last]
	return c
}

// block returns the next block and what it spends.
func (g *generator) block() (block, spent []byte, err error) {
	var ids []chains.TxID
	body := []byte{0xfd, byte(blockTxs & 0xff), byte(blockTxs >> 8)}
	spent = bitcoinCount(nil, blockTxs)
	for i := range blockTxs {
		if i == 0 {
			g.coinbase()
		} else {
			g.payment()
		}
		id := twice(g.bare)
		ids = append(ids, chains.Hash(id).Reversed())
		body, spent = append(body, g.raw...), append(spent, g.spent...)
	}
	root, err := bitcoin.MerkleRoot(ids)
	if err != nil {
		return nil, nil, err
	}
	header := bitcoin.Header{
		Version: 4, Prev: chains.Hash(g.prev).Reversed(), MerkleRoot: root,
		Time: 1_600_000_000 + 600*int64(g.height), Bits: 0x207fffff,
	}
	for bitcoin.CheckWork("bitcoin-regtest", header.Encode()) != nil { // two tries on average
		header.Nonce++
	}
	g.prev = twice(header.Encode())
	g.height++
	return append(header.Encode(), body...), spent, nil
}

func twice(b []byte) [32]byte {
	once := sha256.Sum256(b)
	return sha256.Sum256(once[:])
}

// bitcoinCount appends n as a compact size.
func bitcoinCount(b []byte, n int) []byte {
	if n < 0xfd {
		return append(b, byte(n))
	}
	return append(b, 0xfd, byte(n), byte(n>>8))
}

// coinbase makes a coinbase. The first one pays enough outputs to begin with.
func (g *generator) coinbase() {
	outs := 1
	if g.height == 0 {
		outs = 5000
	}
	g.raw = binary.LittleEndian.AppendUint32(g.raw[:0], 2)
	g.raw = append(g.raw, 1)
	g.raw = append(g.raw, make([]byte, 32)...)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, 0xffffffff)
	g.raw = append(g.raw, 5, 4)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, g.height)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, 0xffffffff)
	start := len(g.coins)
	g.raw = g.outputs(g.raw, outs, uint64(outs)*1_250_000_000)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, 0)
	g.bare, g.spent = append(g.bare[:0], g.raw...), append(g.spent[:0], 0)
	g.name(start)
}

// payment makes a transaction of P2WPKH inputs and outputs.
func (g *generator) payment() {
	in := min([]int{1, 1, 1, 1, 1, 2, 2, 2, 3, 8}[g.rng.IntN(10)], len(g.coins))
	out := []int{1, 2, 2, 2, 2, 2, 2, 2, 2, 8}[g.rng.IntN(10)]
	g.bare = binary.LittleEndian.AppendUint32(g.bare[:0], 2)
	g.bare = bitcoinCount(g.bare, in)
	g.spent = bitcoinCount(g.spent[:0], in)
	total := uint64(0)
	for range in {
		c := g.take()
		total += c.value
		g.bare = append(g.bare, c.tx[:]...)
		g.bare = binary.LittleEndian.AppendUint32(g.bare, c.index)
		g.bare = append(g.bare, 0, 0xfd, 0xff, 0xff, 0xff)
		g.spent = output(g.spent, c.value, c.key)
	}
	start := len(g.coins)
	g.bare = g.outputs(g.bare, out, total-min(total, 500))
	g.bare = binary.LittleEndian.AppendUint32(g.bare, 0)
	g.name(start)

	n := len(g.bare) - 4
	g.raw = append(append(g.raw[:0], g.bare[:4]...), 0, 1)
	g.raw = append(g.raw, g.bare[4:n]...)
	for range in {
		g.raw = append(g.raw, 2, 71)
		g.raw = append(g.raw, make([]byte, 71)...)
		g.raw = append(g.raw, 33)
		g.raw = append(g.raw, make([]byte, 33)...)
	}
	g.raw = append(g.raw, g.bare[n:]...)
}

// outputs appends n outputs that share total, and their coins.
func (g *generator) outputs(b []byte, n int, total uint64) []byte {
	b = bitcoinCount(b, n)
	for i := range n {
		v := total / uint64(n-i)
		if i < n-1 {
			v = v/2 + g.rng.Uint64N(v/2+1)
		}
		total -= v
		c := coin{index: uint32(i), value: v, key: g.key()}
		b = output(b, v, c.key)
		g.coins = append(g.coins, c)
	}
	return b
}

func output(b []byte, value uint64, key [20]byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, value)
	return append(append(b, 22, 0, 20), key[:]...)
}

// name gives the coins from start on the id of the transaction in g.bare.
func (g *generator) name(start int) {
	id := twice(g.bare)
	for i := start; i < len(g.coins); i++ {
		g.coins[i].tx = id
	}
}

// generate writes a chain of at least txs transactions.
func generate(path string, txs int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	g := newGenerator(chainSeed)
	for done := 0; done < txs && err == nil; done += blockTxs {
		var parts [2][]byte
		if parts[0], parts[1], err = g.block(); err != nil {
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

// record is where a block lies in the file.
type record struct {
	hash        chains.BlockHash
	header      []byte
	block       int64
	blockLength int
	spentLength int // behind the block and its own length
}

// scan reads where the blocks of a chain file lie.
func scan(f *os.File) ([]record, error) {
	r := bufio.NewReaderSize(f, 1<<20)
	var records []record
	for at := int64(0); ; {
		var length [4]byte
		if _, err := io.ReadFull(r, length[:]); errors.Is(err, io.EOF) {
			return records, nil
		} else if err != nil {
			return nil, err
		}
		rec := record{block: at + 4, blockLength: int(binary.LittleEndian.Uint32(length[:]))}
		head, err := r.Peek(bitcoin.HeaderBytes)
		if err != nil {
			return nil, err
		}
		rec.header = slices.Clone(head)
		rec.hash = chains.Hash(twice(head)).Reversed()
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

// blockAt returns a block of the file and what it spends.
func (rec *record) blockAt(f *os.File) (block, spent []byte, err error) {
	data := make([]byte, rec.blockLength+4+rec.spentLength)
	if _, err := f.ReadAt(data, rec.block); err != nil {
		return nil, nil, err
	}
	return data[:rec.blockLength], data[rec.blockLength+4:], nil
}
