package ingest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/testdata"
)

// parts is a recording taken apart: its manifest as JSON and its objects by name.
type parts struct {
	manifest map[string]any
	objects  map[string][]byte
}

// takeApart reads a folder as it is.
func takeApart(t testing.TB, fsys fs.FS) parts {
	t.Helper()
	p := parts{objects: map[string][]byte{}}
	text, err := fs.ReadFile(fsys, "recording.json")
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&p.manifest))
	packed, err := fs.ReadFile(fsys, "objects.zip")
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	require.NoError(t, err)
	for _, m := range z.File {
		f, err := m.Open()
		require.NoError(t, err)
		p.objects[m.Name], err = io.ReadAll(f)
		require.NoError(t, err)
	}
	return p
}

// together packs the parts again.
func (p parts) together(t testing.TB) fstest.MapFS {
	t.Helper()
	text, err := json.Marshal(p.manifest)
	require.NoError(t, err)
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, data := range p.objects {
		f, err := z.Create(name)
		require.NoError(t, err)
		_, err = f.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return fstest.MapFS{"recording.json": {Data: text}, "objects.zip": {Data: packed.Bytes()}}
}

// entry returns the i-th element of a list of the manifest.
func (p parts) entry(list string, i int) map[string]any {
	return p.manifest[list].([]any)[i].(map[string]any)
}

// readAll opens a recording and reads all that it says to hold.
func readAll(ctx context.Context, fsys fs.FS, chain chains.Chain) (err error) {
	r, err := ingest.OpenRecording(ctx, fsys, chain, bitcoin.Codec{}, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	held := r.Held()
	for h := held.From; h <= held.To; h++ {
		hash, err := r.HashAt(ctx, h)
		if err != nil {
			return err
		}
		if _, err := r.Block(ctx, h, hash); err != nil {
			return err
		}
	}
	return nil
}

// recordBoth makes a recording of single transactions and one of whole blocks on a real node.
func recordBoth(t *testing.T) (extract, whole string) {
	t.Helper()
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 70)
	w.mine(15)
	extract, whole = t.TempDir(), t.TempDir()
	recorder, err := ingest.NewRecorder(extract, regtest, bitcoin.Codec{})
	require.NoError(t, err)
	inc := incident(t, fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, w.made[0].Point))
	// The older node leaves something to all parts: previous transactions here, …
	n := dialURL(t, node, older(t, node, true), bitcoin.Options{})
	_, err = passTrace(inc, n, ingest.PassOptions{From: -1, Recorder: recorder})
	require.NoError(t, err)
	_, err = ingest.RecordWhole(t.Context(), dial(t, node), regtest, 100, node.Height(), whole)
	require.NoError(t, err)
	return extract, whole
}

