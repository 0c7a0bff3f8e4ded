package ingest_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/tracer"
)

var update = flag.Bool("update", false, "write the recordings of testdata/demo anew")

// mainnet is the ten blocks 560062 to 560071 as a node without an index of spent outputs.
type mainnet struct{ blocks []*chains.Block }

const firstMainnet = 560062

func openMainnet(t *testing.T) *mainnet {
	t.Helper()
	m := &mainnet{}
	for h := int64(firstMainnet); h < firstMainnet+10; h++ {
		f, err := os.Open(fmt.Sprintf("../testdata/bitcoin/blocks/%d.blk.gz", h))
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		raw, err := io.ReadAll(z)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		b, err := bitcoin.DecodeBlock("bitcoin", raw, h)
		require.NoError(t, err)
		m.blocks = append(m.blocks, b)
	}
	return m
}

func (m *mainnet) Head(context.Context) (chains.BlockRef, error) { return m.blocks[9].Ref, nil }

func (m *mainnet) Ref(_ context.Context, h int64) (chains.BlockRef, error) {
	if h < firstMainnet || h > firstMainnet+9 {
		return chains.BlockRef{}, chains.ErrIncomplete
	}
	return m.blocks[h-firstMainnet].Ref, nil
}

func (m *mainnet) Chain() chains.Chain { return "bitcoin" }

func (m *mainnet) HashAt(ctx context.Context, h int64) (chains.BlockHash, error) {
	ref, err := m.Ref(ctx, h)
	return ref.Hash, err
}

func (m *mainnet) Block(_ context.Context, h int64, _ chains.BlockHash) (*chains.Block, error) {
	return m.blocks[h-firstMainnet], nil
}

// demoDeclared returns when an incident of the demonstration was declared. It travels with
// its recording, so that its trace has the same bytes everywhere.
func demoDeclared(inc *tracer.Incident) string {
	if inc.ID == "demo-mix" {
		return "2026-11-23T01:20:00Z"
	}
	return "2026-11-22T17:00:00Z"
}

// TestDemoRecordings makes the recordings of the demonstration from whole mainnet blocks:
// they are what is in the repository, and the trace from each is the one that made it.
func TestDemoRecordings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "whole")
	_, err := ingest.RecordWhole(ctx, openMainnet(t), "bitcoin", firstMainnet, firstMainnet+9, dir)
	require.NoError(t, err)
	whole, err := ingest.OpenRecording(ctx, os.DirFS(dir), "bitcoin", bitcoin.Codec{}, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, whole.Close()) }()
	for _, name := range []string{"peel", "merge", "mix", "split"} {
		t.Run(name, func(t *testing.T) {
			kept := filepath.Join("..", "testdata", "demo", name)
			data, err := os.ReadFile(filepath.Join(kept, "incident.yaml"))
			require.NoError(t, err)
			out := t.TempDir()
			if *update {
				out = kept
			}
			recorder, err := ingest.NewRecorder(out, "bitcoin", bitcoin.Codec{})
			require.NoError(t, err)
			first := follow(t, whole, data, recorder)
			for _, f := range []string{"recording.json"} {
				want, err := os.ReadFile(filepath.Join(kept, f))
				require.NoError(t, err)
				got, err := os.ReadFile(filepath.Join(out, f))
				require.NoError(t, err)
				require.Equal(t, string(want), string(got), f)
			}
			extract, err := ingest.OpenRecording(ctx, os.DirFS(out), "bitcoin", bitcoin.Codec{}, nil)
			require.NoError(t, err)
			again := follow(t, extract, data, nil)
			require.NoError(t, extract.Close())
			require.Equal(t, asJSON(t, first), asJSON(t, again), "the trace from its recording")
		})
	}
}

// follow traces an incident by one pass over a node, keeping what it touches.
func follow(t *testing.T, node ingest.Node, incident []byte, recorder *ingest.Recorder) *tracer.Trace {
	t.Helper()
	ctx := context.Background()
	inc, err := tracer.ParseIncident("incident.yaml", incident, bitcoin.Codec{})
	require.NoError(t, err)
	pass, err := ingest.NewPass(ctx, node, bitcoin.Codec{}, ingest.PassOptions{From: -1, Recorder: recorder})
	require.NoError(t, err)
	defer pass.Close()
	trace, err := tracer.Run(ctx, inc, inc.Seeds[0].Chain, pass, bitcoin.Codec{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err)
	if recorder != nil {
		recorder.Declare(ingest.Declaration{SHA256: inc.SHA256, FirstLogged: demoDeclared(inc)})
		recorder.Declare(ingest.Declaration{SHA256: inc.SHA256, FirstLogged: demoDeclared(inc)}) // adds nothing: the files are those of one
		_, err = recorder.Close(pass.AsOf())
		require.NoError(t, err)
	}
	t.Logf("%d hops, %d endpoints, %d gaps", len(trace.Hops), len(trace.Endpoints), len(trace.Gaps))
	for _, g := range trace.Gaps {
		t.Logf("gap: %+v", g)
	}
	for _, r := range tracer.Rules() {
		for _, row := range trace.Conservation.Value[r] {
			if r.Conserves() {
				require.Equal(t, "0", row.Difference, "conservation under %s", r)
			}
		}
	}
	return trace
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(data)
}
