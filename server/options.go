package server

import (
	"context"
	"log/slog"
	"time"

	"clew/screen"
	"clew/server/webhook"
	"clew/store/journal"
)

// Options are what a server is made of. What is a function is given by whoever wires the program; nil
// where the program was started without it: routes that need it say so (problem not-offered).
type Options struct {
	Journal *journal.Journal    // required
	Codec   screen.Codec        // required
	State   func() *State       // required: what screenings are made from at the moment
	Logger  *slog.Logger        // nil: nothing is logged
	Now     func() time.Time    // nil: the clock
	Chains  func() []ChainState // how far each chain is; nil: none is followed
	Replay  func(context.Context, *screen.Verdict) (*screen.Verdict, error)
	Traces  Traces          // nil: no incident can be loaded
	Guard   webhook.Guard   // where webhooks may go
	Sender  *webhook.Sender // sends them; nil: they wait in the journal
	Watches func()          // called when watches or webhook endpoints changed; nil: nobody asks
	Remarks func() []string // what somebody should see to, for /readyz: rules that cannot be read; nil: nothing
	NoAuth  bool            // answer without keys; only on loopback and on Unix sockets
	Plain   bool            // take keys over connections without TLS that are not loopback's
	Serving func() error    // called once by Serve when nothing stands against answering; an error ends it. nil: nobody is told
	Version string          // of the program
	Limits  Limits
}

// State is what screenings are made from at a moment. A changed state is a new one.
type State struct {
	Screener *screen.Screener
	Policy   *screen.Policy
	// Blobs are what the pins of its verdicts name: the policy, the labels' list of packs. They are
	// kept with the first verdict that is made from them.
	Blobs []journal.Blob
}

// Traces runs, loads and forgets the traces of incidents. An implementation keeps what is loaded in the
// journal, and has State return a screener that knows of it before it returns.
type Traces interface {
	// Run traces an incident's file, keeps the trace, and loads it.
	Run(ctx context.Context, file []byte) (journal.Incident, error)
	// Load loads a trace that the store has. chains.ErrNotFound: it has none of that id.
	Load(ctx context.Context, trace string) (journal.Incident, error)
	// Check says what is wrong with an incident's file, before anything is run.
	Check(file []byte) error
	// Drop forgets a loaded incident. The trace stays in the store. chains.ErrNotFound: none is loaded.
	Drop(ctx context.Context, incident string) error
	// JSON returns a stored trace as it was written.
	JSON(ctx context.Context, trace string) ([]byte, error)
}

// ChainState says how far a chain is.
type ChainState struct {
	Chain  string `json:"chain" doc:"The chain's short name."`
	Height int64  `json:"height" doc:"The last block that the store has."`
	Hash   string `json:"hash" doc:"That block's hash."`
	Time   string `json:"time" doc:"That block's time, RFC 3339 in UTC."`
	// Behind is how many blocks the node was ahead when it was last asked; nil: no node is known.
	Behind *int64 `json:"behind,omitempty" doc:"How many blocks the node was ahead when it was last asked; absent where no node is known."`
	// Mempool says whether the node's unconfirmed transactions are followed, or why not.
	Mempool string `json:"mempool,omitempty" doc:"Whether unconfirmed transactions are followed: \"followed\", or why not."`
	// NotReady says why verdicts on this chain cannot be relied on now; "": they can.
	NotReady string `json:"not_ready,omitempty" doc:"Why the chain is not ready; absent where it is."`
}

// Limits bound what is taken. A zero field takes the default that stands with it.
type Limits struct {
	InFlight    int           // requests at once; 256
	KeyInFlight int           // of one key; three quarters of InFlight
	Batches     int           // batches at once; 4
	Rate        int           // requests a second of a key that has no rate of its own; 1000
	Burst       int           // 2000
	Body        int64         // bytes of a body; 1 MiB
	BatchBody   int64         // bytes of a batch; 16 MiB
	BatchLines  int           // subjects of a batch; 10,000
	Deadline    time.Duration // of a request; 30 s
	BatchTime   time.Duration // of a batch; 10 min
	HeaderTime  time.Duration // to send the headers; 10 s
	Idle        time.Duration // of a connection between requests; 2 min
	Drain       time.Duration // that requests in flight have once the server stops; 20 s
	JobTime     time.Duration // of a job's attempt; 1 h
	JobAttempts int           // of a job before it has failed; 5
	Jobs        int           // at once; 2
	ReplyKept   time.Duration // of answers to idempotency keys; 24 h
}

// adminPlaces is how many requests of routes that administer are answered at once.
const adminPlaces = 16

func (l Limits) orDefaults() Limits {
	number := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	bytes := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	span := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	number(&l.InFlight, 256)
	number(&l.KeyInFlight, max(1, l.InFlight*3/4))
	number(&l.Batches, 4)
	number(&l.Rate, 1000)
	number(&l.Burst, 2000)
	number(&l.BatchLines, 10_000)
	number(&l.JobAttempts, 5)
	number(&l.Jobs, 2)
	bytes(&l.Body, 1<<20)
	bytes(&l.BatchBody, 16<<20)
	span(&l.Deadline, 30*time.Second)
	span(&l.BatchTime, 10*time.Minute)
	span(&l.HeaderTime, 10*time.Second)
	span(&l.Idle, 2*time.Minute)
	span(&l.Drain, 20*time.Second)
	span(&l.JobTime, time.Hour)
	span(&l.ReplyKept, 24*time.Hour)
	return l
}