// Whatever part of a recording is damaged, it is refused with an error that says so.
func TestDamagedRecordingsAreRefused(t *testing.T) {
	t.Parallel()
	extract, whole := recordBoth(t)
	demo, err := fs.Sub(testdata.Demo, "demo/merge")
	require.NoError(t, err)
	for name, fsys := range map[string]fs.FS{"extract": os.DirFS(extract), "whole": os.DirFS(whole)} {
		require.NoError(t, readAll(t.Context(), fsys, regtest), name)
		require.NoError(t, readAll(t.Context(), takeApart(t, fsys).together(t), regtest), name)
	}
	require.NoError(t, readAll(t.Context(), demo, "bitcoin"))
	flip := func(p parts, name string) {
		p.objects[name] = bytes.Clone(p.objects[name])
		p.objects[name][len(p.objects[name])/2] ^= 1
	}
	number := func(v any) int64 {
		n, err := v.(json.Number).Int64()
		require.NoError(t, err)
		return n
	}
	type damage struct {
		name string
		do   func(p parts)
		is   error
	}
	both := []damage{
		{"another schema", func(p parts) { p.manifest["schema"] = "clew.recording/2" }, chains.ErrUnsupported},
		{"another chain", func(p parts) { p.manifest["chain"] = "bitcoin" }, chains.ErrWrongChain},
		{"a chain with another id", func(p parts) { p.manifest["caip2"] = "bip122:00" }, chains.ErrUnknownChain},
		{"no coverage", func(p parts) { p.manifest["coverage"] = "some" }, chains.ErrBadAnswer},
		{"an unknown field", func(p parts) { p.manifest["more"] = 1 }, chains.ErrBadAnswer},
		{"a wrong type", func(p parts) { p.manifest["from"] = "1" }, chains.ErrBadAnswer},
		{"a range turned round", func(p parts) { p.manifest["from"] = number(p.manifest["to"]) + 1 }, chains.ErrBadAnswer},
		{"a height below 0", func(p parts) { p.manifest["from"] = -1 }, chains.ErrBadAnswer},
		{"heights that overflow", func(p parts) { p.manifest["to"], p.manifest["from"] = int64(1)<<62, 0 }, chains.ErrBadAnswer},
		{"fewer blocks than headers", func(p parts) { p.manifest["to"] = number(p.manifest["to"]) - 1 }, chains.ErrBadAnswer},
		{"a pinned block below the headers", func(p parts) { p.manifest["as_of"].(map[string]any)["height"] = 3 }, chains.ErrBadAnswer},
		{"no headers", func(p parts) { delete(p.objects, p.manifest["headers"].(string)) }, chains.ErrBadAnswer},
		{"headers of another content", func(p parts) { flip(p, p.manifest["headers"].(string)) }, chains.ErrBadAnswer},
		{"headers that are none", func(p parts) { p.manifest["headers"] = object(p, []byte{5, 1, 2}) }, chains.ErrBadAnswer},
		{"no headers at all", func(p parts) { p.manifest["headers"] = object(p, nil) }, chains.ErrBadAnswer},
		{"headers in another order", func(p parts) { p.manifest["headers"] = object(p, turned(p)) }, chains.ErrBadAnswer},
	}
	of := map[string][]damage{
		"extract": {
			{"a height of a transaction", func(p parts) { p.entry("txs", 1)["height"] = number(p.entry("txs", 1)["height"]) + 1000 }, chains.ErrBadAnswer},
			{"the block of a transaction", func(p parts) { p.entry("txs", 0)["height"] = number(p.entry("txs", 0)["height"]) + 1 }, chains.ErrBadAnswer},
			{"the position of a transaction", func(p parts) { p.entry("txs", 0)["index"] = number(p.entry("txs", 0)["index"]) + 1 }, chains.ErrBadAnswer},
			{"a position below 0", func(p parts) { p.entry("txs", 0)["index"] = -1 }, chains.ErrBadAnswer},
			{"a txid", func(p parts) { p.entry("txs", 0)["txid"] = p.entry("txs", 1)["txid"] }, chains.ErrBadAnswer},
			{"a transaction twice", func(p parts) { txs := p.manifest["txs"].([]any); p.manifest["txs"] = append(txs, txs[len(txs)-1]) }, chains.ErrBadAnswer},
			{"a branch that is longer", func(p parts) { e := p.entry("txs", 0); e["branch"] = append(e["branch"].([]any), e["txid"]) }, chains.ErrBadAnswer},
			{"a branch that is shorter", func(p parts) { e := p.entry("txs", 0); e["branch"] = e["branch"].([]any)[1:] }, chains.ErrBadAnswer},
			{"a branch of others", func(p parts) { e := p.entry("txs", 0); e["branch"].([]any)[0] = e["txid"] }, chains.ErrBadAnswer},
			{"a transaction's bytes", func(p parts) { flip(p, p.entry("txs", 0)["raw"].(string)) }, chains.ErrBadAnswer},
			{"a transaction's bytes are missing", func(p parts) { delete(p.objects, p.entry("txs", 0)["raw"].(string)) }, chains.ErrBadAnswer},
			{"another transaction's bytes", func(p parts) { p.entry("txs", 0)["raw"] = p.entry("txs", 1)["raw"] }, chains.ErrBadAnswer},
			{"bytes that are no transaction", func(p parts) { p.entry("txs", 0)["raw"] = object(p, []byte("no")) }, chains.ErrBadAnswer},
			{"a previous transaction's bytes", func(p parts) { flip(p, previous(p)) }, chains.ErrBadAnswer},
			{"a previous transaction is missing", func(p parts) { delete(p.objects, previous(p)) }, chains.ErrBadAnswer},
			{"spent outputs of another number", func(p parts) { p.entry("txs", 0)["spent"] = object(p, []byte{9}) }, chains.ErrBadAnswer},
			{"spent outputs that are missing", func(p parts) { p.entry("txs", 0)["spent"] = strings.Repeat("0", 64) }, chains.ErrBadAnswer},
			{"whole blocks besides", func(p parts) { p.manifest["blocks"] = []any{map[string]any{"height": 1, "raw": ""}} }, chains.ErrBadAnswer},
		},
		"whole": {
			{"a block's height", func(p parts) { p.entry("blocks", 2)["height"] = 1 }, chains.ErrBadAnswer},
			{"a block's bytes", func(p parts) { flip(p, p.entry("blocks", 2)["raw"].(string)) }, chains.ErrBadAnswer},
			{"another block's bytes", func(p parts) { p.entry("blocks", 2)["raw"] = p.entry("blocks", 3)["raw"] }, chains.ErrBadAnswer},
			{"bytes that are no block", func(p parts) { p.entry("blocks", 2)["raw"] = object(p, []byte("no")) }, chains.ErrBadAnswer},
			{"a block is missing", func(p parts) { p.manifest["blocks"] = p.manifest["blocks"].([]any)[1:] }, chains.ErrBadAnswer},
			{"a block's bytes are missing", func(p parts) { delete(p.objects, p.entry("blocks", 2)["raw"].(string)) }, chains.ErrBadAnswer},
			{"a block's spent outputs", func(p parts) { flip(p, p.entry("blocks", 5)["spent"].(string)) }, chains.ErrBadAnswer},
			{"spent outputs of another block", func(p parts) { p.entry("blocks", 5)["spent"] = object(p, []byte{1}) }, chains.ErrBadAnswer},
			{"spent outputs without an end", func(p parts) { p.entry("blocks", 5)["spent"] = object(p, []byte{9, 1}) }, chains.ErrBadAnswer},
			{"single transactions besides", func(p parts) { p.manifest["txs"] = []any{map[string]any{"height": 100}} }, chains.ErrBadAnswer},
		},
	}
	for kind, fsys := range map[string]fs.FS{"extract": os.DirFS(extract), "whole": os.DirFS(whole)} {
		for _, d := range append(both, of[kind]...) {
			t.Run(kind+", "+d.name, func(t *testing.T) {
				p := takeApart(t, fsys)
				d.do(p)
				require.ErrorIs(t, readAll(t.Context(), p.together(t), regtest), d.is)
			})
		}
	}
}

