package screen_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

func TestLabels(t *testing.T) {
	w := newWorld(t)
	first := w.mine(pay{"hydra", 50_000}, pay{"bank", 30_000}, pay{"nobody", 20_000})
	w.block()
	paid := w.tx([]chains.OutPoint{out(first, 0), out(first, 1), out(first, 2)}, pay{"deposit", 100_000})
	w.block()
	w.save(0)
	w.label("hydra", "mixing_service", "Hydra")
	w.label("bank", "exchange", "Bank")
	w.labelled("bad", "sanctioned", "Bad", time.Date(2019, 6, 1, 0, 0, 0, 0, time.UTC), time.Time{})

	t.Run("of who gave", func(t *testing.T) {
		v := w.screen(depositOf(paid, "deposit"))
		require.Equal(t, screen.Match, v.Outcome)
		require.Equal(t, screen.Review, v.Action)
		mixer, exchange := exposure(v, screen.Mixer), exposure(v, screen.Exchange)
		require.Equal(t, units(50_000, 50_000), mixer[0].Units)
		require.Equal(t, screen.Direct, mixer[0].Distance)
		require.Equal(t, 1, mixer[0].Hops)
		require.Equal(t, "Hydra", mixer[0].Claims[0].Text)
		require.Equal(t, units(30_000, 30_000), exchange[0].Units)
		require.Equal(t, units(20_000, 20_000), exposure(v, screen.Mining)[0].Units)
	})
	t.Run("of the subject's own address", func(t *testing.T) {
		v := w.screen(addressOf("bad"))
		require.Equal(t, screen.Match, v.Outcome)
		require.Equal(t, screen.Block, v.Action)
		require.Equal(t, screen.EndedAnswered, v.Coverage.Ended)
		require.Equal(t, screen.Own, v.Exposure[0].Distance)
		require.Empty(t, v.Value)
	})
	t.Run("of a service, through which no walk goes", func(t *testing.T) {
		v := w.screen(addressOf("bank"))
		require.Equal(t, screen.Clear, v.Outcome)
		require.Equal(t, screen.EndedAnswered, v.Coverage.Ended)
		require.Len(t, v.Exposure, 1)
		require.Equal(t, screen.Exchange, v.Exposure[0].Category)
	})
	t.Run("as destination", func(t *testing.T) {
		v := w.screen(outputOf(first, 2), forward)
		require.Equal(t, units(20_000, 20_000), exposure(v, screen.Unmoved)[0].Units)
		v = w.screen(outputOf(first, 1), forward)
		require.Equal(t, units(30_000, 30_000), exposure(v, screen.Exchange)[1].Units, "it lies at the service")
		require.Equal(t, screen.Direct, exposure(v, screen.Exchange)[1].Distance)
	})
}

// A listing counts for when it held: at the time of a transaction, and now.
func TestSanctionsByDate(t *testing.T) {
	day := func(month time.Month) time.Time { return time.Date(2020, month, 1, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name     string
		from, to time.Time
		at, now  bool
	}{
		{"listed before, and still", day(1).AddDate(-1, 0, 0), time.Time{}, true, true},
		{"delisted since", day(1).AddDate(-1, 0, 0), day(6), true, false},
		{"listed since", day(6), time.Time{}, false, true},
		{"delisted before", day(1).AddDate(-2, 0, 0), day(1).AddDate(-1, 0, 0), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			first := w.mine(pay{"bad", 50_000})
			w.block()
			paid := w.tx([]chains.OutPoint{out(first, 0)}, pay{"deposit", 50_000})
			w.save(0)
			w.labelled("bad", "sanctioned", "Bad", c.from, c.to)
			v := w.screen(depositOf(paid, "deposit"))
			found := exposure(v, screen.Sanctioned)
			if !c.at && !c.now {
				require.Empty(t, found, "whoever was delisted before is not listed")
				require.Equal(t, screen.Clear, v.Outcome)
				return
			}
			require.Len(t, found, 1)
			require.Equal(t, []bool{c.at, c.now}, []bool{found[0].Claims[0].AtTransaction, found[0].Claims[0].Now})
			require.Equal(t, units(50_000, 50_000), found[0].Units)

			own := exposure(w.screen(addressOf("bad"), deep), screen.Sanctioned)
			require.Len(t, own, 1)
			require.Equal(t, screen.Own, own[0].Distance)
			require.Equal(t, []bool{c.at, c.now}, []bool{own[0].Claims[0].AtTransaction, own[0].Claims[0].Now}, "by the receipts of the address")
		})
	}
}

// clusterOf has some people in one cluster.
type clusterOf []string

func (c clusterOf) ClusterOf(_ context.Context, _ chains.Chain, a chains.Address) (screen.Cluster, bool, error) {
	cluster := screen.Cluster{Size: len(c), Labelled: []chains.Address{name(c[0])}}
	for _, who := range c {
		if a == name(who) {
			return cluster, true, nil
		}
	}
	return screen.Cluster{}, false, nil
}

// What is known by a cluster alone is an inference, and says so.
func TestClusterIsInference(t *testing.T) {
	w := newWorld(t)
	first := w.mine(pay{"joined", 50_000})
	w.block()
	paid := w.tx([]chains.OutPoint{out(first, 0)}, pay{"deposit", 50_000})
	w.save(0)
	w.label("bad", "sanctioned", "Bad")
	cfg := w.config(1)
	cfg.Clusters = clusterOf{"bad", "joined"}
	s, err := screen.New(cfg)
	require.NoError(t, err)
	for _, subject := range []string{depositOf(paid, "deposit"), addressOf("joined")} {
		found := exposure(ask(t, s, subject), screen.Sanctioned)
		require.Len(t, found, 1)
		require.Equal(t, screen.ByCluster, found[0].KnownBy)
		require.Equal(t, "inference", found[0].Basis)
		require.NotEmpty(t, found[0].Note)
		require.Equal(t, text("bad"), found[0].Claims[0].Address)
	}
	a, err := s.Address(t.Context(), regtest, text("joined"))
	require.NoError(t, err)
	require.Equal(t, &screen.AddressCluster{Size: 2, Labelled: []string{text("bad")}}, a.Cluster)
}
