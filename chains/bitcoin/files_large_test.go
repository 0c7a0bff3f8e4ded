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

// manyBlocks writes block files of regtest with n headers that are linked and have their
// work, each with one byte behind it: enough for the index, which reads no more. Every
// second neighbours change places, as they come from the network.
func manyBlocks(tb testing.TB, n int) (dir string, tip chains.BlockHash) {
	tb.Helper()
	dir = tb.TempDir()
	const perFile = 20_000
	var file bytes.Buffer
	put := func(header []byte) {
		file.Write(magic)
		file.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(header)+1)))
		file.Write(append(header, 1))
	}
	root, err := chains.ParseHash("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b")
	require.NoError(tb, err)
	h := bitcoin.Header{Version: 1, MerkleRoot: root, Time: 1296688602, Bits: 0x207fffff, Nonce: 2}
	var waiting []byte
	for i := range n {
		raw := h.Encode()
		for {
			parsed, err := bitcoin.DecodeHeader("bitcoin-regtest", raw)
			require.NoError(tb, err)
			if tip = parsed.Hash; tip[0] < 0x80 {
				break
			}
			binary.LittleEndian.PutUint32(raw[76:], binary.LittleEndian.Uint32(raw[76:])+1)
		}
		switch {
		case i > 0 && i%10 == 0 && i+1 < n:
			waiting = raw
		default:
			put(raw)
			if waiting != nil {
				put(waiting)
				waiting = nil
			}
		}
		h = bitcoin.Header{Version: 4, Prev: tip, Time: 1296688602 + int64(i), Bits: 0x207fffff}
		if (i+1)%perFile == 0 || i == n-1 {
			name := filepath.Join(dir, fmt.Sprintf("blk%05d.dat", i/perFile))
			require.NoError(tb, os.WriteFile(name, file.Bytes(), 0o600))
			file.Reset()
		}
	}
	return dir, tip
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
	dir, tip := manyBlocks(t, n)
	before := liveHeap()
	files, err := bitcoin.OpenFiles(t.Context(), "bitcoin-regtest", dir)
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
	dir, _ := manyBlocks(b, n)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, system, used := m.HeapAlloc, m.HeapSys, uint64(0)
	for b.Loop() {
		files, err := bitcoin.OpenFiles(b.Context(), "bitcoin-regtest", dir)
		require.NoError(b, err)
		runtime.ReadMemStats(&m)
		used = liveHeap() - before
		runtime.KeepAlive(files)
	}
	b.ReportMetric(float64(used)/n, "live-B/block")          //nolint:forbidigo // the testing package wants one
	b.ReportMetric(float64(used)/1e6, "live-MB")             //nolint:forbidigo // the testing package wants one
	b.ReportMetric(float64(m.HeapSys-system)/1e6, "peak-MB") //nolint:forbidigo // the testing package wants one
}
