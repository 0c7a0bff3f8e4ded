// Package journal keeps what screening leaves behind, in one SQLite file beside the store: verdicts,
// the policies and label editions that they were made by, the incidents that were loaded, jobs that
// were accepted, watches, deliveries that are due, keys, and the log of every call.
//
// It is a file of its own so that a verdict never waits for a sync, which holds the store's one
// writer for as long as a batch takes.
//
// One goroutine writes. What several callers ask for at once is written in one transaction (Do), and
// each hears when that is kept: it survives the end of the process, however it ends. What somebody
// relies on having been accepted (jobs, watches, endpoints, keys, incidents, deliveries) is
// waited for until the disk has it; of verdicts and calls, a loss of power may take the last
// moments, whole and from the end.
//
// Several processes may have the journal open and write. Jobs and deliveries are leased, so that two
// of them do not do the same.
//
// The file holds secrets of webhooks: it is its owner's alone, and is not opened otherwise.
//
// Start reading at Journal, then Do.
package journal

import "time"

// Screening is a verdict that was given.
type Screening struct {
	Place   int64 // in the order of lists, the newest has the highest; set by the journal
	ID      string
	Subject string // canonical JSON of the subject
	Verdict []byte // the exact bytes
	Outcome string
	Action  string
	Created time.Time // when it was first given, to the microsecond; zero: now
	Key     string    // id of the API key that asked first; "" for the command line
}

// Blob is a text that verdicts name by its SHA-256: a policy, a table.
type Blob struct {
	SHA256  string // hex, of Content; set by the journal
	Kind    string // "rules", "labels", "incidents" …
	Content []byte
}

// Incident is a trace that screening looks in.
type Incident struct {
	ID     string // of the incident
	Trace  string // id of the trace in the store
	SHA256 string // hex, of the trace's JSON
	File   []byte // the incident's YAML, with which it can be traced again; nil where it is not known
	Loaded time.Time
	// Stale says why its matches do not count at the moment: a block that it rests on left the main
	// chain. "": they count.
	Stale string
}

// JobState says how far a job is.
type JobState string

// The states of jobs.
const (
	JobQueued  JobState = "queued"
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
)

// Job is something that was accepted and is done behind: a deep screening, a trace.
type Job struct {
	ID       string
	Kind     string // "screening", "trace"
	Request  []byte // JSON
	State    JobState
	Attempts int
	Result   string // id of the screening, or of the trace
	Error    string
	Endpoint string // id of the webhook endpoint that hears of its end; ""
	Key      string // id of the API key that asked
	Created  time.Time
	Finished time.Time
}

// Reply is what was answered to a request with an idempotency key.
type Reply struct {
	Key     string // id of the API key, and the idempotency key
	Request string // SHA-256 of the request, hex
	Status  int
	Header  []byte // JSON
	Body    []byte
	Created time.Time
}

// Watch is an address or an output of which somebody wants to hear.
type Watch struct {
	ID       string
	Chain    string
	Address  string // in the chain's own form; "" of an output
	TxID     string // of an output
	Vout     uint32
	Incident string // id of the incident that brought it; "" where it was set by hand
	Screen   bool   // screen it again as rules, labels, incidents and blocks change
	Note     string
	Endpoint string // id of the webhook endpoint; "": all of them
	Created  time.Time
	Removed  time.Time // zero: it is watched
	// Last is the id of the verdict that was told last.
	Last string
	// Seen is the height up to which blocks were looked through.
	Seen int64
}

// Sighting is a movement at a watched place that was told of.
type Sighting struct {
	Watch  string // these three name it
	TxID   string
	Kind   string // "moved", "received"
	Chain  string
	State  string // "pending", "confirmed", "dropped", "reorged"
	Height int64  // of the block; 0 while pending
	Block  string // its hash; "" while pending
	Event  string // id of the event that told of it last
	Body   []byte // JSON of what was told
}

// Endpoint is where webhooks are sent.
type Endpoint struct {
	ID      string
	URL     string
	Secret  []byte   // for the signature
	Events  []string // kinds that it wants; nil: all
	Created time.Time
	Removed time.Time
}

// DeliveryState says how far a delivery is.
type DeliveryState string

// The states of deliveries.
const (
	DeliveryDue       DeliveryState = "due"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryDead      DeliveryState = "dead" // given up; it can be sent again
)

// Delivery is an event on its way to an endpoint.
type Delivery struct {
	ID       string // of the event: the same at each attempt
	Endpoint string
	Group    string // those of one group are first tried in the order in which they were added; "": no order
	Kind     string // "watch.moved", "verdict.changed" …
	Body     []byte // JSON
	State    DeliveryState
	Attempts int
	Next     time.Time // when it is due
	Leased   time.Time // until when a sender has it in hand; zero: nobody has
	Error    string    // of the last attempt
	Created  time.Time
	Finished time.Time // delivered or given up
}

// Key is a key of the API. The key itself is shown once, when it is made, and never kept. Its hash is
// one SHA-256 and not one that is slow on purpose: nobody guesses 256 random bits, however fast a
// guess is, and every request computes it.
type Key struct {
	ID      string
	Name    string
	Hash    [32]byte // SHA-256 of the key, which is 256 random bits
	Scopes  []string // "read", "screen", "admin"
	Rate    int      // requests a second; 0: the server's own bound
	Burst   int      // requests at once; 0: the server's own bound
	Created time.Time
	Revoked time.Time
}
