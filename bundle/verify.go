package bundle

import (
	"context"
	"fmt"
	"io"

	"aead.dev/minisign"
	"github.com/holiman/uint256"

	"clew/chains"
	"clew/ingest"
	"clew/tracer"
)

// VerifySchema is the name and version of a Verdict as JSON.
const VerifySchema = "clew.verify/1"

// Options of Verify. What reads chains and what runs a trace come from outside: a bundle knows
// neither.
type Options struct {
	// Bitcoin and Accounts read the bytes of the two families.
	Bitcoin  ingest.Decoder
	Accounts ingest.ExecDecoder
	// Format writes an address as its chain does.
	Format func(chain chains.Chain, a chains.Address) string
	// Work returns how many hashes a header takes on average, of a chain with proof of work.
	Work func(chain chains.Chain, header []byte) (*uint256.Int, error)
	// Checkpoints returns blocks that this program fixes, without times, by height.
	Checkpoints func(chain chains.Chain) []chains.BlockRef
	// TraceID returns the id of a trace.
	TraceID func(t *tracer.Trace) (string, error)
	// Retrace runs the trace again from the bundle alone and returns its bytes.
	Retrace func(ctx context.Context, b *Bundle) ([]byte, error)
	// RetraceOn runs the trace again on nodes of the caller's, in place of the recordings of those
	// chains, over every block from the first to the last one that the trace names. What is no fact of
	// a chain, and what stands in the recording alone, is that of the bundle's trace.
	RetraceOn func(ctx context.Context, b *Bundle, own []chains.Chain) ([]byte, error)
	// Differences says in words how a trace that was made again differs from the one of the bundle.
	Differences func(bundled, again []byte) ([]string, error)

	// Beside says in words what the incident names as known beside its seeds; nil: nothing is said of it.
	Beside func(b *Bundle) []string
	// Tool is the program that verifies.
	Tool tracer.Tool

	// Expect are SHA-256, in hex, that the bundle or its trace.json must have.
	Expect []string
	// Trust are blocks that the caller knows to be on the main chain.
	Trust []TrustedBlock
	// Node returns a node of the caller's for a chain and its name; nil where there is none.
	Node func(ctx context.Context, chain chains.Chain) (node ingest.Node, name string, err error)
	// Key is whose signature the bundle must carry; nil: any or none.
	Key *minisign.PublicKey
	// Step, where it is set, is told what is done next.
	Step func(what string)
}

// Verdict is what a verification found.
type Verdict struct {
	Schema string `json:"schema"` // VerifySchema
	// OK: nothing contradicts anything. Complete: beside that, somebody vouches for every header that
	// a movement hangs on, and a node of the caller's was searched for movements that were left out.
	OK       bool     `json:"ok"`
	Complete bool     `json:"complete"`
	Bundle   Sealed   `json:"bundle"`
	Trace    Trace    `json:"trace"`
	Incident Incident `json:"incident"` // as the manifest names it; synthetic: it is a replica
	// Tool is the program that the bundle says made the trace, which nothing here checks; By the one
	// that verified.
	Tool     tracer.Tool `json:"tool"`
	By       tracer.Tool `json:"verified_by"`
	Expected []Expected  `json:"expected"` // what the caller expected, and what it is
	Signed   *Signed     `json:"signed"`   // null: nobody signed
	Declared []Declared  `json:"declared"` // under the incident's id, as log and recordings say
	Proven   []Said      `json:"proven"`
	Attested []Said      `json:"attested"`
	Imported []Said      `json:"imported"`
	Rules    []Said      `json:"conventions"`
	Inferred []Said      `json:"inferred"`
	Claimed  []Said      `json:"claimed"`
	Trusted  []Trusted   `json:"trusted"`
	Work     []Work      `json:"work"`
	Asked    []Asked     `json:"asked"`    // of nodes of one's own
	Problems []Problem   `json:"problems"` // each contradicts what the bundle says
	Lacks    []string    `json:"lacks"`    // why it is not complete
	Notes    []string    `json:"notes"`    // what this verification cannot show
}

// Sealed names the bundle.
type Sealed struct {
	SHA256 string `json:"sha256"`
}

// Signed says who signed the manifest.
type Signed struct {
	KeyID   string `json:"key_id"`  // that the signature names: 16 hex digits, as minisign prints it
	Checked bool   `json:"checked"` // it holds, by a key that the caller gave
	State   string `json:"state"`   // NotChecked, Holds or HoldsNot
}

// What is known of a signature.
const (
	NotChecked = "not checked"
	Holds      = "holds"
	HoldsNot   = "does not hold"
)

// Expected is a SHA-256 that the caller expected.
type Expected struct {
	SHA256 string `json:"sha256"`
	Is     string `json:"is"` // of what it is: "bundle", "trace", or "" for nothing here
}

