package ingest_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/testdata"
)

// genesis is the header of Bitcoin's first block: difficulty 1.
func genesis(t *testing.T) bitcoin.Header {
	t.Helper()
	var root chains.Hash
	require.NoError(t, root.UnmarshalText([]byte("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b")))
	raw := bitcoin.Header{Version: 1, MerkleRoot: root, Time: 1231006505, Bits: 0x1d00ffff, Nonce: 2083236893}.Encode()
	h, err := bitcoin.DecodeHeader(regtest, raw)
	require.NoError(t, err)
	return h
}

// demoParts is a recording of mainnet taken apart.
func demoParts(t *testing.T) parts {
	t.Helper()
	demo, err := fs.Sub(testdata.Demo, "demo/peel")
	require.NoError(t, err)
	return takeApart(t, demo)
}

// invent makes the headers of a recording anew, each on the one before, as change leaves them.
func (p parts) invent(t *testing.T, change func(h *bitcoin.Header)) {
	t.Helper()
	old := p.objects[p.manifest["headers"].(string)]
	var all []byte
	var last bitcoin.Header
	for i := 0; i < len(old); i += 81 {
		h, err := bitcoin.DecodeHeader(regtest, old[i+1:i+81])
		require.NoError(t, err)
		if i > 0 {
			h.Prev = last.Hash
		}
		change(&h)
		last, err = bitcoin.DecodeHeader(regtest, h.Encode())
		require.NoError(t, err)
		all = append(append(all, 80), h.Encode()...)
	}
	p.manifest["headers"] = object(p, all)
	p.pin(json.Number("560071"), last)
}

func (p parts) pin(height json.Number, h bitcoin.Header) {
	p.manifest["as_of"] = map[string]any{"height": height, "hash": h.Hash.String(), "time": h.Time}
}

// A chain that nobody worked for proves nothing, however well its parts fit together.
func TestInventedChainsAreRefused(t *testing.T) {
	t.Parallel()
	first := genesis(t)
	for _, c := range []struct {
		name string
		do   func(p parts)
		ok   bool
	}{
		{"as it was", func(parts) {}, true},
		{"nothing changed", func(p parts) { p.invent(t, func(*bitcoin.Header) {}) }, true},
		{"no work at all", func(p parts) { p.invent(t, func(h *bitcoin.Header) { h.Nonce = 0 }) }, false},
		{"the work of a private chain", func(p parts) {
			p.invent(t, func(h *bitcoin.Header) {
				h.Bits = 0x207fffff
				for bitcoin.CheckWork(regtest, h.Encode()) != nil {
					h.Nonce++
				}
			})
		}, false},
		{"pinned beyond its headers, without a header", func(p parts) { p.pin("560075", first) }, false},
		{"pinned to an easy block", func(p parts) {
			p.pin("560075", first)
			p.manifest["as_of_header"] = object(p, first.Encode())
		}, false},
		{"pinned to an easy block of the next period", func(p parts) {
			p.pin("560448", first)
			p.manifest["as_of_header"] = object(p, first.Encode())
		}, false},
		{"pinned to the next block, which is another", func(p parts) {
			p.pin("560072", first)
			p.manifest["as_of_header"] = object(p, first.Encode())
		}, false},
		{"a second header of the last block", func(p parts) { p.manifest["as_of_header"] = object(p, lastHeader(p)) }, false},
		{"another time of the last block", func(p parts) { p.manifest["as_of"].(map[string]any)["time"] = 1 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := demoParts(t)
			c.do(p)
			err := readAll(t.Context(), p.together(t), "bitcoin")
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, chains.ErrBadAnswer)
		})
	}
}

func lastHeader(p parts) []byte {
	h := p.objects[p.manifest["headers"].(string)]
	return h[len(h)-80:]
}

