package ingest

import (
	"context"

	"clew/chains"
)

// LoadTeller is a Node that says which blocks it does not have yet.
type LoadTeller interface {
	Loading(ctx context.Context) (chains.Loading, error)
}

// Loading notes that the node was still loading when it was recorded.
func (r *Recorder) Loading(state chains.Loading) { r.manifest.Loading = &state }

// Loading is what the node said that was recorded.
func (r *Recording) Loading(context.Context) (chains.Loading, error) {
	if r.Manifest.Loading == nil {
		return chains.Loading{}, nil
	}
	return *r.Manifest.Loading, nil
}
