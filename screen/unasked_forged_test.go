package screen_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/screen"
	"clew/store"
)

// A token's log that says that a listed account paid somebody, who never had the token and signed nothing,
// says nothing of whom it names.
func TestForgedTokens(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "forged.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	m := &market{rng: rand.New(rand.NewPCG(1, 9)), st: st, held: map[string]uint64{}}
	forged, gold := evm20Asset("forged gold"), evm20Asset("gold")
	m.block()
	m.deed("maker", move{"", "thief", gold, 1_000})
	m.deed("spammer", move{"thief", "innocent", forged, 500})
	m.deed("thief", move{"thief", "paid", gold, 300})
	m.deed("helper", move{"thief", "paid by another", gold, 200})
	m.deed("thief", move{"thief", "router", gold, 100}, move{"router", "paid over a contract", gold, 100})
	l, err := st.Load(t.Context(), polygon)
	require.NoError(t, err)
	require.NoError(t, l.Add(m.blocks[0]))
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	s, err := screen.New(screen.Config{
		Policy: testPolicy(t, ""), Codec: evm.Codec{}, Chains: viewsOf{st}, Labels: labelsOn(t, polygon, formatted("thief"), "sanctioned"), LabelsSHA256: "of the test",
		Heads: []screen.Head{{Chain: polygon, Spans: []chains.Span{{}}, Block: m.blocks[0].Ref}},
	})
	require.NoError(t, err)
	screened := func(who string) *screen.Verdict {
		v, err := s.Screen(t.Context(), screen.Request{Subject: screen.Subject{Chain: polygon, Address: formatted(who)}})
		require.NoError(t, err)
		return v
	}
	v := screened("innocent")
	require.Equal(t, screen.Clear, v.Outcome, v.Says)
	require.Empty(t, v.Exposure)
	require.Len(t, v.Unasked, 1)
	require.Equal(t, formatted("spammer"), v.Unasked[0].From)
	require.Contains(t, v.Unasked[0].Why, formatted("thief"))
	for _, who := range []string{"paid", "paid by another", "paid over a contract"} {
		v := screened(who)
		require.Equal(t, screen.Match, v.Outcome, "%s: %s", who, v.Says)
		require.Empty(t, v.Unasked)
	}
}
