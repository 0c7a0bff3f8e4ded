package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
	"clew/chains/evm"
	"clew/store"
	"clew/tracer"
)

// Of the generated transfers.
const (
	transferAccounts = 5000
	transferSeed     = 3
	transferBlock    = 200 // transfers of a block
)

// transferChain is of a chain id that no chain has.
func transferChain() chains.Chain { return chains.EVM(1337) }

// word makes 32 bytes of two numbers.
func word(a, b uint64) (h [32]byte) {
	for i := range 8 {
		h[i], h[31-i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	return h
}

func transferAccount(i int) chains.Address {
	w := word(uint64(i)+1, 7)
	return evm.Address(common.BytesToAddress(w[:20]))
}

// transfers makes blocks of n transfers of a token, almost all of which touch what is stolen:
// whoever received pays half of it on to somebody at random; each fiftieth time clean money comes
// in.
func transfers(n int) []chains.Block {
	rng := rand.New(rand.NewPCG(transferSeed, 1))
	held, from := make([]uint64, transferAccounts), 0
	token := evm.AssetOf(common.HexToAddress("0x70"))
	var blocks []chains.Block
	for i := range n {
		height := int64(1 + i/transferBlock)
		if i%transferBlock == 0 {
			at := uint64(height)
			blocks = append(blocks, chains.Block{
				Ref:  chains.BlockRef{Height: height, Hash: word(at, 1), Time: 1_700_000_000 + 12*height},
				Prev: word(at-1, 1), Header: []byte{1},
			})
		}
		b := &blocks[len(blocks)-1]
		to, units, payer := rng.IntN(transferAccounts), uint64(1<<50), transferAccount(transferAccounts)
		if i > 0 && i%50 != 0 {
			for held[from] < 4 {
				from = (from + 1) % transferAccounts
			}
			units, payer = held[from]/2, transferAccount(from)
			held[from] -= units
		}
		held[to] += units
		from = to
		e := &chains.Execution{Sender: payer, To: evm.Address(common.HexToAddress("0x70")), Type: 2, GasPrice: chains.Units(1e9)}
		e.Moves = []chains.Move{{
			Kind: chains.MoveToken, Asset: token, From: payer, To: transferAccount(to), Amount: chains.Units(units),
			Index: uint32(i % transferBlock), Evidence: chains.EvidenceProven,
		}}
		b.Txs = append(b.Txs, chains.Tx{
			ID: word(uint64(i), 2), Block: b.Ref, Index: i % transferBlock, Evidence: chains.EvidenceProven, Exec: e,
		})
	}
	return blocks
}

// transferTheft seeds what the first transfer brought.
func transferTheft(blocks []chains.Block) (*tracer.Incident, error) {
	first := &blocks[0].Txs[0]
	m := &first.Exec.Moves[0]
	text := fmt.Sprintf("clew: incident/1\nid: bench\nrule: fifo\nseeds:\n  - {id: V1, chain: %q, tx: %q, to: %q, asset: %q}\n",
		transferChain(), common.Hash(first.ID).Hex(), evm.FormatAddress(transferChain(), m.To), m.Asset)
	return tracer.ParseIncident("bench", []byte(text), evm.Codec{})
}

// listed is a Source that gives all transactions of blocks in memory.
type listed struct {
	blocks []chains.Block
	block  int
	at     int
}

func (*listed) WatchTx(context.Context, chains.TxID) error         { return nil }
func (*listed) WatchOut(context.Context, chains.OutPoint) error    { return nil }
func (*listed) WatchAddress(context.Context, chains.Address) error { return nil }
func (s *listed) From() chains.BlockRef                            { return s.blocks[0].Ref }
func (s *listed) AsOf() chains.BlockRef                            { return s.blocks[len(s.blocks)-1].Ref }
func (s *listed) Next(context.Context) (*chains.Tx, error) {
	if s.block < len(s.blocks) && s.at == len(s.blocks[s.block].Txs) {
		s.block, s.at = s.block+1, 0
	}
	if s.block == len(s.blocks) {
		return nil, io.EOF
	}
	s.at++
	return &s.blocks[s.block].Txs[s.at-1], nil
}

// Ways of reading the transfers.
const (
	fromStore  = "store"
	fromMemory = "memory"
)

// evmTrace traces more than o.txs touched transfers under all rules, by o.way. From a store it does
// so twice, and the second time counts.
func (o *options) evmTrace(ctx context.Context) (res result, err error) {
	blocks := transfers(o.txs + o.txs/20) // what is clean is not touched
	inc, err := transferTheft(blocks)
	if err != nil {
		return res, err
	}
	if o.way == fromMemory {
		return res, sweepEVM(ctx, inc, &listed{blocks: blocks}, o.txs, &res)
	}
	st, err := store.Open(ctx, o.syncedStore(), store.Options{Create: true})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	l, err := st.Load(ctx, transferChain())
	if err != nil {
		return res, err
	}
	for i := range blocks {
		if err := l.Add(&blocks[i]); err != nil {
			return res, errors.Join(err, l.Close())
		}
	}
	if err := errors.Join(l.Flush(ctx), l.Close()); err != nil {
		return res, err
	}
	for range 2 {
		src, err := st.AccountSource(ctx, transferChain(), store.Latest, nil)
		if err != nil {
			return res, err
		}
		if err := errors.Join(sweepEVM(ctx, inc, src, o.txs, &res), src.Close()); err != nil {
			return res, err
		}
	}
	return res, nil
}

// sweepEVM traces to the end. The heap is what was used beside before, once so many transfers as
// are wanted were touched; so many balances were live then.
func sweepEVM(ctx context.Context, inc *tracer.Incident, src tracer.Source, want int, res *result) error {
	sink := &counter{}
	before, taken := heap(), time.Duration(0)
	own := processCPU(os.Getpid())
	start := time.Now()
	_, err := tracer.Run(ctx, inc, transferChain(), src, evm.Codec{}, tracer.Options{Sink: sink, Progress: func(_ chains.BlockRef, touched, live int) {
		if res.Txs = int64(touched); touched == want {
			pause := time.Now()
			res.Heap, res.Live = heap()-before, int64(live)
			taken = time.Since(pause)
		}
	}})
	res.Took, res.CPU, res.Hops = time.Since(start)-taken, processCPU(os.Getpid())-own, sink.hops
	if err == nil && res.Txs < int64(want) {
		err = fmt.Errorf("%d transfers were touched, want %d", res.Txs, want)
	}
	return err
}

// heap returns how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// traceRow is a trace by where its transfers came from.
type traceRow struct {
	Way string
	result
}

// traceEVM traces from memory and from a store.
func (o *options) traceEVM(ctx context.Context) (rows []traceRow, err error) {
	for _, way := range []string{fromMemory, fromStore} {
		o.txs, o.way = traceTouched, way
		res, err := o.child(ctx, evmTraceJob)
		if err != nil {
			return nil, err
		}
		rows = append(rows, traceRow{way, res})
	}
	return rows, nil
}
