package screen_test

import (
	"context"
	"io"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/ingest"
	"clew/testdata"
	"clew/tracer"
)

// families reads the addresses of both families, and knows the tables of contracts.
type families struct{}

func (families) ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	if chain.Info().Family == chains.FamilyEVM {
		return evm.Codec{}.ParseAddress(chain, text)
	}
	return bitcoin.Codec{}.ParseAddress(chain, text)
}

func (families) FormatAddress(chain chains.Chain, a chains.Address) string {
	if chain.Info().Family == chains.FamilyEVM {
		return evm.Codec{}.FormatAddress(chain, a)
	}
	return bitcoin.Codec{}.FormatAddress(chain, a)
}

func (families) Place(chain chains.Chain, a chains.Address) (kind tracer.NodeKind, entity, source string, ok bool) {
	word, entity, source, ok := evm.PlaceOf(chain, a)
	return tracer.NodeKind(word), entity, source, ok
}

// recorded opens the chains of a recorded incident.
type recorded struct{ dir fs.FS }

// pass is a Source that can be closed.
type pass struct {
	*ingest.Pass
	node *ingest.Recording
}

func (p pass) Close() error { p.Pass.Close(); return p.node.Close() }

func (r recorded) Open(ctx context.Context, chain chains.Chain, height, unix int64) (tracer.Source, error) {
	dir := r.dir
	if _, err := fs.Stat(dir, string(chain)); err == nil {
		if dir, err = fs.Sub(dir, string(chain)); err != nil {
			return nil, err
		}
	}
	node, err := ingest.OpenRecording(ctx, dir, chain, bitcoin.Codec{}, evm.Codec{})
	if err != nil {
		return nil, err
	}
	if height < 0 && unix >= 0 {
		if height, err = ingest.HeightAt(ctx, node, time.Unix(unix, 0)); err != nil {
			return nil, err
		}
	}
	p, err := ingest.NewPass(ctx, node, nil, ingest.PassOptions{From: height})
	if err != nil {
		return nil, err
	}
	return pass{p, node}, nil
}

var _ io.Closer = pass{}

// demos are the traces of the incidents that the program carries, by name.
var demos = sync.OnceValues(func() (map[string]*tracer.Trace, error) {
	out := map[string]*tracer.Trace{}
	entries, err := fs.ReadDir(testdata.Demo, "demo")
	for i := 0; err == nil && i < len(entries); i++ {
		out[entries[i].Name()], err = demo(entries[i].Name())
	}
	return out, err
})

func demo(name string) (*tracer.Trace, error) {
	dir, err := fs.Sub(testdata.Demo, "demo/"+name)
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(dir, "incident.yaml")
	if err != nil {
		return nil, err
	}
	inc, err := tracer.ParseIncident("incident.yaml", text, families{})
	if err != nil {
		return nil, err
	}
	return tracer.RunAll(context.Background(), inc, recorded{dir}, families{}, tracer.Options{TouchedOnly: true})
}

// eachDemo runs f with each of them.
func eachDemo(t *testing.T, f func(t *testing.T, trace *tracer.Trace)) {
	t.Helper()
	all, err := demos()
	require.NoError(t, err)
	require.Len(t, all, 5)
	for name, trace := range all {
		t.Run(name, func(t *testing.T) { f(t, trace) })
	}
}
