package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/bundle"
	"clew/labels"
	"clew/store"
)

// sealing is a bundle that is being made.
type sealing struct {
	w   *world
	c   *cli.Context
	t   *loadedTrace
	st  *store.Store // nil: there is none
	key *signer      // nil: it is not signed

	set      bundle.Settings
	manifest bundle.Manifest
	members  []bundle.Member
	logged   bool
}

// openStore opens the store, if there is one.
func (s *sealing) openStore(ctx context.Context) error {
	st, err := store.Open(ctx, s.c.String("db"), store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		return nil
	}
	s.st = st
	return err
}

// gather finds everything that the trace was made from, and holds it against what the trace says.
func (s *sealing) gather(ctx context.Context) error {
	s.manifest = bundle.Describe(s.t.Trace, s.t.text, s.t.id)
	s.members = []bundle.Member{bundle.Bytes(bundle.TraceFile, s.t.text)}
	steps := []func(context.Context) error{s.settings, s.incident, s.source, s.labels, s.log}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	m, err := s.set.Member()
	s.members = append(s.members, m)
	return err
}

// beside returns the folder of what was written with the trace; "" where that is not known.
func (s *sealing) beside() string {
	if s.t.file != "" {
		return filepath.Dir(s.t.file)
	}
	if dir := s.c.String("recording"); dir != "" {
		return filepath.Dir(filepath.Clean(dir))
	}
	return ""
}

// settings takes the settings from run.json beside the trace, if that is of it; else what the trace
// says itself.
func (s *sealing) settings(context.Context) error {
	s.set = bundle.Settings{Without: s.t.Without, Through: s.t.Through}
	dir := s.beside()
	if dir == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var run runRecordFile
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	if err != nil {
		return fmt.Errorf("settings of the trace: run.json: %w", err)
	}
	if run.Trace == s.t.id && run.Settings != nil {
		s.set = *run.Settings
	}
	return nil
}

// apart is an error about parts that do not belong together.
func apart(hint, format string, args ...any) error {
	return withHint(&checkError{fmt.Sprintf(format, args...)}, "%s", hint)
}

func (s *sealing) incident(context.Context) error {
	file := s.c.String("incident")
	if file == "" {
		if s.beside() == "" {
			missing, name := "its file", "name it with --incident FILE"
			if s.t.Inputs.Recording != nil && s.c.String("recording") == "" {
				missing, name = "its file, nor the recording of trace "+s.t.id, "name both: --incident FILE as it was declared, and --recording DIR, which clew trace --out DIR wrote to DIR/recording"
			}
			return &usageError{"the store keeps the hash of the incident, and not " + missing, name}
		}
		file = filepath.Join(s.beside(), bundle.IncidentFile)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return withHint(fmt.Errorf("the incident of the trace: %w", err), "name the file that was declared with --incident FILE")
	}
	if sha := hashOf(text); sha != s.t.Incident.SHA256 {
		return apart("name the file as it was declared with --incident FILE; one that was changed since is another declaration",
			"%s is not what the trace was made from: its SHA-256 is %s, and the trace says %s", file, sha, s.t.Incident.SHA256)
	}
	s.members = append(s.members, bundle.Bytes(bundle.IncidentFile, text))
	return nil
}

// source takes the recording or, of a trace that has none, the imported files.
func (s *sealing) source(ctx context.Context) error {
	if s.t.Inputs.Recording == nil {
		return s.imports(ctx)
	}
	dir := s.c.String("recording")
	if dir == "" {
		if s.t.file == "" {
			return &usageError{"where is the recording of trace " + s.t.id + "? The store keeps none", "name the folder with --recording DIR: clew trace --out DIR wrote it to DIR/recording"}
		}
		dir = filepath.Join(s.beside(), recordingName)
	}
	return s.recording(ctx, os.DirFS(dir), dir)
}

