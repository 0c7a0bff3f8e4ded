package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clew/chains"
	"clew/chains/evm"
	"clew/ingest"
	"clew/tracer"
)

// truth is what is read of truth.json, the ground truth of the worked example (docs/replica.md).
type truth struct {
	Accounts []struct{ Name, Owner, Address string }
	Mixers   []struct {
		Owner, TxID string
		Withdrawal  *struct{ TxID string }
	}
	Contracts []struct{ Chain, Name, Address string }
}

// retold opens the chains of the worked example at its recordings.
type retold struct{ dir string }

// Open is tracer.Opener.
func (r retold) Open(ctx context.Context, chain chains.Chain, height, unix int64) (tracer.Source, error) {
	node, err := ingest.OpenRecording(ctx, os.DirFS(filepath.Join(r.dir, string(chain))), chain, nil, evm.Codec{})
	if err != nil {
		return nil, err
	}
	from := height
	if height < 0 && unix >= 0 {
		if from, err = ingest.HeightAt(ctx, node, time.Unix(unix, 0)); err != nil {
			return nil, err
		}
	}
	return ingest.NewPass(ctx, node, nil, ingest.PassOptions{From: from})
}

// placed is a codec that knows the tables of contracts, as the program does.
type placed struct{ evm.Codec }

// Place is tracer.Places.
func (placed) Place(chain chains.Chain, a chains.Address) (kind tracer.NodeKind, entity, source string, ok bool) {
	word, entity, source, ok := evm.PlaceOf(chain, a)
	return tracer.NodeKind(word), entity, source, ok
}

// retrace traces the worked example from its recordings, and reads its truth.
func retrace(repo string) (*tracer.Trace, *truth, error) {
	dir := filepath.Join(repo, "demo", "atlanta-replica")
	data, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		return nil, nil, err
	}
	var known truth
	if err := json.Unmarshal(data, &known); err != nil {
		return nil, nil, fmt.Errorf("truth.json: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "incident.yaml"))
	if err != nil {
		return nil, nil, err
	}
	inc, err := tracer.ParseIncident("incident.yaml", text, placed{})
	if err != nil {
		return nil, nil, err
	}
	t, err := tracer.RunAll(context.Background(), inc, retold{dir}, placed{}, tracer.Options{TouchedOnly: true})
	return t, &known, err
}

// bare is a hash without what some write before it.
func bare(id string) string { return strings.TrimPrefix(id, "0x") }
