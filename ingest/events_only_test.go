package ingest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm/nodetest"
	"clew/ingest"
)

// A chain on which only the other side of a bridge was looked for has a recording too, which says
// the same: that nothing is there.
func TestRecordingOfEventsAlone(t *testing.T) {
	for name, since := range map[string]int64{"searched": 1, "all of it is earlier": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			c := newAccountChain(t, nodetest.Anvil)
			node := dialEVM(t, c, c.URL)
			query := chains.EventQuery{Kind: chains.EventBridgeIn, Protocol: "op-stack", Key: "0x5eed", Since: since}
			dir := t.TempDir()
			rec, err := ingest.NewRecorder(dir, c.Chain, nil)
			require.NoError(t, err)
			p := accountPass(t, node, ingest.PassOptions{Recorder: rec})
			found, err := p.FindEvents(t.Context(), query)
			require.NoError(t, err)
			require.Empty(t, found)
			_, err = rec.Close(p.AsOf())
			require.NoError(t, err)
			kept := accountPass(t, openKept(t, dir), ingest.PassOptions{})
			require.Equal(t, p.AsOf(), kept.AsOf())
			found, err = kept.FindEvents(t.Context(), query)
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
}