// object adds data to the objects and returns its name.
func object(p parts, data []byte) string {
	name := shaHex(data)
	p.objects[name] = data
	return name
}

// turned returns the headers with the first two exchanged. Each has 81 bytes with its length.
func turned(p parts) []byte {
	h := p.objects[p.manifest["headers"].(string)]
	return bytes.Join([][]byte{h[81:162], h[:81], h[162:]}, nil)
}

// previous returns the name of an object that is a previous transaction and nothing else.
func previous(p parts) string {
	own := map[any]bool{}
	for i := range p.manifest["txs"].([]any) {
		own[p.entry("txs", i)["raw"]] = true
	}
	for i := range p.manifest["txs"].([]any) {
		list, _ := p.entry("txs", i)["previous"].([]any)
		for _, name := range list {
			if !own[name] {
				return name.(string)
			}
		}
	}
	panic("no transaction has a previous one")
}

// Files that are cut off, mixed up or absent.
func TestBrokenFilesAreRefused(t *testing.T) {
	t.Parallel()
	extract, whole := recordBoth(t)
	read := func(dir, name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return data
	}
	manifest, packed := read(extract, "recording.json"), read(extract, "objects.zip")
	for _, c := range []struct {
		name             string
		manifest, packed []byte
		is               error
	}{
		{"no manifest", nil, packed, fs.ErrNotExist},
		{"no objects", manifest, nil, fs.ErrNotExist},
		{"an empty manifest", []byte{}, packed, chains.ErrBadAnswer},
		{"half a manifest", manifest[:len(manifest)/2], packed, chains.ErrBadAnswer},
		{"two manifests", append(bytes.Clone(manifest), manifest...), packed, chains.ErrBadAnswer},
		{"half of the objects", manifest, packed[:len(packed)/2], chains.ErrBadAnswer},
		{"objects without the last byte", manifest, packed[:len(packed)-1], chains.ErrBadAnswer},
		{"objects without the first bytes", manifest, packed[100:], chains.ErrBadAnswer},
		{"no archive", manifest, []byte("objects"), chains.ErrBadAnswer},
		{"the objects of another recording", manifest, read(whole, "objects.zip"), chains.ErrBadAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			if c.manifest != nil {
				fsys["recording.json"] = &fstest.MapFile{Data: c.manifest}
			}
			if c.packed != nil {
				fsys["objects.zip"] = &fstest.MapFile{Data: c.packed}
			}
			require.ErrorIs(t, readAll(t.Context(), fsys, regtest), c.is)
		})
	}
	t.Run("a byte anywhere in the objects", func(t *testing.T) {
		for at := 0; at < len(packed); at += 97 {
			broken := bytes.Clone(packed)
			broken[at] ^= 0x20
			err := readAll(t.Context(), fstest.MapFS{"recording.json": {Data: manifest}, "objects.zip": {Data: broken}}, regtest)
			// Some bytes of an archive carry nothing that is used.
			require.True(t, err == nil || errors.Is(err, chains.ErrBadAnswer), "byte %d: %v", at, err)
		}
	})
}

