package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/heuristics"
	"clew/store"
	"clew/strict"
)

func clusterCommand() *command {
	return &command{
		path: "cluster", args: "ADDRESS", short: "which addresses are taken to be one owner's, and why",
		long: "Reads the clusters of a synced store: addresses that transactions spend from together (co-spend), CoinJoins and what looks like a payjoin left out, and scripts that a spend revealed inside of an address (wraps). It is an inference, never a fact, and the measured error of each rule is printed with it. It answers as of the last block that was read, also while a sync runs. What most joins make of the addresses is saved in the store when much was read since, so that only the first question reads all of them.\n\n" +
			"The vote on change outputs joins nothing: on mainnet it could be held against what was revealed later too few times to say that it is wrong less than once in 1,000, and one wrong join makes two owners one.\n\n" +
			"--why prints the transactions that join ADDRESS with another one, by inputs and rule. --without takes a rule, or one transaction, away and prints what the cluster falls into.",
		examples: []example{
			{"clew cluster bc1q… --db case.db", "its size, what it holds, when it was seen, its first addresses"},
			{"clew cluster bc1q… --limit 1000 --after 3Ab… --json", "the next thousand addresses, as JSON"},
			{"clew cluster bc1q… --why 3Ab…", "the transactions that join the two"},
			{"clew cluster bc1q… --without TXID", "what falls apart if that transaction is no evidence"},
		},
		codes:   []exitCode{codeNoStore, codeStore},
		options: []string{"chain", "limit", "after", "as-of", "label-as-of", "why", "without"},
		least:   1, most: 1,
		action: runCluster,
	}
}

// clusterPage is how many addresses are printed where nobody asks for more.
const clusterPage = 20

func runCluster(ctx context.Context, w *world, c *cli.Context) (err error) {
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrOlder) { // a migration, which takes no time
		st, err = store.Open(ctx, c.String("db"), store.Options{})
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	q := clusterQuery{w: w, c: c, st: st}
	if q.chain, q.address, err = clusterAddress(ctx, st, c.String("chain"), c.Args().First()); err != nil {
		return err
	}
	if q.asOf, err = clusterHeight(c.StringSlice("as-of"), q.chain); err != nil {
		return err
	}
	if err := q.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.clusters.Close()) }()
	a, err := q.answer(ctx)
	if err != nil {
		return err
	}
	a.measure()
	if w.json {
		return writeJSON(w.stdout, a)
	}
	return a.write(newPage(w.stdout))
}

// clusterQuery is what was asked.
type clusterQuery struct {
	w        *world
	c        *cli.Context
	st       *store.Store
	chain    chains.Chain
	address  chains.Address
	asOf     int64
	clusters *store.Clusters
}

// clusterAddress returns the chain of the store on which text is an address: that of --chain, or
// the only one.
func clusterAddress(ctx context.Context, st *store.Store, flag, text string) (chain chains.Chain, a chains.Address, err error) {
	if flag != "" {
		a, err = addressOn(chains.Chain(flag), text)
		return chains.Chain(flag), a, err
	}
	names, err := st.Chains(ctx)
	if err != nil {
		return "", "", err
	}
	var on, has []string
	var refused error
	for _, name := range names {
		has = append(has, string(name))
		parsed, err := codec().ParseAddress(name, text)
		if err != nil {
			refused = err
			continue
		}
		chain, a, on = name, parsed, append(on, string(name))
	}
	switch {
	case len(on) > 1:
		return "", "", &usageError{fmt.Sprintf("%s is an address of several chains of the store", text), "say which with --chain: " + strings.Join(on, ", ")}
	case len(has) == 0:
		return "", "", withHint(fmt.Errorf("%s has no blocks yet, of no chain: %w", st.Path(), chains.ErrIncomplete), "clew sync reads blocks into it")
	case len(on) == 0 && len(addressChains(text)) > 0:
		return "", "", withHint(fmt.Errorf("%s is an address of %s; the store has blocks of %s", text, strings.Join(addressChains(text), ", "), strings.Join(has, ", ")),
			"name the store of that chain with --db, or read its blocks with clew sync")
	case len(on) == 0:
		return "", "", withHint(refused, "copy the address again")
	}
	return chain, a, nil
}

// clusterHeight reads --as-of: HEIGHT, CHAIN=HEIGHT, or CHAIN=HEIGHT:HASH as for a trace.
func clusterHeight(values []string, chain chains.Chain) (int64, error) {
	if len(values) == 0 {
		return store.Latest, nil
	}
	last := values[len(values)-1]
	if height, err := strconv.ParseInt(strings.TrimPrefix(last, string(chain)+"="), 10, 64); err == nil && height >= 0 {
		return height, nil
	}
	pins, err := pinned(values, chain)
	return pins[chain].Height, err
}

// open makes the clusters, and first the joins of blocks that an older version read.
func (q *clusterQuery) open(ctx context.Context) (err error) {
	if q.chain.Info().Family != chains.FamilyBitcoin {
		return withHint(fmt.Errorf("%s keeps accounts: a transaction has one sender there, and no inputs that belong together: %w", q.chain, chains.ErrUnsupported),
			"clusters are of the Bitcoin family; a trace finds deposit addresses of services on chains of accounts")
	}
	db := q.c.String("db")
	if err := saveClusters(ctx, q.w, db, q.st, q.chain); err != nil {
		return err
	}
	q.clusters, err = q.st.Clusters(ctx, q.chain, q.asOf)
	if !errors.Is(err, store.ErrNoJoins) {
		return err
	}
	st, err := store.Open(ctx, db, store.Options{})
	if err != nil {
		return err
	}
	if err := errors.Join(makeJoins(ctx, q.w, st, q.chain), st.Close()); err != nil {
		return err
	}
	if err := saveClusters(ctx, q.w, db, q.st, q.chain); err != nil {
		return err
	}
	q.clusters, err = q.st.Clusters(ctx, q.chain, q.asOf)
	return err
}

