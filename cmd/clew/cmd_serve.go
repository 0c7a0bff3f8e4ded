package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/screen"
	"clew/screen/watch"
	"clew/server"
	"clew/server/webhook"
	"clew/store/journal"
)

func serveCommand() *command {
	return &command{
		path: "serve", args: "[--listen HOST:PORT] [--rpc CHAIN=URL…]", short: "screen over HTTP, follow the chains, and tell what watched money does",
		long: "Answers the API of screening as JSON: verdicts for one deposit or ten thousand, addresses, incidents, watches and webhooks. Its page at /docs lists every route, and /openapi.json is the description for machines. It listens on this machine alone unless --listen says otherwise, and wants a key with each request (clew key add).\n\n" +
			"With --rpc it follows the node: new blocks are read into the store (of a chain of which there are none yet, from --from on), reorganisations are followed, and what waits for a block is looked through where the node tells it. What is watched, and the verdicts that change by blocks, rules, labels and incidents, is told to the webhooks (clew hook add).\n\n" +
			"Rules, labels and incidents that change on the disk are taken up within seconds. An interrupt or SIGTERM ends it in order: what is in flight is answered, and nothing that was accepted is lost; killed in another way, it goes on where it was when it is started again.",
		examples: []example{
			{"clew key add deposits --scope screen && clew serve", "the API on " + defaultListen + ", over the store, labels and incidents of this folder"},
			{"clew serve --rpc bitcoin=http://127.0.0.1:8332 --rules rules.yaml", "with blocks as they come, and rules of one's own"},
			{"clew serve --listen 0.0.0.0:8750 --tls-cert cert.pem --tls-key key.pem", "for other machines, with TLS"},
			{"clew serve --unix clew.sock --no-auth", "on a socket that its owner alone may use"},
		},
		codes: []exitCode{codeStore, codeUnreachable},
		options: rpcFlags("listen", "unix", "tls-cert", "tls-key", "no-auth", "no-tls", "allow-webhook", "rules", "journal", "from", "batch",
			"examiner", "purpose"),
		action: runServe,
	}
}

// servingMessage is what `clew serve --json` prints once it answers.
type servingMessage struct {
	Schema  string `json:"schema"` // "clew.serving/1"
	Address string `json:"address"`
	Docs    string `json:"docs"`
}