// A pass that has nothing left to follow ends before the block that it is pinned to. The
// recording keeps the header of that block, and is refused with another one.
func TestRecordingKeepsItsPinnedHeader(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 60)
	w.mine(15)
	node.Skip(20)
	n, dir := dial(t, node), t.TempDir()
	recorder, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
	require.NoError(t, err)
	pass, err := ingest.NewPass(t.Context(), n, bitcoin.Codec{}, ingest.PassOptions{From: w.made[0].height, Recorder: recorder})
	require.NoError(t, err)
	require.NoError(t, pass.WatchTx(t.Context(), w.made[0].Point.Tx))
	_, err = pass.Next(t.Context())
	require.NoError(t, err)
	_, err = recorder.Close(pass.AsOf())
	require.ErrorIs(t, err, chains.ErrIncomplete, "the pass did not end")
	_, err = pass.Next(t.Context())
	require.ErrorIs(t, err, io.EOF)
	_, err = recorder.Close(pass.AsOf())
	require.NoError(t, err)

	r, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{}, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	require.Equal(t, w.made[0].height, r.Manifest.To)
	head, err := r.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, pass.AsOf(), head)
	require.Equal(t, node.Height(), head.Height)

	for name, do := range map[string]func(p parts){
		"no header":            func(p parts) { delete(p.manifest, "as_of_header") },
		"a header not there":   func(p parts) { p.manifest["as_of_header"] = strings.Repeat("0", 64) },
		"no header's bytes":    func(p parts) { p.manifest["as_of_header"] = object(p, []byte("no")) },
		"another header":       func(p parts) { p.manifest["as_of_header"] = object(p, lastHeader(p)) },
		"another hash":         func(p parts) { p.manifest["as_of"].(map[string]any)["hash"] = strings.Repeat("0", 64) },
		"another time":         func(p parts) { p.manifest["as_of"].(map[string]any)["time"] = 1 },
		"a header that is big": func(p parts) { p.manifest["as_of_header"] = object(p, make([]byte, 1<<20)) },
		"as if it were the next block": func(p parts) {
			p.manifest["as_of"].(map[string]any)["height"] = r.Manifest.To + 1
		},
		"a header without work": func(p parts) {
			h, err := bitcoin.DecodeHeader(regtest, p.objects[p.manifest["as_of_header"].(string)])
			require.NoError(t, err)
			for bitcoin.CheckWork(regtest, h.Encode()) == nil {
				h.Nonce++
			}
			h, err = bitcoin.DecodeHeader(regtest, h.Encode())
			require.NoError(t, err)
			p.pin(p.manifest["as_of"].(map[string]any)["height"].(json.Number), h)
			p.manifest["as_of_header"] = object(p, h.Encode())
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := takeApart(t, os.DirFS(dir))
			do(p)
			require.ErrorIs(t, readAll(t.Context(), p.together(t), regtest), chains.ErrBadAnswer)
		})
	}
}

// A small archive does not fill the memory, whatever it says that it unpacks to.
func TestBombsAreRefused(t *testing.T) {
	const huge = 64 << 20
	zeros := make([]byte, huge)
	p := demoParts(t)
	for name, do := range map[string]func(p parts){
		"headers without length": func(p parts) { p.manifest["headers"] = object(p, zeros) },
		"headers without length, and many": func(p parts) {
			p.manifest["headers"], p.manifest["from"] = object(p, zeros[:40<<20]), 1
		},
		"a transaction":          func(p parts) { p.entry("txs", 0)["raw"] = object(p, zeros) },
		"spent outputs":          func(p parts) { p.entry("txs", 0)["spent"] = object(p, zeros) },
		"a previous transaction": func(p parts) { p.entry("txs", 0)["previous"] = []any{object(p, zeros)} },
		"previous transactions without end": func(p parts) {
			e := p.entry("txs", 0)
			e["previous"] = slices.Repeat([]any{e["raw"]}, 100_000)
		},
	} {
		for _, lie := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, of a size that is stated wrong: %t", name, lie), func(t *testing.T) {
				p := takeApart(t, p.together(t))
				do(p)
				fsys := p.together(t)
				if lie {
					understate(t, fsys, huge)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := readAll(t.Context(), fsys, "bitcoin")
				runtime.ReadMemStats(&after)
				require.ErrorIs(t, err, chains.ErrBadAnswer)
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40<<20))
			})
		}
	}
}

// Parts of no length are cheap to write and dear to list: their number is known beforehand.
func TestMorePartsThanThereAreAreRefused(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(3)
	dir := t.TempDir()
	_, err := ingest.RecordWhole(t.Context(), dial(t, node), regtest, 1, 3, dir)
	require.NoError(t, err)
	for name, change := range map[string]func(spent []byte) []byte{
		"stands behind 1 parts": func(spent []byte) []byte { return append(bytes.Clone(spent), 0) },
		"0 bytes for 1 parts":   func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			p := takeApart(t, os.DirFS(dir))
			e := p.entry("blocks", 1)
			e["spent"] = object(p, change(p.objects[e["spent"].(string)]))
			err := readAll(t.Context(), p.together(t), regtest)
			require.ErrorIs(t, err, chains.ErrBadAnswer)
			require.ErrorContains(t, err, name)
		})
	}
}

// understate makes the directory of the archive say that members of size bytes have 100.
func understate(t *testing.T, fsys fstest.MapFS, size uint32) {
	t.Helper()
	f := fsys["objects.zip"]
	f.Data = bytes.ReplaceAll(f.Data, binary.LittleEndian.AppendUint32(nil, size), []byte{100, 0, 0, 0})
	_, err := zip.NewReader(bytes.NewReader(f.Data), int64(len(f.Data)))
	require.NoError(t, err)
}

// All branches of a block have the same length: one that is longer ends below a transaction.
func TestBranchesOfOneBlockHaveOneLength(t *testing.T) {
	t.Parallel()
	p := demoParts(t)
	txs := p.manifest["txs"].([]any)
	beside := map[string]any{}
	for k, v := range p.entry("txs", 0) {
		beside[k] = v
	}
	beside["index"], beside["branch"] = json.Number("999999"), append([]any{beside["txid"]}, beside["branch"].([]any)...)
	p.manifest["txs"] = append([]any{txs[0], beside}, txs[1:]...)
	_, err := ingest.OpenRecording(t.Context(), p.together(t), "bitcoin", bitcoin.Codec{}, nil)
	require.ErrorIs(t, err, chains.ErrBadAnswer)
	require.ErrorContains(t, err, "another length")
}
