package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/ingest"
	"clew/tracer"
)

// forger takes a bundle apart and puts it together again, as somebody would who knows the format
// and has this program: with hashes, names and checkpoints that fit what they changed.
type forger struct {
	t       *testing.T
	members map[string][]byte
}

// genuine are the bundles of two recorded incidents, made once by the program itself.
var genuine = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "clew-bundles-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, none := context.Background(), func(string) string { return "" }
	db := filepath.Join(dir, "demo.db")
	if code := run(ctx, []string{"demo", dir}, nil, io.Discard, io.Discard, none); code != 0 {
		return nil, &checkError{"clew demo failed"}
	}
	all := map[string][]byte{}
	for _, name := range []string{"peel", "merge", "mix", "split", "atlanta-replica"} {
		file := filepath.Join(dir, name+".zip")
		var said bytes.Buffer
		if code := run(ctx, []string{"bundle", filepath.Join(dir, name, "trace.json"), "--out", file, "--db", db}, nil, io.Discard, &said, none); code != 0 {
			return nil, &checkError{"clew bundle: " + said.String()}
		}
		if all[name], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return all, nil
})

// sealed returns the bundle of a recorded incident.
func sealed(t *testing.T, name string) []byte {
	t.Helper()
	all, err := genuine()
	require.NoError(t, err)
	return all[name]
}

// forge opens the bundle of a recorded incident.
func forge(t *testing.T, name string) *forger {
	t.Helper()
	return unseal(t, sealed(t, name))
}