// saveClusters saves the clusters of a chain where much was read since they were saved last, so that
// this question and the next ones begin with them. Nothing is answered otherwise where that fails:
// it only takes longer, each time, which is said.
func saveClusters(ctx context.Context, w *world, db string, st *store.Store, chain chains.Chain) error {
	due, err := st.ClustersDue(ctx, chain)
	if err != nil || !due {
		return err
	}
	writer, err := store.Open(ctx, db, store.Options{})
	if err == nil {
		err = errors.Join(writer.SaveClusters(ctx, chain), writer.Close())
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, store.ErrNoJoins): // they are made next, or whoever asks is told
	case err != nil:
		w.remark("the clusters were not saved, so that the next question takes as long as this one: %v\n", err)
	}
	return nil
}

// makeJoins makes the joins of a chain's blocks that an older version of the program read.
func makeJoins(ctx context.Context, w *world, st *store.Store, chain chains.Chain) error {
	missing, err := st.MissingJoins(ctx, chain)
	if err != nil || missing == 0 {
		return err
	}
	w.remark("%s of %s were read by an older version: which addresses their transactions join is read once. It did not keep what spends show of scripts inside of addresses: nothing is joined by these there (clew sync with another --db reads them again)\n", counted(missing, "block"), chain)
	m := newMeter(w, "joins "+string(chain))
	defer m.Done()
	err = st.MakeJoins(ctx, chain, func(done, of int64) { m.Update(done, of, 0, chains.BlockRef{}) })
	if errors.Is(err, store.ErrLocked) {
		return withHint(err, "wait for the sync, or stop it and go on with it afterwards")
	}
	return err
}

// answer asks for what the flags want.
func (q *clusterQuery) answer(ctx context.Context) (*clusterAnswer, error) {
	a, err := q.summary(ctx)
	if err != nil {
		return nil, err
	}
	other, without := q.c.String("why"), q.c.StringSlice("without")
	switch {
	case other != "" && len(without) > 0:
		return nil, &usageError{"--why and --without are two questions", "ask one after the other"}
	case other != "":
		return a, q.why(ctx, a, other)
	case len(without) > 0:
		return a, q.without(ctx, a, without)
	}
	return a, q.members(ctx, a)
}

// why adds the path from the address to another.
func (q *clusterQuery) why(ctx context.Context, a *clusterAnswer, other string) error {
	b, err := addressOn(q.chain, other)
	if err != nil {
		return err
	}
	if a.OtherUnseen, err = q.unseen(ctx, b); err != nil {
		return err
	}
	path, err := q.clusters.Why(ctx, q.address, b)
	if err != nil {
		return err
	}
	a.Other = q.format(b)
	a.Path = &[]clusterStep{}
	for i := range path {
		j := &path[i]
		*a.Path = append(*a.Path, clusterStep{
			A: q.format(j.A), B: q.format(j.B), Chain: q.chain, TxID: j.Tx.String(), Height: j.Height,
			Positions: [2]int{j.InA, j.InB}, Heuristic: string(j.Rule), Version: heuristics.JoinVersion,
		})
	}
	return nil
}

// withoutRules are what --without may name beside a transaction.
var withoutRules = []string{string(heuristics.JoinCospend), string(heuristics.JoinWraps)}

// without adds what the cluster falls into.
func (q *clusterQuery) without(ctx context.Context, a *clusterAnswer, names []string) error {
	if len(names) > 1 {
		return &usageError{"--without: one rule, or one transaction, at a time", ""}
	}
	drop := store.Drop{Rule: heuristics.JoinRule(names[0])}
	if names[0] != withoutRules[0] && names[0] != withoutRules[1] {
		id, err := chains.ParseHash(names[0])
		if err != nil {
			hint := "one of: " + strings.Join(withoutRules, ", ") + ", or a txid"
			if near := strict.Nearest(names[0], withoutRules); near != "" {
				hint = fmt.Sprintf("did you mean %q? (%s)", near, hint)
			}
			return &usageError{fmt.Sprintf("--without %s: neither a rule nor a transaction", names[0]), hint}
		}
		if has, err := q.clusters.HasTx(ctx, id); err != nil {
			return err
		} else if !has {
			return withHint(fmt.Errorf("--without %s: no such transaction in %s, which the clusters are made of", names[0], a.blocks()),
				"copy the txid again; a transaction of another block is no evidence here")
		}
		drop = store.Drop{Tx: id}
	}
	parts, n, dropped, err := q.clusters.Without(ctx, q.address, drop, q.limit())
	if err != nil {
		return err
	}
	a.Without = &clusterWithout{Evidence: names[0], Dropped: dropped, Count: n}
	for _, p := range parts {
		a.Without.Parts = append(a.Without.Parts, clusterPart{First: q.format(p.First), Size: p.Size, Has: p.Has})
	}
	return nil
}

// unseen reports whether nothing that was read touches an address, nor shows it inside of another.
func (q *clusterQuery) unseen(ctx context.Context, a chains.Address) (bool, error) {
	if q.clusters.Size(a) > 1 {
		return false, nil
	}
	h, err := q.clusters.Holdings(ctx, a, 1)
	return h.Counted && h.Txs == 0, err
}

func (q *clusterQuery) limit() int {
	if n := q.c.Int64("limit"); n > 0 {
		return int(min(n, 1<<30))
	}
	return clusterPage
}

func (q *clusterQuery) format(a chains.Address) string { return codec().FormatAddress(q.chain, a) }