// recording takes a folder with a recording, or with one for each chain.
func (s *sealing) recording(ctx context.Context, files fs.FS, where string) error {
	folders, err := fs.Glob(files, "*/"+recordingFiles()[1])
	if err != nil {
		return fmt.Errorf("recording %s: %w", where, err)
	}
	for i := range folders {
		folders[i] = path.Dir(folders[i])
	}
	if _, err := fs.Stat(files, recordingFiles()[1]); err == nil || len(folders) == 0 {
		folders = []string{"."}
	}
	var parts []recorded
	for _, folder := range folders {
		part, err := s.part(ctx, files, folder, where)
		if err != nil {
			return err
		}
		parts = append(parts, part)
	}
	slices.SortFunc(s.manifest.Checkpoints, func(a, b bundle.Checkpoint) int { return strings.Compare(string(a.Chain), string(b.Chain)) })
	if sha := inputOf(parts).SHA256; sha != s.t.Inputs.Recording.SHA256 {
		return apart("name the folder that was written with the trace: --recording DIR",
			"%s is not what the trace was made from: its SHA-256 is %s, and the trace says %s", where, sha, s.t.Inputs.Recording.SHA256)
	}
	return nil
}

// part takes the recording of one chain.
func (s *sealing) part(ctx context.Context, files fs.FS, folder, where string) (p recorded, err error) {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		return p, fmt.Errorf("recording %s: %w", where, err)
	}
	node, err := openRecording(ctx, sub, filepath.Join(where, folder), "")
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	checkpoint, err := bundle.CheckpointOf(ctx, node.recording)
	if err != nil {
		return p, err
	}
	s.manifest.Checkpoints = append(s.manifest.Checkpoints, checkpoint)
	for _, name := range append(recordingFiles(), "declared.json") {
		_, err := fs.Stat(sub, name)
		if errors.Is(err, fs.ErrNotExist) && name == "declared.json" {
			continue
		}
		s.members = append(s.members, bundle.FromFS(path.Join(bundle.RecordingFolder, folder, name), sub, name))
	}
	p.chain, p.SHA256 = node.chain, node.recording.SHA256
	return p, nil
}

// imports takes the files that were imported of the trace's chains. A trace over blocks of the
// store cannot be sealed: the store keeps facts, and no raw answers that prove them.
func (s *sealing) imports(ctx context.Context) error {
	bare := func(why string) error {
		return withHint(fmt.Errorf("trace %s has no recording: %s", s.t.id, why),
			"clew trace INCIDENT.yaml --rpc URL --out DIR traces it on a node and keeps what it reads: bundle DIR/trace.json")
	}
	if s.st == nil {
		return bare("what it was made from lies in a store, and there is none at " + s.c.String("db") + " (--db)")
	}
	for i := range s.t.AsOf {
		chain := s.t.AsOf[i].Chain
		spans, err := s.st.Spans(ctx, chain)
		if err != nil {
			return err
		}
		files, err := s.st.Imports(ctx, chain)
		if err != nil {
			return err
		}
		if len(spans) > 0 || len(files) == 0 {
			return bare("it was made from blocks in a store, which keeps facts and not the raw answers that prove them")
		}
		for _, f := range files {
			s.set.Imports = append(s.set.Imports, bundle.Import{
				Chain: f.Chain, Name: f.Name, Source: f.Source, Unit: f.Unit, Decimals: f.Decimals, SHA256: f.SHA256,
			})
			s.members = append(s.members, bundle.Bytes(bundle.ImportsFolder+"/"+f.SHA256, f.Content))
		}
	}
	return nil
}

