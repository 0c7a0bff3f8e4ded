package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"clew/custody"
	"clew/ingest"
	"clew/tracer"
)

// Declared is a declaration under the incident's id, or of its file.
type Declared struct {
	SHA256   string `json:"sha256"` // of the incident file
	When     string `json:"when"`   // RFC 3339
	Rule     string `json:"rule"`
	Accounts string `json:"accounts"`
	Own      bool   `json:"own"` // of the file that the trace was made from
	By       string `json:"by"`  // LogFile, or the declared.json of a recording: whose word it is
	Entry    int64  `json:"entry,omitempty"`
	// Traced are the times at which results of that file were logged, before the trace of this bundle.
	Traced []string `json:"traced,omitempty"`
}

// same reports whether the trace says of d what stands here.
func (d *Declared) same(t *tracer.Declaration) bool {
	return d.SHA256 == t.SHA256 && d.When == t.When && d.Rule == t.Rule && d.Accounts == t.Accounts
}

// ledger is what log and recordings say of the order in which things were declared and traced.
type ledger struct {
	v        *verifier
	present  bool                // log.json is there
	lines    int                 // of log.json
	withheld int                 // of these without their words
	entries  []custody.Entry     // the others, as they stand
	own      *Declared           // first declaration of the trace's file in log.json; nil: none
	traced   int64               // entry of log.json that has this trace traced; 0: none
	recorded *ingest.Declaration // of the trace's file, in a recording; nil: none
}

// readLog checks that each entry of the log hashes to what stands beside it, together with the hash of
// the one before; that what stands in it is in an order that can be; and that it, the recordings and
// the trace name the same declarations, each way.
func (v *verifier) readLog(context.Context) error {
	l := &ledger{v: v}
	if !l.read() || v.trace == nil {
		return nil
	}
	if l.withheld > 0 {
		v.note("%d of %d entries of the log are about something else: their hashes are here, their content is not", l.withheld, l.lines)
	}
	l.inOrder()
	l.declared()
	l.inRecordings()
	l.agree()
	l.say()
	return nil
}

// read reads log.json; false where it cannot be believed.
func (l *ledger) read() bool {
	v := l.v
	text, err := v.b.ReadFile(LogFile)
	if errors.Is(err, fs.ErrNotExist) {
		if v.b.Manifest.file(LogFile) == nil {
			v.note("no log is in the bundle: nothing in it shows the order of declaration and result")
		}
		return true
	}
	l.present = true
	var lines []custody.Line
	if err == nil {
		lines, err = custody.Read(bytes.NewReader(text))
	}
	if err == nil {
		_, err = custody.Verify(lines)
	}
	for i := 0; err == nil && i < len(lines); i++ {
		if lines[i].Entry == "" {
			l.withheld++
			continue
		}
		var e custody.Entry
		e, err = lines[i].Parse()
		l.entries = append(l.entries, e)
	}
	if l.lines = len(lines); err == nil && len(l.entries) == 0 {
		err = errors.New("it has no entry about the incident")
	}
	if err != nil {
		v.problem(LogFile, "%v", err)
	}
	return err == nil
}

// backwards is how far the clock of a log may be set back before it is a problem.
const backwards = time.Hour

// inOrder checks what can be said of entries by themselves: times, and what they are about.
func (l *ledger) inOrder() {
	v, in := l.v, &l.v.trace.Incident
	sha, results := hashOf(v.text), []string{}
	for i := range l.entries {
		e := &l.entries[i]
		if i > 0 {
			switch back := l.entries[i-1].When.Sub(e.When); {
			case back > backwards:
				v.problem(LogFile, "entry %d is of %s, before entry %d of %s: an order that cannot be", e.Seq, stamp(e.When), l.entries[i-1].Seq, stamp(l.entries[i-1].When))
			case back > 0:
				v.note("entry %d of the log is %s older than the one before: its clock was set back", e.Seq, back)
			}
		}
		if e.What != custody.Traced || e.Trace != v.b.Manifest.Trace.ID {
			continue
		}
		if e.About() != in.ID || e.SHA256 != in.SHA256 {
			v.problem(LogFile, "entry %d has this trace traced from incident %s of SHA-256 %s; the trace says %s of %s", e.Seq, printable(e.About()), printable(e.SHA256), in.ID, in.SHA256)
		}
		if results = append(results, e.Result); e.Result == sha && l.traced == 0 {
			l.traced = e.Seq
		}
	}
	if len(results) > 0 && l.traced == 0 {
		v.problem(LogFile, "it has trace %s traced with SHA-256 %s; trace.json has %s", v.b.Manifest.Trace.ID, printable(results[0]), sha)
	}
}