func unseal(t *testing.T, data []byte) *forger {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	f := &forger{t, map[string][]byte{}}
	for _, m := range z.File {
		r, err := m.Open()
		require.NoError(t, err)
		f.members[m.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return f
}

// seal writes the bundle with a manifest that fits, signed as before if it was.
func (f *forger) seal() []byte {
	f.t.Helper()
	var members []bundle.Member
	var points []bundle.Checkpoint
	for _, name := range slices.Sorted(maps.Keys(f.members)) {
		switch name {
		case bundle.ManifestFile, bundle.ReadmeFile, bundle.SignatureFile:
			continue
		}
		members = append(members, bundle.Bytes(name, f.members[name]))
		if !strings.HasSuffix(name, "/recording.json") {
			continue
		}
		r, err := ingest.OpenRecording(f.t.Context(), f.folder(filepath.Dir(name)), "", bitcoin.Codec{}, evm.Codec{})
		if err != nil {
			continue // the manifest keeps its checkpoints
		}
		point, err := bundle.CheckpointOf(f.t.Context(), r)
		require.NoError(f.t, err)
		points = append(points, point)
	}
	was := f.manifest()
	m := was
	t := &tracer.Trace{}
	if text := f.members[bundle.TraceFile]; json.Unmarshal(text, t) == nil {
		_, id, err := encodeTrace(t)
		require.NoError(f.t, err)
		m = bundle.Describe(t, text, id)
	}
	m.Checkpoints = was.Checkpoints
	if len(points) == len(was.Checkpoints) {
		m.Checkpoints = points
	}
	opt := bundle.WriteOptions{}
	if s := f.members[bundle.SignatureFile]; s != nil {
		opt.Sign = func([]byte) ([]byte, error) { return s, nil }
	}
	var out bytes.Buffer
	_, err := bundle.Write(&out, m, members, opt)
	require.NoError(f.t, err)
	return out.Bytes()
}

func (f *forger) manifest() (m bundle.Manifest) {
	require.NoError(f.t, json.Unmarshal(f.members[bundle.ManifestFile], &m))
	return m
}

// folder is a folder of the members as a file system.
func (f *forger) folder(name string) fs.FS {
	files := fstest.MapFS{}
	for member, data := range f.members {
		if rest, ok := strings.CutPrefix(member, name+"/"); ok {
			files[rest] = &fstest.MapFile{Data: data}
		}
	}
	return files
}

// trace changes the trace.
func (f *forger) trace(change func(t *tracer.Trace)) {
	f.t.Helper()
	t := &tracer.Trace{}
	require.NoError(f.t, json.Unmarshal(f.members[bundle.TraceFile], t))
	change(t)
	text, _, err := encodeTrace(t)
	require.NoError(f.t, err)
	f.members[bundle.TraceFile] = text
}

// replace changes words in a member, which must be there.
func (f *forger) replace(name, from, to string) {
	f.t.Helper()
	require.Contains(f.t, string(f.members[name]), from, name)
	f.members[name] = bytes.ReplaceAll(f.members[name], []byte(from), []byte(to))
}

// parts is a recording taken apart.
type parts struct {
	f        *forger
	folder   string
	manifest ingest.Manifest
	objects  map[string][]byte
}

// recording changes a recording: objects get the names of their hashes, and the trace names the
// recording as it is then.
func (f *forger) recording(folder string, change func(p *parts)) {
	f.t.Helper()
	p := &parts{f: f, folder: folder, objects: map[string][]byte{}}
	require.NoError(f.t, json.Unmarshal(f.members[folder+"/recording.json"], &p.manifest))
	data := f.members[folder+"/objects.zip"]
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(f.t, err)
	for _, m := range z.File {
		r, err := m.Open()
		require.NoError(f.t, err)
		p.objects[m.Name], err = io.ReadAll(r)
		require.NoError(f.t, err)
	}
	change(p)
	text, err := json.MarshalIndent(&p.manifest, "", " ")
	require.NoError(f.t, err)
	f.members[folder+"/recording.json"] = append(text, '\n')
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(p.objects)) {
		if !bytes.Contains(text, []byte(name)) && !strings.HasPrefix(name, "kept:") {
			continue // what nothing names any more
		}
		m, err := w.CreateHeader(&zip.FileHeader{Name: strings.TrimPrefix(name, "kept:"), Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		require.NoError(f.t, err)
		_, err = m.Write(p.objects[name])
		require.NoError(f.t, err)
	}
	require.NoError(f.t, w.Close())
	f.members[folder+"/objects.zip"] = out.Bytes()
	f.rename()
}

// rename has the trace name the recordings as they are.
func (f *forger) rename() {
	var all []recorded
	for name, data := range f.members {
		var m ingest.Manifest
		if strings.HasSuffix(name, "/recording.json") && json.Unmarshal(data, &m) == nil {
			all = append(all, recorded{m.Chain, tracer.Input{SHA256: hashOf(data), Coverage: string(m.Coverage)}})
		}
	}
	f.trace(func(t *tracer.Trace) { t.Inputs.Recording = inputOf(all) })
}

// put keeps an object and returns its name.
func (p *parts) put(data []byte) string {
	name := hashOf(data)
	p.objects[name] = data
	return name
}

// object changes the object that a field names.
func (p *parts) object(field *string, change func([]byte) []byte) {
	require.NotEmpty(p.f.t, *field)
	*field = p.put(change(slices.Clone(p.objects[*field])))
}

// headers changes the headers.
func (p *parts) headers(change func([][]byte) [][]byte) {
	p.object(&p.manifest.Headers, func(data []byte) []byte {
		var list [][]byte
		for len(data) > 0 {
			n, used := binary.Uvarint(data)
			list = append(list, data[used:used+int(n)])
			data = data[used+int(n):]
		}
		var out []byte
		for _, h := range change(list) {
			out = append(binary.AppendUvarint(out, uint64(len(h))), h...)
		}
		return out
	})
}

// verified verifies a bundle as clew verify does that asks nobody.
func verified(t *testing.T, data []byte, with ...func(*bundle.Options)) *bundle.Verdict {
	t.Helper()
	w := &world{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }, now: time.Now,
		user: func() string { return "tester" }, log: slog.New(slog.DiscardHandler), quiet: true}
	opt := w.verifying()
	for _, f := range with {
		f(&opt)
	}
	v, err := bundle.Verify(t.Context(), bytes.NewReader(data), int64(len(data)), opt)
	require.NoError(t, err)
	return v
}

// again runs the trace of a bundle from what it holds: what a forger does who wants it to fit.
func again(t *testing.T, data []byte) []byte {
	t.Helper()
	b, _, err := bundle.Open(t.Context(), bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	w := &world{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }, now: time.Now,
		user: func() string { return "tester" }, log: slog.New(slog.DiscardHandler), quiet: true}
	text, err := w.retrace(t.Context(), b)
	require.NoError(t, err)
	return text
}

// trustAll are lines of a trust file with every header of the genuine bundle.
func trustAll(t *testing.T, data []byte) (list []bundle.TrustedBlock) {
	t.Helper()
	for _, h := range verified(t, data).Trusted {
		list = append(list, bundle.TrustedBlock{Chain: h.Chain, Height: h.Height, Hash: h.Hash})
	}
	return list
}