// labels takes the packs that the trace asked.
func (s *sealing) labels(ctx context.Context) error {
	want := s.t.Inputs.Labels
	if want == nil {
		return nil
	}
	asOf, err := labelDate("label-as-of", s.set.LabelAsOf)
	if err != nil {
		return err
	}
	for _, st := range []*store.Store{s.st, nil} {
		known, err := labelsOf(ctx, st)
		if err != nil {
			return fmt.Errorf("labels of the trace: %w", err)
		}
		if known.set.SHA256(asOf) != want.SHA256 {
			continue
		}
		packs := known.packs
		if asOf.IsZero() {
			packs = known.set.Packs()
		}
		slices.SortFunc(packs, func(a, b *labels.Pack) int { return strings.Compare(a.SHA256(), b.SHA256()) })
		data, err := labels.Archive(packs)
		s.members = append(s.members, bundle.Bytes(labelsMember, data))
		return err
	}
	return apart("trace again, with the same labels here and there (--db names the store that has them), or with --without labels",
		"the labels that the trace asked (SHA-256 %s) are neither in this program nor in the store %s", want.SHA256, s.c.String("db"))
}

// log takes what the log says of the incident.
func (s *sealing) log(ctx context.Context) error {
	text, err := logExcerpt(ctx, s.st, s.t.Incident.ID, s.manifest.Trace.SHA256)
	if text != nil {
		s.logged = true
		s.members = append(s.members, bundle.Bytes(bundle.LogFile, text))
	}
	return err
}

// seal writes the bundle, traces again from it, and moves it to where it belongs.
func (s *sealing) seal(ctx context.Context, target string) (a *bundleAnswer, err error) {
	stage, err := os.CreateTemp(filepath.Dir(target), ".clew-*")
	if err != nil {
		return nil, withHint(fmt.Errorf("write the bundle: %w", err), "--out FILE names a file that can be written")
	}
	defer func() {
		gone := os.Remove(stage.Name())
		if errors.Is(gone, fs.ErrNotExist) {
			gone = nil
		}
		err = errors.Join(err, stage.Close(), gone)
	}()
	var opt bundle.WriteOptions
	if s.key != nil {
		opt.Sign = s.key.sign
	}
	if _, err := bundle.Write(stage, s.manifest, s.members, opt); err != nil {
		return nil, fmt.Errorf("write the bundle: %w", err)
	}
	info, err := stage.Stat()
	if err != nil {
		return nil, fmt.Errorf("write the bundle: %w", err)
	}
	b, problems, err := bundle.Open(ctx, stage, info.Size())
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("the bundle that was written is none: %s: %s", problems[0].File, problems[0].What)
	}
	if err := s.again(ctx, b); err != nil {
		return nil, err
	}
	a = &bundleAnswer{
		Schema: "clew.bundled/1", File: target, SHA256: b.SHA256, Bytes: info.Size(), Signed: s.key != nil, Logged: s.logged, Manifest: b.Manifest,
	}
	return a, s.place(stage, target)
}

// again traces from the bundle and compares.
func (s *sealing) again(ctx context.Context, b *bundle.Bundle) error {
	text, err := s.w.retrace(ctx, b)
	if err != nil {
		return err
	}
	if bytes.Equal(text, s.t.text) {
		return nil
	}
	other, err := parseTrace("the bundle", text)
	if err != nil {
		return err
	}
	found, err := compareTraces(s.t, other)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := found.write(newPage(&page), s.t, other); err != nil {
		return err
	}
	return apart("nothing was sealed. A trace by another version of the program, or with other settings, has to be made again with clew trace",
		"traced again from what would be sealed, the trace is another one (A is the trace, B what came of it):\n%s", firstLines(page.String(), 20))
}

// firstLines returns at most n lines of text.
func firstLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[:min(n, len(lines))], "\n")
}

// place moves the finished file to its name, unless another bundle has it.
func (s *sealing) place(stage *os.File, target string) error {
	there, err := os.ReadFile(target)
	if err == nil {
		have, err := os.ReadFile(stage.Name())
		if err == nil && !bytes.Equal(there, have) {
			return withHint(fmt.Errorf("%s is there already, and is another file", target), "name another with --out, or remove that one first")
		}
		return err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the bundle: %w", err)
	}
	if err := errors.Join(stage.Chmod(0o644), stage.Sync(), os.Rename(stage.Name(), target)); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	return nil
}
