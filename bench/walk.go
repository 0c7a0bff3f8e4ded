package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/screen"
	"clew/store"
)

// Of the walks.
const (
	walkSubjects = 1000
	walkMost     = 2000 // transactions of each
)

// walkPolicy bounds a walk by transactions alone, so that each does as much.
var walkPolicy = fmt.Sprintf(`clew: rules/1
id: bench
title: Rules of a measurement
decide_by: larger
budget: {hops: %[2]d, transactions: %[1]d, milliseconds: 60000}
deep: {hops: %[2]d, transactions: %[1]d, milliseconds: 60000}
not_covered: review
failed: review
rules:
  - id: stolen
    category: stolen
    action: block
    reason: It is stolen.
`, walkMost, 1000)

// views opens chains of a store and notes what is read of them.
type views struct {
	st   *store.Store
	read []chains.TxID // where it is not nil
	open time.Duration
}

// Facts is of screen.Chains.
func (v *views) Facts(ctx context.Context, chain chains.Chain, asOf int64) (screen.Facts, error) {
	start := time.Now()
	f, err := v.st.View(ctx, chain, asOf)
	v.open += time.Since(start)
	if err != nil {
		return nil, err
	}
	return noted{f, v}, nil
}

// noted is a view whose transactions are noted.
type noted struct {
	*store.View
	to *views
}

// Tx is of screen.Facts.
func (n noted) Tx(ctx context.Context, id chains.TxID) (*chains.Tx, error) {
	n.to.read = append(n.to.read, id)
	return n.View.Tx(ctx, id)
}

// walk screens outputs of the last blocks by walks back alone, in turn with reading the same
// transactions through a View and dropping them: that is the limit. Points are of a whole screening
// ("walk"), of the reading alone ("read") and of opening a View ("open"); Txs are those that were read.
// The first round warms.
func (o *options) walk(ctx context.Context) (res result, err error) {
	st, err := store.Open(ctx, o.storeAtHand(), store.Options{ReadOnly: true})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	v := &views{st: st}
	s, err := o.screener(ctx, v)
	if err != nil {
		return res, err
	}
	subjects, err := o.lastOutputs(s.Heads()[0].Block.Height)
	if err != nil {
		return res, err
	}
	var walks, reads, opens []time.Duration
	for i, subject := range slices.Concat(subjects[:walkSubjects/10], subjects) {
		v.read, v.open = v.read[:0], 0
		start := time.Now()
		if err := screenOne(ctx, s, subject); err != nil {
			return res, err
		}
		took := time.Since(start)
		again, err := readAgain(ctx, st, v.read)
		if err != nil {
			return res, err
		}
		if i < walkSubjects/10 {
			continue
		}
		walks, reads, opens = append(walks, took), append(reads, again), append(opens, v.open)
		res.Took, res.Txs = res.Took+took, res.Txs+int64(len(v.read))
	}
	res.Points = map[string]point{"walk": pointOf(walks), "read": pointOf(reads), "open": pointOf(opens)}
	return res, nil
}

// storeAtHand is the synced store or, where a job runs by itself, the one that insert left.
func (o *options) storeAtHand() string {
	if _, err := os.Stat(o.syncedStore()); errors.Is(err, fs.ErrNotExist) {
		return o.loadedStore()
	}
	return o.syncedStore()
}

// screener answers by walks alone: it knows no incident and no label.
func (o *options) screener(ctx context.Context, v *views) (*screen.Screener, error) {
	policy, err := screen.ParsePolicy("bench.yaml", []byte(walkPolicy), bitcoin.Codec{})
	if err != nil {
		return nil, err
	}
	f, err := v.st.View(ctx, chain, store.Latest)
	if err != nil {
		return nil, err
	}
	spans, block := f.Covered()
	if err := f.Close(); err != nil {
		return nil, err
	}
	return screen.New(screen.Config{
		Policy: policy, Codec: bitcoin.Codec{}, Chains: v, Heads: []screen.Head{{Chain: chain, Spans: spans, Block: block}},
	})
}

// lastOutputs draws outputs that transactions of the last tenth of the chain made.
func (o *options) lastOutputs(last int64) (subjects []screen.Subject, err error) {
	records, f, err := o.open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	rng := rand.New(rand.NewPCG(chainSeed, 11))
	for len(subjects) < walkSubjects {
		height := last - rng.Int64N(max(1, last/10))
		b, err := records[height].Decode(height)
		if err != nil {
			return nil, err
		}
		for range 20 {
			t := &b.Txs[1+rng.IntN(len(b.Txs)-1)]
			vout := uint32(rng.IntN(len(t.Outputs)))
			subjects = append(subjects, screen.Subject{
				Kind: screen.KindOutput, Chain: chain, TxID: t.ID.String(), Vout: &vout, Direction: screen.Source,
			})
		}
	}
	return subjects[:walkSubjects], nil
}

func screenOne(ctx context.Context, s *screen.Screener, subject screen.Subject) error {
	verdict, err := s.Screen(ctx, screen.Request{Subject: subject})
	if err != nil {
		return err
	}
	if verdict.Outcome == screen.Failed {
		return fmt.Errorf("screening %s:%d: %s", subject.TxID, *subject.Vout, verdict.Error)
	}
	_, err = verdict.JSON()
	return err
}

// readAgain reads transactions one after another and drops them, and looks for those that are not there.
func readAgain(ctx context.Context, st *store.Store, ids []chains.TxID) (took time.Duration, err error) {
	start := time.Now()
	v, err := st.View(ctx, chain, store.Latest)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if _, err := v.Tx(ctx, id); err != nil && !errors.Is(err, chains.ErrNotFound) {
			return 0, errors.Join(err, v.Close())
		}
	}
	err = v.Close()
	return time.Since(start), err
}

// pointOf says how long single reads took.
func pointOf(took []time.Duration) point {
	slices.SortFunc(took, cmp.Compare)
	n := len(took)
	return point{Reads: int64(n), P50: took[n/2], P99: took[n*99/100], Max: took[n-1]}
}
