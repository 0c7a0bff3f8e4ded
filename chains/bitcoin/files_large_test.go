package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// headerFiles writes block files of regtest that hold headers alone, each with one byte
// behind it: enough for the index, which reads no more.
type headerFiles struct {
	tb    testing.TB
	dir   string
	files int
	open  bytes.Buffer
}

func (w *headerFiles) put(h bitcoin.Header) {
	w.open.Write(magic)
	w.open.Write(binary.LittleEndian.AppendUint32(nil, bitcoin.HeaderBytes+1))
	w.open.Write(append(h.Encode(), 1))
}

// next ends a file and begins another one.
func (w *headerFiles) next() {
	w.tb.Helper()
	name := filepath.Join(w.dir, fmt.Sprintf("blk%05d.dat", w.files))
	require.NoError(w.tb, os.WriteFile(name, w.open.Bytes(), 0o600))
	w.open.Reset()
	w.files++
}

// genesis is block 0 of regtest.
func genesis(tb testing.TB) bitcoin.Header {
	tb.Helper()
	h := bitcoin.Header{
		Version: 1, Time: 1296688602, Bits: 0x207fffff, Nonce: 2,
		MerkleRoot: hash(tb, "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"),
	}
	return worked(tb, h)
}

// worked returns h with a nonce for its bits, and its hash.
func worked(tb testing.TB, h bitcoin.Header) bitcoin.Header {
	tb.Helper()
	for {
		done, err := bitcoin.DecodeHeader("bitcoin-regtest", h.Encode())
		require.NoError(tb, err)
		if bitcoin.CheckWork("bitcoin-regtest", h.Encode()) == nil {
			return done
		}
		h.Nonce++
	}
}

// after returns a header on top of another one.
func after(tb testing.TB, h bitcoin.Header, bits uint32, root byte) bitcoin.Header {
	tb.Helper()
	return worked(tb, bitcoin.Header{Version: 4, Prev: h.Hash, Time: h.Time + 600, Bits: bits, MerkleRoot: chains.Hash{root}})
}

// The chain with the most work counts, not the longest; of equals the first in the files;
// and none of which a block is missing.
func TestFilesChoose(t *testing.T) {
	const easy, hard = 0x207fffff, 0x201fffff // four times as hard
	zero := genesis(t)
	a := after(t, zero, easy, 1)
	b := after(t, a, easy, 2)
	c := after(t, b, easy, 3)
	heavy := after(t, zero, hard, 4)
	equal := after(t, b, easy, 5)
	lazy := bitcoin.Header{Version: 4, Prev: b.Hash, Time: b.Time, Bits: hard}
	for bitcoin.CheckWork("bitcoin-regtest", lazy.Encode()) == nil {
		lazy.Nonce++
	}
	for name, x := range map[string]struct {
		blocks []bitcoin.Header
		head   bitcoin.Header
	}{
		"block 0 alone":       {[]bitcoin.Header{zero}, zero},
		"in order":            {[]bitcoin.Header{zero, a, b, c}, c},
		"in no order":         {[]bitcoin.Header{zero, c, b, a}, c},
		"most work":           {[]bitcoin.Header{zero, a, b, c, heavy}, heavy},
		"first of equals":     {[]bitcoin.Header{zero, a, b, equal, c}, equal},
		"without its work":    {[]bitcoin.Header{zero, a, b, lazy}, b},
		"the other way round": {[]bitcoin.Header{zero, a, b, c, equal}, c},
	} {
		t.Run(name, func(t *testing.T) {
			w := headerFiles{tb: t, dir: t.TempDir()}
			for _, h := range x.blocks {
				w.put(h)
				w.next()
			}
			files, err := bitcoin.OpenFiles(t.Context(), "", w.dir, nil)
			require.NoError(t, err)
			head, err := files.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, x.head.Hash, head.Hash)
			require.Equal(t, x.head.Time, head.Time)
		})
	}
}

// manyBlocks writes block files with n headers that are linked and have their work. Every
// tenth and its successor change places, as blocks come from the network.
func manyBlocks(tb testing.TB, n, perFile int) (dir string, tip chains.BlockHash) {
	tb.Helper()
	w := headerFiles{tb: tb, dir: tb.TempDir()}
	h := genesis(tb)
	w.put(h)
	var waiting *bitcoin.Header
	for i := 1; i < n; i++ {
		h = after(tb, h, 0x207fffff, 1)
		switch {
		case i%10 == 0 && i+1 < n:
			kept := h
			waiting = &kept
		default:
			w.put(h)
			if waiting != nil {
				w.put(*waiting)
				waiting = nil
			}
		}
		if i%perFile == perFile-1 || i == n-1 {
			w.next()
		}
	}
	return w.dir, h.Hash
}

// liveHeap returns the bytes in use.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The index of a chain as long as mainnet's stays small.
func TestFilesIndexOfALongChain(t *testing.T) {
	const n, most = 50_000, 125 // bytes a block
	dir, tip := manyBlocks(t, n, 20_000)
	before := liveHeap()
	files, err := bitcoin.OpenFiles(t.Context(), "bitcoin-regtest", dir, nil)
	require.NoError(t, err)
	used := liveHeap() - before
	head, err := files.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, tip, head.Hash)
	require.EqualValues(t, n-1, head.Height)
	require.Less(t, used/n, uint64(most), "bytes a block")
	runtime.KeepAlive(files)
}

// What it takes to open the files of a chain of 900,000 blocks.
func BenchmarkFilesIndex(b *testing.B) {
	const n = 900_000
	dir, _ := manyBlocks(b, n, 100_000)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, system, used := m.HeapAlloc, m.HeapSys, uint64(0)
	for b.Loop() {
		files, err := bitcoin.OpenFiles(b.Context(), "bitcoin-regtest", dir, nil)
		require.NoError(b, err)
		runtime.ReadMemStats(&m)
		used = liveHeap() - before
		runtime.KeepAlive(files)
	}
	b.ReportMetric(float64(used)/n, "live-B/block")          //nolint:forbidigo // the testing package wants one
	b.ReportMetric(float64(used)/1e6, "live-MB")             //nolint:forbidigo // the testing package wants one
	b.ReportMetric(float64(m.HeapSys-system)/1e6, "peak-MB") //nolint:forbidigo // the testing package wants one
}