func runServe(ctx context.Context, w *world, c *cli.Context) (err error) {
	where := server.Address{TCP: or(c.String("listen"), defaultListen), Unix: c.String("unix"), CertFile: c.String("tls-cert"), KeyFile: c.String("tls-key")}
	if where.Unix != "" {
		if c.IsSet("listen") {
			return &usageError{"--unix and --listen: where to answer?", "leave one of them out"}
		}
		where.TCP = ""
	}
	guard, err := webhook.ParseGuard(c.StringSlice("allow-webhook"))
	if err != nil {
		return &usageError{err.Error(), "such as --allow-webhook 10.0.0.0/8"}
	}
	nodes, err := serveNodes(ctx, w, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeNodes(nodes)) }()
	d, err := openDesk(ctx, w, c, deskOptions{write: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if _, err := d.refresh(ctx); err != nil {
		return err
	}
	s := &serving{w: w, d: d, nodes: nodes, again: newRetracer(d), sender: webhook.NewSender(d.j, webhook.Options{Guard: guard, Agent: agent(), Log: w.log})}
	l, err := server.Listen(ctx, where)
	if err != nil {
		return withHint(err, "another program may listen there: --listen HOST:PORT names another place")
	}
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer s.running.Wait()
	defer stop()
	err = s.make(c, guard, func() error {
		s.begin(behind)
		return s.announce(where, l.Addr().String())
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return serveHint(s.srv.Serve(ctx, l))
}

// serving is a running clew serve.
type serving struct {
	w       *world
	d       *desk
	srv     *server.Server
	sender  *webhook.Sender
	watcher *watch.Watcher
	again   *retracer
	nodes   []*servedNode
	running sync.WaitGroup
}

// make wires server and watcher.
func (s *serving) make(c *cli.Context, guard webhook.Guard, answering func() error) (err error) {
	d := s.d
	s.watcher, err = watch.NewWatcher(watch.Options{
		Journal: d.j, Chains: deskChains{d.st}, Codec: codec(), Screener: func() *screen.Screener { return d.state.Load().Screener },
		Record: func(tx *journal.Tx, v *screen.Verdict) error { return d.keep(tx, d.state.Load(), v) },
		Told:   s.sender.Wake, Moved: func(_ context.Context, incident string) { s.again.ask(incident) }, Now: s.w.now, Log: s.w.log,
	})
	if err != nil {
		return err
	}
	s.srv, err = server.New(server.Options{
		Journal: d.j, Codec: codec(), Logger: s.w.log, Now: s.w.now, State: d.served, Chains: s.chains, Replay: d.replay,
		Traces: deskTraces{d}, Guard: guard, Sender: s.sender, NoAuth: c.Bool("no-auth"), Plain: c.Bool("no-tls"), Serving: answering, Remarks: s.remarks, Version: thisTool().Version,
	})
	return err
}

// begin starts what runs beside the API, until ctx ends.
func (s *serving) begin(ctx context.Context) {
	s.running.Go(func() { s.sender.Run(ctx) })
	s.running.Go(func() { s.keepUp(ctx) })
	s.running.Go(func() { s.again.run(ctx) })
	for _, node := range s.nodes {
		s.running.Go(func() {
			if err := s.watcher.Follow(ctx, s.d.feed(node)); err != nil && ctx.Err() == nil {
				s.w.log.Error("a chain is not followed any more", "chain", node.chain, "error", err)
			}
		})
	}
}

// lookEvery is how often it is looked whether rules, labels or incidents changed.
const lookEvery = time.Second

// keepUp makes the state anew as what it is made of changes, by this process or by another, and screens
// watched subjects again where rules, labels or incidents did.
func (s *serving) keepUp(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	said, words, rules := "", "", ""
	for {
		err := s.d.renew(ctx)
		if state := s.d.state.Load(); err == nil && state.Policy.SHA256 != rules {
			if err = s.noteRules(ctx, state, rules); err == nil {
				rules = state.Policy.SHA256
			}
		}
		if state := s.d.state.Load(); err == nil && state.words != words {
			s.again.stale(state)
			if err = s.watcher.OnState(ctx); err == nil {
				words = state.words
			}
		}
		if fault := s.d.rulesFault(); err == nil && fault != "" {
			err = errors.New(fault)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			said = ""
		case err.Error() != said: // once, and not each second
			said = err.Error()
			s.w.log.Error("what changed cannot be taken up; screening goes on as before", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// noteRules says in the log of calls by which rules is decided from now on, and which ones they replace; was is ""
// at the begin.
func (s *serving) noteRules(ctx context.Context, state *deskState, was string) error {
	details := map[string]string{"file": state.rules, "id": state.Policy.ID}
	if was != "" {
		details["instead_of"] = was
	}
	return s.d.j.Do(ctx, func(tx *journal.Tx) error {
		_, err := tx.PutBlob("rules", state.Policy.Source)
		return errors.Join(err, s.w.noted(s.d.c, tx, custody.Entry{What: "rules in force", SHA256: state.Policy.SHA256, Details: details}))
	})
}

// remarks are what somebody should see to.
func (s *serving) remarks() []string {
	out := agedLists(s.d.state.Load().listed, s.w.now())
	if s.d.rulesFault() != "" { // which may name folders of this machine
		out = append(out, "the rules on the disk cannot be read, and those before stay in force: the program's log says why")
	}
	return out
}

// chains says how far each chain is.
func (s *serving) chains() []server.ChainState {
	state := s.d.state.Load()
	var out []server.ChainState
	for i := range state.heads {
		h := &state.heads[i]
		c := server.ChainState{
			Chain: string(h.Chain), Height: h.Block.Height, Hash: hashText(h.Chain, h.Block.Hash),
			Time: time.Unix(h.Block.Time, 0).UTC().Format(time.RFC3339), Behind: s.d.nodes.of(h.Chain, h.Block.Height),
		}
		if most, ok := state.Policy.MaxBehind[h.Chain]; ok && c.Behind != nil && *c.Behind > most {
			c.NotReady = fmt.Sprintf("%s behind its node, of at most %d that the rules allow", counted(*c.Behind, "block"), most)
		}
		out = append(out, c)
	}
	for _, f := range s.watcher.Status() {
		i := slices.IndexFunc(out, func(c server.ChainState) bool { return c.Chain == string(f.Chain) })
		if i < 0 {
			i = len(out)
			out = append(out, server.ChainState{Chain: string(f.Chain), NotReady: "no block was read yet"})
		}
		out[i].Mempool = f.Mempool
		if f.Error != "" {
			out[i].NotReady = "its node does not answer, or cannot be followed: the program's log says why" // which names the node
		}
	}
	return out
}

// announce says where the API answers.
func (s *serving) announce(where server.Address, at string) error {
	m := servingMessage{Schema: "clew.serving/1", Address: "http://" + at}
	switch {
	case where.Unix != "":
		m.Address = "unix:" + where.Unix
	case where.CertFile != "":
		m.Address = "https://" + at
	}
	m.Docs = m.Address + "/docs"
	if where.Unix != "" {
		m.Docs = "curl --unix-socket " + where.Unix + " http://localhost/docs"
	}
	if s.w.json {
		return writeJSON(s.w.stdout, m)
	}
	_, err := fmt.Fprintf(s.w.stdout, "clew answers at %s; the API is described at %s\n", m.Address, m.Docs)
	return err
}

// serveHint adds the way out to what keeps a server from starting.
func serveHint(err error) error {
	switch {
	case errors.Is(err, server.ErrNoKey):
		return withHint(err, "clew key add NAME --scope screen makes one; --no-auth answers without keys, on this machine alone")
	case errors.Is(err, server.ErrOpen):
		return withHint(err, "leave out --no-auth and make a key with clew key add, or listen on 127.0.0.1")
	case errors.Is(err, server.ErrPlain):
		return withHint(err, "give a certificate: --tls-cert FILE --tls-key FILE; or where something before it speaks TLS, --no-tls")
	}
	return err
}
