package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/chains/transfers"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// fromStore traces over the blocks in the store, and over imported files of chains of which it
// has no blocks.
func (j *traceJob) fromStore(ctx context.Context) error {
	s := &stored{j: j, states: &openedNodes{w: j.w, c: j.c, inc: j.inc, seeds: j.chains, flag: "state-rpc", of: map[chains.Chain]*openedNode{}}}
	// What the store does not have shows before the declaration.
	for _, chain := range j.chains {
		src, err := s.Open(ctx, chain, -1, -1)
		if err != nil {
			return errors.Join(err, s.states.Close())
		}
		if err := closeSource(src); err != nil {
			return errors.Join(err, s.states.Close())
		}
	}
	logged, err := j.declare(ctx)
	if err != nil {
		return errors.Join(err, s.states.Close())
	}
	j.source = j.st.Path() + ", " + strings.Join(s.read, ", ")
	var at chains.Chain
	asked := tracer.Options{
		Tool:     thisTool(),
		Sweeping: func(chain chains.Chain) { at = chain },
		Progress: func(ref chains.BlockRef, touched, _ int) {
			span := s.spans[or(string(at), string(j.chains[0]))]
			s.meters.of(j.w, "trace "+or(string(at), string(j.chains[0])))(ref.Height-span.From+1, span.To-span.From+1, int64(touched), ref)
		},
	}
	tell(logged, &asked)
	opt, err := j.choose(ctx, asked)
	if err != nil {
		return errors.Join(err, s.states.Close())
	}
	j.trace, err = tracer.RunAll(ctx, j.inc.Incident, s, codec(), opt)
	s.meters.done()
	err = errors.Join(err, s.states.Close())
	if j.trace == nil {
		return j.storeHint(ctx, err)
	}
	j.trace.Gaps = append(j.trace.Gaps, s.gaps...)
	return err
}

// stored opens the chains of a trace in the store.
type stored struct {
	j      *traceJob
	states *openedNodes // of --state-rpc
	meters meters
	spans  map[string]store.Span // by chain
	read   []string              // what was read, for people
	gaps   []tracer.Gap          // of imported files
}

// Open is tracer.Opener.
func (s *stored) Open(ctx context.Context, chain chains.Chain, _, _ int64) (tracer.Source, error) {
	spans, err := s.j.st.Spans(ctx, chain)
	if err != nil {
		return nil, err
	}
	if len(spans) == 0 {
		files, err := s.j.st.Imports(ctx, chain)
		if err != nil || len(files) > 0 {
			return s.imported(chain, files, err)
		}
		if !slices.Contains(s.j.chains, chain) { // value leads there: it ends where it left
			s.j.unread = append(s.j.unread, chain)
			return nil, fmt.Errorf("nothing of %s is in %s: %w", chain, s.j.st.Path(), chains.ErrUnsupported)
		}
	}
	height, err := s.j.lastBlock(ctx, chain)
	if err != nil {
		return nil, s.j.hint(err, "the store "+s.j.st.Path())
	}
	src, err := s.source(ctx, chain, height)
	if err != nil {
		return nil, s.j.storeHint(ctx, err)
	}
	if pin, ok := s.j.pins[chain]; ok && src.AsOf().Hash != pin.Hash {
		return nil, errors.Join(fmt.Errorf("as of block %d: the store has %s there, not %s: %w", pin.Height, hashText(chain, src.AsOf().Hash), hashText(chain, pin.Hash), chains.ErrReorged), closeSource(src))
	}
	span := store.Span{From: src.From().Height, To: src.AsOf().Height}
	s.note(chain, span, fmt.Sprintf("blocks %s to %s", grouped(span.From), grouped(span.To)))
	return src, nil
}

func (s *stored) source(ctx context.Context, chain chains.Chain, height int64) (tracer.Source, error) {
	if chain.Info().Family != chains.FamilyEVM {
		if s.j.inc.Accounts == tracer.AccountsCluster {
			if err := saveClusters(ctx, s.j.w, s.j.db, s.j.st, chain); err != nil {
				return nil, err
			}
		}
		return s.j.st.Source(ctx, chain, height)
	}
	var state store.StateReader
	node, err := s.states.open(ctx, chain)
	switch {
	case errors.Is(err, chains.ErrUnsupported): // none was given: the trace says what that means
	case err != nil:
		return nil, err
	default:
		reader, ok := node.Node.(ingest.StateReader)
		if !ok {
			return nil, &usageError{fmt.Sprintf("--state-rpc: %s does not tell what accounts hold", node.where), "give a node"}
		}
		state = reader
	}
	return s.j.st.AccountSource(ctx, chain, height, state)
}

// note remembers what is read of a chain.
func (s *stored) note(chain chains.Chain, span store.Span, what string) {
	if s.spans == nil {
		s.spans = map[string]store.Span{}
	}
	if _, met := s.spans[string(chain)]; met {
		return
	}
	if len(s.j.chains) > 1 || s.j.chains[0] != chain {
		what = string(chain) + " " + what
	}
	s.spans[string(chain)] = span
	s.read = append(s.read, what)
}

// imported reads what files say of a chain.
func (s *stored) imported(chain chains.Chain, files []store.Import, err error) (tracer.Source, error) {
	if err != nil {
		return nil, err
	}
	var lists []*transfers.File
	var names []string
	for i := range files {
		f, err := readTransfers(&files[i])
		if err != nil {
			return nil, fmt.Errorf("imported file %s: %w", files[i].Name, err)
		}
		lists = append(lists, f)
		names = append(names, fmt.Sprintf("%s (%s)", files[i].Name, files[i].Source))
	}
	if _, met := s.spans[string(chain)]; !met {
		s.gaps = append(s.gaps, tracer.Gap{
			Chain: chain, What: "everything that is not in " + strings.Join(names, ", "),
			Why:    "the transfers come from imported files, which are never complete; no block of this chain was read",
			Effect: "what accounts held before, what else they received and where else they paid is not seen: amounts hold for the transfers listed, and what ends here may have moved on",
		})
	}
	txs, tokens, err := transfers.Merge(lists...)
	if err != nil {
		return nil, withHint(fmt.Errorf("files of %s: %w", chain, err), "import them again with --decimals")
	}
	src, err := ingest.NewImported(txs, tokens)
	if err != nil {
		return nil, err
	}
	s.note(chain, store.Span{From: src.From().Height, To: src.AsOf().Height}, counted(int64(len(files)), "imported file"))
	return src, nil
}
