package journal

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"clew/custody"
	"clew/store/internal/engine"
)

// Problem is something that Check found wrong.
type Problem struct {
	Where string // a table, a verdict
	What  string
}

// String returns "where: what".
func (p Problem) String() string { return p.Where + ": " + p.What }

// maxProblems is how many problems of one kind Check lists before it goes on to the next.
const maxProblems = 20

// checkChunk is how many verdicts Check reads at once.
const checkChunk = 1000

// Check reads the whole journal and returns what contradicts itself: the file's pages, verdicts and
// texts whose bytes are not those that were kept, ids that lead to nothing, states that there are
// not, and the log. verdict, if it is not nil, says what is wrong with the bytes of a verdict: their id is
// their hash, in a way that this package does not know. An empty list means that all of it was
// read and agrees; an error means that it could not be read.
//
// The journal may be written meanwhile; what is added is read, too.
func (j *Journal) Check(ctx context.Context, verdict func(*Screening) error) ([]Problem, error) {
	k := &checker{counts: map[string]int{}}
	steps := []func() error{
		func() error { return j.Read(ctx, k.file) },
		func() error { return k.screenings(ctx, j, verdict) },
		func() error { return k.log(ctx, j) },
	}
	for _, step := range steps {
		err := step()
		if errors.Is(err, ErrDamaged) && ctx.Err() == nil {
			k.found("journal", "%v", err)
			err = nil
		}
		if err != nil {
			return nil, fmt.Errorf("check journal %s: %w", j.path, err)
		}
	}
	return k.problems, nil
}

// checker gathers problems.
type checker struct {
	problems []Problem
	counts   map[string]int // by format
}

func (k *checker) found(where, format string, args ...any) {
	k.counts[format]++
	switch n := k.counts[format]; {
	case n <= maxProblems:
		k.problems = append(k.problems, Problem{where, fmt.Sprintf(format, args...)})
	case n == maxProblems+1:
		k.problems = append(k.problems, Problem{where, "and more of this kind"})
	}
}

// each gives every row of a query to f; what f finds damaged is a problem there.
func (k *checker) each(r *Reader, where, sql string, f func(*sqlite.Stmt) error) error {
	return r.c.rows(sql, func(st *sqlite.Stmt) error {
		if err := f(st); err != nil {
			k.found(where, "%v", err)
		}
		return nil
	})
}

// What contradicts itself, by the query that counts it.
func contradictions() []struct{ where, what, sql string } {
	return []struct{ where, what, sql string }{
		{"jobs", "are in a state that there is not", `SELECT count(*) FROM job WHERE state NOT IN ('queued', 'running', 'done', 'failed')`},
		{"jobs", "ended, and have no time of it, or the other way round", `SELECT count(*) FROM job WHERE (state IN ('done', 'failed')) <> (finished_us <> 0)`},
		{"jobs", "tell an endpoint that there is not", `SELECT count(*) FROM job WHERE endpoint <> '' AND endpoint NOT IN (SELECT id FROM endpoint)`},
		{"watches", "tell an endpoint that there is not", `SELECT count(*) FROM watch WHERE endpoint <> '' AND endpoint NOT IN (SELECT id FROM endpoint)`},
		{"watches", "are of an address and an output, or of neither", `SELECT count(*) FROM watch WHERE (address = '') = (txid = '')`},
		{"sightings", "are of a watch that there is not", `SELECT count(*) FROM sighting WHERE watch NOT IN (SELECT id FROM watch)`},
		{"deliveries", "are in a state that there is not", `SELECT count(*) FROM delivery WHERE state NOT IN ('due', 'delivered', 'dead')`},
		{"deliveries", "go to an endpoint that there is not", `SELECT count(*) FROM delivery WHERE endpoint NOT IN (SELECT id FROM endpoint)`},
		{"screenings", "stand before the time at which they were given", `SELECT count(*) FROM screening WHERE place < created_us`},
	}
}

// file checks what is read in one state: all but verdicts and the log.
func (k *checker) file(r *Reader) error {
	err := engine.Pages(r.c.Conn, func(text string) { k.found("file", "%s", text) })
	if err != nil {
		return err
	}
	rows := []struct {
		where, sql string
		scan       func(*sqlite.Stmt) error
	}{
		{"texts", `SELECT sha256, kind, content FROM blob`, func(st *sqlite.Stmt) error { _, err := scanBlob(st); return err }},
		{"keys", `SELECT ` + keyColumns + ` FROM api_key`, func(st *sqlite.Stmt) error { _, err := scanKey(st); return err }},
		{"endpoints", `SELECT ` + endpointColumns + ` FROM endpoint`, func(st *sqlite.Stmt) error { _, err := scanEndpoint(st); return err }},
	}
	for _, t := range rows {
		if err := k.each(r, t.where, t.sql, t.scan); err != nil {
			return err
		}
	}
	for _, c := range contradictions() {
		n, err := r.number(c.sql)
		if err != nil {
			return err
		}
		if n > 0 {
			k.found(c.where, "%d "+c.what, n)
		}
	}
	return nil
}

// screenings checks every verdict.
func (k *checker) screenings(ctx context.Context, j *Journal, verdict func(*Screening) error) error {
	for after, n := int64(-1), checkChunk; n == checkChunk; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n = 0
		_, err := read(ctx, j, func(r *Reader) (struct{}, error) {
			return struct{}{}, r.c.rows(`SELECT `+screeningColumns+`, id_no, subject_no FROM screening WHERE place > ? ORDER BY place LIMIT ?`,
				func(st *sqlite.Stmt) error {
					n++
					after = st.ColumnInt64(0)
					k.screening(r, st, verdict)
					return nil
				}, after, checkChunk)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// screening checks the verdict of the current row.
func (k *checker) screening(r *Reader, st *sqlite.Stmt, verdict func(*Screening) error) {
	s, err := r.scanScreening(st)
	if err != nil {
		k.found("verdict", "%v", err)
		return
	}
	if st.ColumnInt64(10) != numberOf([]byte(s.ID)) || st.ColumnInt64(11) != numberOf([]byte(s.Subject)) {
		k.found("verdict "+s.ID, "it is not found by its id, or by its subject")
	}
	if verdict == nil {
		return
	}
	if err := verdict(&s); err != nil {
		k.found("verdict "+s.ID, "%v", err)
	}
}

// log verifies the log.
func (k *checker) log(ctx context.Context, j *Journal) error {
	_, err := j.verifyLog(ctx, func([]custody.Line) error { return nil })
	if errors.Is(err, ErrDamaged) {
		k.found("log", "%v", err)
		return nil
	}
	return err
}
