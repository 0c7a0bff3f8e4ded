package screen

import (
	"context"
	"time"

	"clew/chains"
)

// NewAttributor says what labels, clusters and well-known contracts tell of an address. Each may be nil.
func NewAttributor(l Labels, c Clusters, p Places, codec Codec) Attributor {
	return &attributor{labels: l, clusters: c, places: p, codec: codec}
}

type attributor struct {
	labels   Labels
	clusters Clusters
	places   Places
	codec    Codec
}

// Attribute implements Attributor.
func (w *attributor) Attribute(_ context.Context, chain chains.Chain, a chains.Address, _ time.Time) (Attribution, bool, error) {
	if w.labels == nil {
		return Attribution{}, false, nil
	}
	all := w.labels.History(chain, a)
	if len(all) == 0 {
		return Attribution{}, false, nil
	}
	return Attribution{Category: CategoryOf(&all[0]), Entity: all[0].ActorName, KnownBy: ByLabel, Ends: true}, true, nil
}