// A recording does not claim to hold what it does not.
func TestRecordingHoldsWhatItSays(t *testing.T) {
	t.Parallel()
	extract, whole := recordBoth(t)
	ctx := t.Context()
	open := func(dir string) *ingest.Recording {
		r, err := ingest.OpenRecording(ctx, os.DirFS(dir), "", bitcoin.Codec{}, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, r.Close()) })
		return r
	}
	e, w := open(extract), open(whole)
	id := e.Manifest.Txs[0].TxID
	for name, r := range map[string]*ingest.Recording{"extract": e, "whole": w} {
		t.Run(name, func(t *testing.T) {
			held := r.Held()
			for _, h := range []int64{-1, held.From - 1, r.Manifest.AsOf.Height + 1} {
				_, err := r.HashAt(ctx, h)
				require.ErrorIs(t, err, chains.ErrIncomplete)
				_, err = r.Block(ctx, h, chains.BlockHash{})
				require.ErrorIs(t, err, chains.ErrIncomplete)
			}
			_, err := r.Block(ctx, held.From, chains.BlockHash{})
			require.ErrorIs(t, err, chains.ErrReorged)
			_, err = r.Locate(ctx, chains.TxID{1})
			require.ErrorIs(t, err, chains.ErrNotFound)
			ref, err := r.Locate(ctx, id)
			require.NoError(t, err)
			require.Equal(t, e.Manifest.Txs[0].Height, ref.Height)
		})
	}
	_, _, err := e.Tx(ctx, id)
	require.ErrorIs(t, err, chains.ErrUnsupported, "an extract must not know more than the trace that made it")
	raw, hash, err := w.Tx(ctx, id)
	require.NoError(t, err)
	require.Equal(t, e.Manifest.Txs[0].Raw, shaHex(raw))
	at, err := w.HashAt(ctx, e.Manifest.Txs[0].Height)
	require.NoError(t, err)
	require.Equal(t, at, hash)
	_, _, err = w.Tx(ctx, chains.TxID{1})
	require.ErrorIs(t, err, chains.ErrNotFound)
}

// A recording that was not finished is none, and one that was there before does not stand
// beside other objects.
func TestUnfinishedRecording(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(20)
	n, dir := dial(t, node), t.TempDir()
	first, err := ingest.RecordWhole(t.Context(), n, regtest, 0, 10, dir)
	require.NoError(t, err)
	second, err := ingest.RecordWhole(t.Context(), n, regtest, 0, 10, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, first, second, "the same blocks make the same recording")
	hashOnly, err := ingest.RecordWhole(t.Context(), n, regtest, 0, 10, "")
	require.NoError(t, err)
	require.Equal(t, first, hashOnly)
	for name, span := range map[string]ingest.Span{"above the head": {From: 0, To: 21}, "turned round": {From: 5, To: 4}} {
		t.Run(name, func(t *testing.T) {
			_, err = ingest.RecordWhole(t.Context(), n, regtest, span.From, span.To, dir)
			require.ErrorIs(t, err, chains.ErrNotFound)
			require.ErrorIs(t, readAll(t.Context(), os.DirFS(dir), regtest), fs.ErrNotExist)
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	_, err = ingest.RecordWhole(ctx, n, regtest, 0, 20, dir)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	r, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
	require.NoError(t, err)
	require.NoError(t, r.Discard())
	require.NoError(t, r.Discard(), "twice is once")
	require.ErrorIs(t, readAll(t.Context(), os.DirFS(dir), regtest), fs.ErrNotExist)
}

// FuzzOpenRecording changes a recording of mainnet: its manifest, and what one of its objects
// holds, whose name goes with it, so that hashes alone do not keep the change out. Whatever
// they hold, reading them ends, with an error that has a name or with what the headers prove.
func FuzzOpenRecording(f *testing.F) {
	demo, err := fs.Sub(testdata.Demo, "demo/merge")
	require.NoError(f, err)
	p := takeApart(f, demo)
	p.manifest["txs"] = p.manifest["txs"].([]any)[:1]
	text, err := json.Marshal(p.manifest)
	require.NoError(f, err)
	entry := p.entry("txs", 0)
	names := []string{p.manifest["headers"].(string), entry["raw"].(string)}
	for _, list := range entry {
		if more, ok := list.([]any); ok && len(more) > 0 {
			if _, there := p.objects[fmt.Sprint(more[0])]; there {
				names = append(names, fmt.Sprint(more[0]))
			}
		}
	}
	for i, name := range names {
		f.Add(text, uint8(i), p.objects[name])
	}
	f.Add(text, uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, manifest []byte, which uint8, content []byte) {
		name := names[int(which)%len(names)]
		objects := maps.Clone(p.objects)
		objects[shaHex(content)] = content
		manifest = bytes.ReplaceAll(manifest, []byte(name), []byte(shaHex(content)))
		fsys := parts{map[string]any{}, objects}.together(t)
		fsys["recording.json"].Data = manifest
		err := readAll(t.Context(), fsys, "bitcoin")
		named := err == nil
		for _, is := range []error{chains.ErrBadAnswer, chains.ErrUnsupported, chains.ErrWrongChain, chains.ErrUnknownChain} {
			named = named || errors.Is(err, is)
		}
		require.True(t, named, "an error without a name: %v", err)
	})
}