// declared gathers what log.json has as declared up to the trace, and what was traced of it.
func (l *ledger) declared() {
	v, in := l.v, &l.v.trace.Incident
	first := len(v.out.Declared)
	for i := range l.entries {
		e := &l.entries[i]
		if l.traced > 0 && e.Seq > l.traced {
			break
		}
		mine := v.out.Declared[first:]
		at := slices.IndexFunc(mine, func(d Declared) bool { return d.SHA256 == e.SHA256 })
		switch {
		case e.What == custody.Traced && e.SHA256 == in.SHA256 && l.own == nil && e.About() == in.ID:
			v.problem(LogFile, "entry %d has a result of the incident file, which no entry before it declares", e.Seq)
		case e.What == custody.Traced && at >= 0 && e.Seq != l.traced:
			mine[at].Traced = append(mine[at].Traced, stamp(e.When))
		case e.What == custody.Declared && (e.About() == in.ID || e.SHA256 == in.SHA256):
			d := Declared{SHA256: e.SHA256, When: stamp(e.When), Rule: e.Details["rule"], Accounts: e.Details["accounts"], Own: e.SHA256 == in.SHA256, By: LogFile, Entry: e.Seq}
			if d.Own && (d.Rule != in.Rule.String() || d.Accounts != in.Accounts || e.About() != in.ID) {
				v.problem(LogFile, "entry %d declares %s with rule %s and pots %s; the incident of that SHA-256 is %s with rule %s and pots %s", e.Seq, printable(e.About()), printable(d.Rule), printable(d.Accounts), in.ID, in.Rule, in.Accounts)
			}
			v.out.Declared = append(v.out.Declared, d)
			if d.Own && l.own == nil {
				l.own = &d
			}
		}
	}
}

// inRecordings gathers what those who recorded say was declared.
func (l *ledger) inRecordings() {
	v, in := l.v, &l.v.trace.Incident
	for _, chain := range v.order {
		c := v.chains[chain]
		d := c.r.Declared(in.SHA256)
		if d == nil {
			continue
		}
		if l.recorded != nil {
			if d.FirstLogged != l.recorded.FirstLogged || !slices.Equal(d.Earlier, l.recorded.Earlier) {
				v.problem(c.folder+"/declared.json", "it says otherwise than that of another chain when the incident was declared")
			}
			continue
		}
		l.recorded = d
		by := c.folder + "/declared.json"
		for _, e := range d.Earlier {
			l.also(Declared{SHA256: e.SHA256, When: e.When, Rule: e.Rule, Accounts: e.Accounts, By: by})
		}
		l.also(Declared{SHA256: d.SHA256, When: d.FirstLogged, Rule: in.Rule.String(), Accounts: in.Accounts, Own: true, By: by})
	}
}

// also adds a declaration of a recording, unless log.json has the very same.
func (l *ledger) also(d Declared) {
	out := l.v.out
	if !slices.ContainsFunc(out.Declared, func(o Declared) bool {
		return o.SHA256 == d.SHA256 && o.When == d.When && o.Rule == d.Rule && o.Accounts == d.Accounts
	}) {
		out.Declared = append(out.Declared, d)
	}
}