// Said is one thing that the trace says, with the number of movements (legs of hops) it is about.
type Said struct {
	What      string `json:"what"`
	Movements int    `json:"movements"`
	Hops      []int  `json:"hops,omitempty"` // their numbers, where they are not most of them
}

// Trusted is a header on which movements hang, or an end of a recording, and who vouches for it.
type Trusted struct {
	Chain  chains.Chain     `json:"chain"`
	Height int64            `json:"height"`
	Hash   chains.BlockHash `json:"hash"`
	By     string           `json:"by"` // ByFile, ByRPC, ByProgram, ByLater or ByNobody
}

// Who vouches for a header.
const (
	ByFile    = "trust file"
	ByRPC     = "rpc"
	ByProgram = "checkpoint of this program"
	ByLater   = "a later block" // that is vouched for, and names it through the headers between
	ByNobody  = "nobody"
)

// Work is what the headers of a chain took to make.
type Work struct {
	Chain   chains.Chain `json:"chain"`
	Headers int          `json:"headers"`
	Hashes  string       `json:"hashes"` // expected number, decimal
}

// Asked is what a node of one's own was asked, and what it answered.
type Asked struct {
	Chain   chains.Chain `json:"chain"`
	Node    string       `json:"node"`
	What    string       `json:"what"`
	Asked   int          `json:"asked"`
	Agrees  int          `json:"agrees"`
	Lacking int          `json:"lacking"` // questions that it cannot answer
}

// verifier is one run of Verify.
type verifier struct {
	opt     Options
	b       *Bundle
	out     *Verdict
	text    []byte // of trace.json
	trace   *tracer.Trace
	nodes   map[string]*tracer.Node
	chains  map[chains.Chain]*checked
	order   []chains.Chain
	looked  bool            // a node of the caller's was searched for what was left out, on every chain
	flagged map[string]bool // problems that were written
}

// Verify checks the bundle of size bytes in r, step by step, and goes on behind what is wrong as far
// as there is anything to go on with. What contradicts something is a problem that names the file and
// the thing; an error means that it could not be verified: nothing in r can be read, a node cannot be
// reached, ctx ended.
func Verify(ctx context.Context, r io.ReaderAt, size int64, opt Options) (*Verdict, error) {
	v := &verifier{opt: opt, chains: map[chains.Chain]*checked{}, nodes: map[string]*tracer.Node{}, flagged: map[string]bool{}}
	v.out = &Verdict{
		Schema: VerifySchema, Proven: []Said{}, Attested: []Said{}, Imported: []Said{}, Rules: []Said{}, Inferred: []Said{},
		Claimed: []Said{}, Declared: []Declared{}, Expected: []Expected{}, By: opt.Tool, Trusted: []Trusted{}, Work: []Work{}, Asked: []Asked{}, Problems: []Problem{}, Lacks: []string{}, Notes: []string{},
	}
	v.step("hashes")
	b, problems, err := Open(ctx, r, size)
	if err != nil {
		return nil, err
	}
	v.b, v.out.Problems = b, append(v.out.Problems, problems...)
	v.out.Bundle.SHA256, v.out.Trace = b.SHA256, b.Manifest.Trace
	v.out.Incident, v.out.Tool = b.Manifest.Incident, b.Manifest.Tool
	defer v.close()
	v.signature()
	v.readTrace()
	v.expected()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{{"recordings", v.recordings}, {"evidence of each movement", v.evidence}, {"trusted headers", v.trusted}, {"nodes", v.askNodes}, {"the log", v.readLog}, {"the trace again", v.again}, {"what was left out", v.whole}} {
		v.step(step.what)
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("verify %s: %w", step.what, err)
		}
	}
	v.headers()
	v.say()
	v.out.OK = len(v.out.Problems) == 0
	v.out.Complete = v.out.OK && len(v.out.Lacks) == 0
	return v.out, nil
}

func (v *verifier) step(what string) {
	if v.opt.Step != nil {
		v.opt.Step(what)
	}
}

// problem writes a problem down, once.
func (v *verifier) problem(file, format string, args ...any) {
	p := Problem{file, fmt.Sprintf(format, args...)}
	key := p.File + "\x00" + p.What
	if v.flagged[key] || len(v.out.Problems) >= maxProblems {
		return
	}
	v.flagged[key] = true
	v.out.Problems = append(v.out.Problems, p)
}

func (v *verifier) lack(format string, args ...any) {
	v.out.Lacks = append(v.out.Lacks, fmt.Sprintf(format, args...))
}

func (v *verifier) note(format string, args ...any) {
	v.out.Notes = append(v.out.Notes, fmt.Sprintf(format, args...))
}
