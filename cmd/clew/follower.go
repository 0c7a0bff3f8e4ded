package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/ingest"
	"clew/tracer"
)

// follower opens the chains of a trace at their nodes, as the trace asks for them. A chain that
// is asked for again is read as of the same block, into the same recording.
type follower struct {
	j      *traceJob
	nodes  *openedNodes
	logged *ingest.Declaration // of the incident
	of     map[chains.Chain]*reading
	chains []chains.Chain // in the order in which they were opened
	meters meters
}

// reading is one chain that is read at a node.
type reading struct {
	node   *openedNode
	keeper *keeper
	pass   *ingest.Pass // the last one; nil: none yet
	before chains.Loading
}

// prepare reaches the node of a chain and gets ready to keep what it says.
func (f *follower) prepare(ctx context.Context, chain chains.Chain) (err error) {
	r := &reading{}
	if r.node, err = f.nodes.open(ctx, chain); err != nil {
		return err
	}
	if r.before, err = loading(ctx, r.node); err != nil {
		return err
	}
	if r.keeper, err = newKeeper(r.node, f.j.dir, f.j.recordingOf(chain), chain); err != nil {
		return err
	}
	f.of[chain] = r
	f.chains = append(f.chains, chain)
	return nil
}

// declare notes what was logged of the incident: first as a recording that is read says, so that its
// trace has the same bytes everywhere, else as our own log does. What our own log has as declared
// otherwise under the same id stands beside what the recording names, whatever that says.
func (f *follower) declare(own *ingest.Declaration) {
	f.logged = own
	for _, chain := range f.j.chains {
		r := f.of[chain].node.recording
		if r == nil {
			continue
		}
		said := r.Declared(f.j.inc.SHA256)
		if said == nil {
			continue
		}
		both := *said
		both.Earlier = slices.Clone(said.Earlier)
		for _, e := range own.Earlier {
			if !slices.Contains(both.Earlier, e) {
				both.Earlier = append(both.Earlier, e)
			}
		}
		slices.SortStableFunc(both.Earlier, func(a, b ingest.EarlierDeclaration) int { return strings.Compare(a.When, b.When) })
		f.logged = &both
		return
	}
}

// Open is tracer.Opener.
func (f *follower) Open(ctx context.Context, chain chains.Chain, height, unix int64) (tracer.Source, error) {
	if f.of[chain] == nil {
		if err := f.prepare(ctx, chain); err != nil {
			return nil, err
		}
	}
	r := f.of[chain]
	opt := ingest.PassOptions{AsOf: f.j.pins[chain], Until: f.j.inc.Stop.Until, Progress: f.meters.of(f.j.w, "follow "+string(chain))}
	if r.pass != nil {
		opt.AsOf, opt.Until = r.pass.AsOf(), nil
		if chain.Info().Family != chains.FamilyEVM { // such a recording is of one pass
			if err := r.again(f.j, chain); err != nil {
				return nil, err
			}
		}
	}
	var err error
	switch {
	case height >= 0:
		opt.From = height
	case unix >= 0:
		opt.From, err = ingest.HeightAt(ctx, r.node.Node, time.Unix(unix, 0))
	case f.j.begin != nil:
		opt.From = f.j.begin[chain]
	default:
		opt.From, err = firstBlock(ctx, r.node, f.j.inc.Incident, heightFlag(f.j.c, "from"))
	}
	if err != nil {
		return nil, err
	}
	opt.Recorder = r.keeper.recorder
	if r.pass, err = ingest.NewPass(ctx, r.node.Node, decoderOf(chain), opt); err != nil {
		return nil, err
	}
	r.keeper.declare(f.logged)
	return passSource{r.pass}, nil
}

// again begins the recording of a chain anew.
func (r *reading) again(j *traceJob, chain chains.Chain) error {
	if err := r.keeper.discard(); err != nil {
		return err
	}
	var err error
	r.keeper, err = newKeeper(r.node, j.dir, j.recordingOf(chain), chain)
	return err
}

// passSource is a pass that whoever opened it closes.
type passSource struct{ *ingest.Pass }

// Close ends the pass.
func (s passSource) Close() error { //nolint:unparam // as io.Closer has it
	s.Pass.Close()
	return nil
}

// finish completes the recordings, says what the nodes had not loaded yet, and names all that
// was read in the trace.
func (f *follower) finish(ctx context.Context) error {
	var parts []recorded
	for _, chain := range f.chains {
		r := f.of[chain]
		if r.pass == nil {
			continue
		}
		after, err := loading(ctx, r.node)
		if err != nil {
			after = r.before // it served the whole pass: what it said before stands
		}
		_, pinned := f.j.pins[chain]
		if r.before.Still(after) && !pinned && r.pass.AsOf().Height >= r.before.Blocks {
			f.j.trace.Gaps = append(f.j.trace.Gaps, loadingGap(chain, r.before, r.pass.AsOf()))
			r.keeper.loading(r.before)
		}
		input, err := r.keeper.finish(r.pass.AsOf())
		if err != nil {
			return err
		}
		parts = append(parts, recorded{chain, *input})
	}
	f.j.trace.Inputs.Recording = inputOf(parts)
	return f.j.dir.adopt()
}

// discard leaves nothing of recordings whose trace came to nothing.
func (f *follower) discard() error {
	var err error
	for _, chain := range f.chains {
		err = errors.Join(err, f.of[chain].keeper.discard())
	}
	return errors.Join(err, f.j.dir.dropPartial())
}
