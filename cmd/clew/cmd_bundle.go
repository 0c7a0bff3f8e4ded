package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"clew/bundle"
	"clew/custody"
)

func bundleCommand() *command {
	return &command{
		path: "bundle", args: "TRACE [--out FILE] [--recording DIR] [--incident FILE] [--sign KEYFILE]", short: "seal a trace with all that it was made from into one file",
		long: "The file holds the trace, the incident, the settings, the recording with its proofs, the labels that were asked, what the log says of the incident, and a manifest with the SHA-256 of each. Whoever has it can check every step and run the trace again, with clew verify or without this program (docs/bundle.md). The same contents give the same bytes.\n\n" +
			"TRACE is a trace.json as clew trace --out writes it, with the recording and incident.yaml beside it, or the id of a trace in the store; then --recording names the folder. A trace from imported files takes them from the store. Before anything is sealed, the parts are held against each other, and the trace is run again from the finished bundle: where one byte of it differs, there is no bundle.\n\n" +
			"The file is ID.clew.zip unless --out names another; one that is there and differs is not replaced. Keep the SHA-256 that is printed elsewhere: clew verify --expect compares it. Nothing is signed unless --sign asks for it.",
		examples: []example{
			{"clew bundle report/trace.json", "3f2a9c1e77b0d1aa.clew.zip in this folder"},
			{"clew bundle 3f2a9c1e --recording report/recording --out exhibit-12.clew.zip", "a trace of the store, with the recording that was made beside it"},
			{"clew bundle report/trace.json --sign examiner.key", "with a signature that minisign checks"},
		},
		codes:   []exitCode{codeCheck, codeNoStore, codeStore},
		options: logFlags("out", "recording", "incident", "sign", "sign-password-file"),
		least:   1, most: 1,
		action: runBundle,
	}
}

// bundleAnswer is the answer of `clew bundle --json`.
type bundleAnswer struct {
	Schema   string          `json:"schema"` // "clew.bundled/1"
	File     string          `json:"file"`
	SHA256   string          `json:"sha256"`
	Bytes    int64           `json:"bytes"`
	Signed   bool            `json:"signed"`
	Logged   bool            `json:"logged"` // log.json is in it
	Manifest bundle.Manifest `json:"manifest"`
}

func runBundle(ctx context.Context, w *world, c *cli.Context) (err error) {
	s := &sealing{w: w, c: c}
	if s.key, err = signingKey(w, c); err != nil {
		return err
	}
	if s.t, err = loadTrace(ctx, c, c.Args().First()); err != nil {
		return err
	}
	if err := s.openStore(ctx); err != nil {
		return err
	}
	err = s.gather(ctx)
	if s.st != nil {
		err = errors.Join(err, s.st.Close())
	}
	if err != nil {
		return err
	}
	a, err := s.seal(ctx, or(c.String("out"), s.t.id+".clew.zip"))
	if err != nil {
		return err
	}
	if err := w.custodyOf(ctx, c, custody.Bundled, a.SHA256, s.t); err != nil {
		return err
	}
	return s.print(a)
}

// print tells what was sealed.
func (s *sealing) print(a *bundleAnswer) error {
	if s.w.json {
		return writeJSON(s.w.stdout, a)
	}
	p := newPage(s.w.stdout)
	p.line("Bundle   %s", a.File)
	p.line("SHA-256  %s", a.SHA256)
	p.line("Size     %s bytes in %s", grouped(a.Bytes), counted(int64(len(a.Manifest.Files)+1), "file"))
	p.line("Trace    %s, run again from the bundle: every byte is the same", s.t.id)
	if a.Signed {
		p.line("Signed   with the key %s", s.key.name)
	}
	if !a.Logged {
		p.line("Log      none: there is no store %s", s.c.String("db"))
	}
	p.line("")
	for i := range a.Manifest.Checkpoints {
		k := &a.Manifest.Checkpoints[i]
		p.line("What has to be trusted of %s, and any node of it tells:", k.Chain)
		p.table("rl", [][]string{{grouped(k.Height), hashText(k.Chain, k.Hash)}, {grouped(k.LastHeight), hashText(k.Chain, k.LastHash)}})
	}
	if len(a.Manifest.Checkpoints) == 0 {
		p.fold("It was made from imported files: nothing in it is proven by a chain.")
	}
	p.line("")
	p.line("Keep the SHA-256 elsewhere. To check it on any machine:")
	p.line("  clew verify %s --expect %s", a.File, a.SHA256)
	return p.flush()
}
