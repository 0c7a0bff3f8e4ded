package store_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// By environment, for other runs: CLEW_BENCH_TXS transactions, batches of CLEW_BENCH_BATCH;
// with CLEW_BENCH_FORGET=1 as from a node that does not tell spent outputs.
func benchSize(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

const benchBlockTxs = 2500

// BenchmarkLoad loads a generated chain from a file, then reads it. It reports transactions a
// second (reading the file not counted), bytes of disk a transaction, the peak memory of the
// process, and the reads. One iteration is one load.
func BenchmarkLoad(b *testing.B) {
	total, batch := benchSize("CLEW_BENCH_TXS", 300_000), benchSize("CLEW_BENCH_BATCH", store.SuggestedBatch)
	for b.Loop() {
		ctx := context.Background()
		path := filepath.Join(b.TempDir(), "bench.db")
		s, err := store.Open(ctx, path, store.Options{Create: true})
		require.NoError(b, err)
		sample := benchLoad(b, s, total, batch)
		info, err := os.Stat(path)
		require.NoError(b, err)
		report(b, info.Size()/int64(total), "B/tx")
		report(b, int64(peakMiB(b)), "peak-MiB")
		benchPoints(b, s, sample)
		benchTouch(b, s, sample)
		require.NoError(b, s.Close())
	}
}

// benchFile writes the chain to a file in another process, whose memory is not counted.
func benchFile(b *testing.B, total int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "chain")
	self, err := os.Executable()
	require.NoError(b, err)
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Env = append(os.Environ(), "CLEW_STORE_CHILD=generate", "CLEW_STORE_PATH="+path, "CLEW_STORE_TXS="+strconv.Itoa(total))
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, string(out))
	return path
}

// childGenerate writes a generated chain: for each transaction the length of its body and
// the body. A block has benchBlockTxs.
func childGenerate(path string) error {
	total, err := strconv.Atoi(os.Getenv("CLEW_STORE_TXS"))
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	g := newGenerator(7)
	for done := 0; done < total; done += benchBlockTxs {
		for _, t := range g.block(benchBlockTxs).Txs {
			body := store.PackBody(&t)
			if _, err := w.Write(append(binary.AppendUvarint(nil, uint64(len(body))), body...)); err != nil {
				return err
			}
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// benchBlock reads the block at height from such a file.
func benchBlock(b *testing.B, r *bufio.Reader, height int64) *chains.Block {
	b.Helper()
	hash := func(h int64) (x chains.BlockHash) {
		binary.BigEndian.PutUint64(x[:], uint64(h))
		return x
	}
	blk := &chains.Block{Ref: chains.BlockRef{Height: height, Hash: hash(height), Time: height * 600}, Prev: hash(height - 1), Header: make([]byte, 80)}
	for range benchBlockTxs {
		n, err := binary.ReadUvarint(r)
		require.NoError(b, err)
		body := make([]byte, n)
		_, err = io.ReadFull(r, body)
		require.NoError(b, err)
		t, err := store.UnpackBody(body)
		require.NoError(b, err)
		t.Block = blk.Ref
		blk.Txs = append(blk.Txs, *t)
	}
	if os.Getenv("CLEW_BENCH_FORGET") != "" {
		return forget(blk)
	}
	return blk
}

func benchLoad(b *testing.B, s *store.Store, total, batch int) []*chains.Tx {
	b.Helper()
	ctx := context.Background()
	f, err := os.Open(benchFile(b, total))
	require.NoError(b, err)
	defer func() { require.NoError(b, f.Close()) }()
	r := bufio.NewReaderSize(f, 1<<20)
	l, err := s.Load(ctx, "bitcoin")
	require.NoError(b, err)
	rng := rand.New(rand.NewPCG(3, 3))
	var sample []*chains.Tx
	var adding, flushing time.Duration
	height := int64(0)
	for done := 0; done < total; {
		n := min(batch, total-done)
		for l.Pending() < n {
			blk := benchBlock(b, r, height)
			height++
			start := time.Now()
			require.NoError(b, l.Add(blk))
			adding += time.Since(start)
			for i := range blk.Txs {
				if rng.IntN(total) < 100_000 {
					sample = append(sample, &chains.Tx{ID: blk.Txs[i].ID})
				}
			}
		}
		done += l.Pending()
		start := time.Now()
		require.NoError(b, l.Flush(ctx))
		took := time.Since(start)
		flushing += took
		if done >= total || done/batch%5 == 1 {
			b.Logf("at %d of %d: %d tx/s", done, total, rate(n, took))
		}
	}
	start := time.Now()
	require.NoError(b, l.Close())
	flushing += time.Since(start)
	report(b, rate(total, flushing), "flush-tx/s")
	report(b, rate(total, adding), "add-tx/s")
	report(b, rate(total, (adding+flushing)), "load-tx/s")
	return sample
}

func benchPoints(b *testing.B, s *store.Store, sample []*chains.Tx) {
	b.Helper()
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(4, 4))
	for range 2 { // the first round warms
		took := make([]time.Duration, 30_000)
		for i := range took {
			id := sample[rng.IntN(len(sample))].ID
			start := time.Now()
			_, err := s.Tx(ctx, "bitcoin", id)
			took[i] = time.Since(start)
			require.NoError(b, err)
		}
		slices.Sort(took)
		report(b, took[len(took)/2].Nanoseconds(), "point-p50-ns")
		report(b, took[len(took)*99/100].Nanoseconds(), "point-p99-ns")
	}
}

// benchTouch plays a tracer that follows 100,000 transactions: it watches every output of
// each that it gets.
func benchTouch(b *testing.B, s *store.Store, sample []*chains.Tx) {
	b.Helper()
	ctx := context.Background()
	q, err := s.Source(ctx, "bitcoin", store.Latest)
	require.NoError(b, err)
	for _, t := range sample[:min(50, len(sample))] {
		require.NoError(b, q.WatchTx(ctx, t.ID))
	}
	start, touched := time.Now(), 0
	for touched < 100_000 {
		t, err := q.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(b, err)
		touched++
		for i := range t.Outputs {
			require.NoError(b, q.WatchOut(ctx, chains.OutPoint{Tx: t.ID, Index: uint32(i)}))
		}
	}
	report(b, rate(touched, time.Since(start)), "touched-tx/s")
	b.Logf("touched %d in %v", touched, time.Since(start))
	require.NoError(b, q.Close())
}

// peakMiB is the peak resident memory of the process, 0 where the system does not tell.
func peakMiB(b *testing.B) int {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Logf("peak memory: %v", err)
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			require.NoError(b, err)
			return kib / 1024
		}
	}
	return 0
}

// rate returns n things a second.
func rate(n int, took time.Duration) int64 {
	return int64(n) * int64(time.Second) / max(1, int64(took))
}

func report(b *testing.B, value int64, unit string) {
	b.Helper()
	b.ReportMetric(float64(value), unit) //nolint:forbidigo // what the testing package asks for
}