// agree compares the declarations that were found with those that the trace names, both ways.
func (l *ledger) agree() {
	v, in := l.v, &l.v.trace.Incident
	for i := range v.out.Declared {
		d := &v.out.Declared[i]
		named := d.Own || slices.ContainsFunc(in.Earlier, func(t tracer.Declaration) bool { return d.same(&t) })
		if !named {
			v.problem(TraceFile, "%s has an incident file %s declared at %s under the same id, with rule %s and pots %s: the trace does not name it", d.By, printable(d.SHA256), timeText(d.When), printable(d.Rule), printable(d.Accounts))
		}
	}
	for i := range in.Earlier {
		t := &in.Earlier[i]
		if !slices.ContainsFunc(v.out.Declared, func(d Declared) bool { return d.same(t) }) {
			v.problem(TraceFile, "an incident file %q is said to have been declared at %.40q: neither log.json nor a declared.json of the recordings says so", t.SHA256, t.When)
		}
	}
	want := ""
	switch {
	case l.recorded != nil:
		want = l.recorded.FirstLogged
	case l.own != nil:
		want = l.own.When
	}
	said := in.FirstLogged
	switch {
	case said == nil && want != "":
		v.problem(TraceFile, "it does not say when the incident was declared: %s is known", want)
	case said != nil && want == "":
		v.problem(TraceFile, "the incident is said to have been declared at %s: neither log.json nor a declared.json of the recordings says so", timeText(*said))
	case said != nil && *said != want:
		v.problem(TraceFile, "the incident is said to have been declared at %s: neither log.json nor a declared.json of the recordings says so; it was at %s", timeText(*said), timeText(want))
	}
	l.possible(said)
}

// possible compares a time of declaration with the blocks of the seeds: a file that names a transaction
// is not older than the transaction. Blocks' times may be two hours off.
func (l *ledger) possible(said *string) {
	if said == nil || len(l.v.trace.Seeds) == 0 {
		return
	}
	when, err := time.Parse(time.RFC3339, *said)
	if err != nil {
		l.v.problem(TraceFile, "the incident is said to have been declared at %s, which is no time", printable(*said))
		return
	}
	const slack = 3 * time.Hour
	first := &l.v.trace.Seeds[0]
	for i := range l.v.trace.Seeds {
		if s := &l.v.trace.Seeds[i]; s.Time < first.Time {
			first = s
		}
	}
	if stolen, err := time.Parse(time.RFC3339, first.Time); err == nil && when.Add(slack).Before(stolen) {
		l.v.problem(TraceFile, "the incident is said to have been declared at %s, before the block of its first seed, of %s", *said, first.Time)
	}
}

// say puts into words by whose word something was declared before what.
func (l *ledger) say() {
	add := func(format string, args ...any) {
		l.v.out.Attested = append(l.v.out.Attested, Said{What: fmt.Sprintf(format, args...)})
	}
	switch {
	case l.own != nil && l.traced > 0:
		add("that the incident file was declared at %s, before the first result of this file: entry %d of the log of whoever traced, which has this trace as entry %d", l.own.When, l.own.Entry, l.traced)
	case l.own != nil:
		add("that the incident file was declared at %s: entry %d of the log of whoever traced", l.own.When, l.own.Entry)
	}
	if l.recorded != nil && (l.own == nil || l.own.When != l.recorded.FirstLogged) {
		add("that the incident file was declared at %s: the declared.json of whoever recorded, which the hash of the recording does not cover; whether it was before a result, nothing here shows", l.recorded.FirstLogged)
	}
	if l.present && l.traced == 0 {
		l.v.note("the log in the bundle has no entry of this trace: it does not show that the declaration came before the result")
	}
	if l.own == nil && l.recorded == nil {
		l.v.note("nothing here says when the incident was declared")
	}
}

// Otherwise returns the declarations of other files under the same id: each is a change.
func (v *Verdict) Otherwise() []Declared {
	return slices.DeleteFunc(slices.Clone(v.Declared), func(d Declared) bool { return d.Own })
}

// Words says what was declared, and what had come of it.
func (d *Declared) Words() string {
	text := fmt.Sprintf("under the same id rule %s with pots %s was declared at %s (file of SHA-256 %s; %s)", d.Rule, d.Accounts, d.When, d.SHA256, d.By)
	if len(d.Traced) > 0 {
		text += ", and traced at " + strings.Join(d.Traced, ", ")
	}
	return text
}

// timeText writes what should be a time: as it is where it is one.
func timeText(text string) string {
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		return text
	}
	return fmt.Sprintf("%.40q", text)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
