package main

import (
	"context"
	"fmt"
	"time"

	"clew/custody"
	"clew/ingest"
	"clew/tracer"
)

// declare puts the hash of the incident into the log, once, before the first result. It returns when
// it was first there, and what else the log has as declared under the same id: whoever declares
// anew after a result cannot do it unseen.
func (j *traceJob) declare(ctx context.Context) (*ingest.Declaration, error) {
	fail := func(err error) error { return fmt.Errorf("declare the incident before the trace: %w", err) }
	entries, err := j.st.Log(ctx)
	if err != nil {
		return nil, fail(err)
	}
	own := &ingest.Declaration{SHA256: j.inc.SHA256}
	for i := range entries {
		e := &entries[i]
		switch {
		case e.What != custody.Declared || e.Details["id"] != j.inc.ID && e.SHA256 != own.SHA256:
		case e.SHA256 != own.SHA256:
			own.Earlier = append(own.Earlier, ingest.EarlierDeclaration{
				SHA256: e.SHA256, When: e.When.UTC().Format(time.RFC3339), Rule: e.Details["rule"], Accounts: e.Details["accounts"],
			})
		case own.FirstLogged == "":
			own.FirstLogged = e.When.UTC().Format(time.RFC3339)
		}
	}
	if own.FirstLogged == "" {
		e, err := j.st.AppendLog(ctx, j.w.signed(j.c, custody.Entry{
			What: custody.Declared, SHA256: own.SHA256, Incident: j.inc.ID,
			Details: map[string]string{"id": j.inc.ID, "rule": j.inc.Rule.String(), "accounts": string(j.inc.Accounts)},
		}))
		if err != nil {
			return nil, fail(err)
		}
		own.FirstLogged = e.When.UTC().Format(time.RFC3339)
	}
	return own, nil
}

// tell lets a trace say what was logged of its declaration.
func tell(d *ingest.Declaration, opt *tracer.Options) {
	opt.FirstLogged = &d.FirstLogged
	for _, e := range d.Earlier {
		opt.Earlier = append(opt.Earlier, tracer.Declaration(e))
	}
}
