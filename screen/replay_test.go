package screen_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

// long is a world in which a payment has a past of n transactions, one input and one output each.
func long(t testing.TB, n int) (w *world, paid chains.TxID) {
	w = newWorld(t)
	paid = w.mine(pay{"start", 1_000_000})
	for i := range n {
		w.block()
		paid = w.tx([]chains.OutPoint{out(paid, 0)}, pay{"hop" + string(rune('a'+i%26)), 1_000_000 - uint64(i)})
	}
	w.save(0)
	return w, paid
}

// ticking is a clock that goes on by a millisecond whenever it is looked at.
func ticking() func() time.Time {
	at := time.Unix(0, 0)
	return func() time.Time {
		at = at.Add(time.Millisecond)
		return at
	}
}

// A walk that time ended is pinned by what it read, and gives the same bytes on a machine of another speed.
func TestReplayOfTime(t *testing.T) {
	w, paid := long(t, 40)
	cfg := w.config(40)
	cfg.Now = ticking()
	s, err := screen.New(cfg)
	require.NoError(t, err)
	sub, err := screen.ParseSubject(outputOf(paid, 0), cfg.Codec)
	require.NoError(t, err)
	v, err := s.Screen(t.Context(), screen.Request{Subject: sub, Budget: &screen.Budget{Hops: 100, Transactions: 100, Milliseconds: 10}})
	require.NoError(t, err)
	require.Equal(t, screen.EndedBudget, v.Coverage.Ended)
	require.Equal(t, "milliseconds", v.Coverage.Limit)
	require.Zero(t, v.Pins.Budget.Milliseconds)
	require.Greater(t, v.Pins.Budget.Transactions, 1)
	require.Less(t, v.Pins.Budget.Transactions, 39)
	require.Equal(t, units(999_961, 999_961), v.Value[0].Unknown)

	again, err := w.screener().Replay(t.Context(), v)
	require.NoError(t, err)
	require.Equal(t, v.ID, again.ID)
}

func TestBudgets(t *testing.T) {
	w, paid := long(t, 40)
	for _, c := range []struct {
		name   string
		budget screen.Budget
		ended  screen.Ended
		limit  string
	}{
		{"enough", screen.Budget{}, screen.EndedExplained, ""},
		{"transactions", screen.Budget{Transactions: 5}, screen.EndedBudget, "transactions"},
		{"hops", screen.Budget{Hops: 5}, screen.EndedBudget, "hops"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := w.screen(outputOf(paid, 0), func(r *screen.Request) { r.Budget = &c.budget })
			require.Equal(t, c.ended, v.Coverage.Ended)
			require.Equal(t, c.limit, v.Coverage.Limit)
			require.Equal(t, c.limit == "", v.Value[0].Unknown == units(0, 0))
			require.Equal(t, c.limit == "", len(v.Coverage.Gaps) == 0, "what was not followed is a gap")
		})
	}
}

func TestReplayNamesWhatIsMissing(t *testing.T) {
	w, paid := theft(t)
	v := w.screen(depositOf(paid, "deposit"))
	for name, c := range map[string]struct {
		change func(*screen.Config)
		want   string
	}{
		"rules":     {func(c *screen.Config) { c.Policy = testPolicy(t, "\n# edited\n") }, "rules: "},
		"labels":    {func(c *screen.Config) { c.LabelsSHA256 = "other" }, "labels: "},
		"incident":  {func(c *screen.Config) { c.Index = c.Index.Without("theft") }, "trace of incident theft: "},
		"staleness": {func(c *screen.Config) { c.Index = c.Index.Stale("theft", "a block left") }, "not counted: a block left"},
		"block":     {func(c *screen.Config) { c.Heads[0].Block = w.blocks[2].Ref }, "last block of bitcoin-regtest: block 3 "},
		"no chain":  {func(c *screen.Config) { c.Heads = nil }, "and none is here"},
		"behind":    {func(c *screen.Config) { n := int64(2); c.Heads[0].Behind = &n }, "2 behind its node"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := w.config(3)
			c.change(&cfg)
			s, err := screen.New(cfg)
			require.NoError(t, err)
			out, err := s.Replay(t.Context(), v)
			require.ErrorIs(t, err, screen.ErrReplay)
			require.Nil(t, out)
			var missing *screen.ReplayError
			require.ErrorAs(t, err, &missing)
			require.Contains(t, strings.Join(missing.Missing, "\n"), c.want)
		})
	}
	t.Run("other facts under the same pins", func(t *testing.T) {
		v := w.screen(addressOf("friend"))
		cfg := w.config(3)
		cfg.Heads[0].Spans = []chains.Span{{From: 1, To: 3}}
		s, err := screen.New(cfg)
		require.NoError(t, err)
		out, err := s.Replay(t.Context(), v)
		require.ErrorContains(t, err, "ranges of the chain were read, or left out")
		require.NotNil(t, out)
	})
	t.Run("a block behind the pinned one changes nothing", func(t *testing.T) {
		w.mine(pay{"friend", 77})
		w.save(4)
		cfg := w.config(3)
		s, err := screen.New(cfg)
		require.NoError(t, err)
		_, err = s.Replay(t.Context(), v)
		require.NoError(t, err)
	})
}

func TestReadVerdictIsStrict(t *testing.T) {
	w, paid := theft(t)
	data, err := w.screen(depositOf(paid, "deposit")).JSON()
	require.NoError(t, err)
	_, err = screen.ReadVerdict(append(bytes.Clone(data), '\n'))
	require.NoError(t, err, "a line break at its end is a line's")
	for name, c := range map[string]struct{ from, to, want string }{
		"amount":        {`"units":"70000"`, `"units":"70001"`, "it was changed"},
		"id":            {`"id":"scr-`, `"id":"scr-0`, "it was changed"},
		"schema":        {`clew.screening/1`, `clew.screening/2`, "want clew.screening/1"},
		"unknown field": {`"action":`, `"colour":"red","action":`, "unknown field"},
		"field twice":   {`"action":"block"`, `"action":"block","action":"block"`, "twice"},
		"spaces":        {`"action":`, `"action": `, "not written as this program writes it"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := bytes.Replace(data, []byte(c.from), []byte(c.to), 1)
			require.NotEqual(t, data, changed)
			_, err := screen.ReadVerdict(changed)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestChanges(t *testing.T) {
	w, paid := theft(t)
	subject := depositOf(paid, "deposit")
	loaded := w.index
	w.index = w.index.Without("theft")
	before := w.screen(subject)
	require.Equal(t, screen.Clear, before.Outcome)
	require.Empty(t, screen.Changes(before, before))

	find := func(changes []screen.Change, field string) screen.Change {
		for _, c := range changes {
			if strings.HasPrefix(c.Field, field) {
				return c
			}
		}
		require.Fail(t, "no change of "+field, "%v", changes)
		return screen.Change{}
	}
	w.index = loaded
	after := w.screen(subject, deep)
	changes := screen.Changes(before, after)
	require.Equal(t, screen.Change{Field: "verdict", Before: string(screen.Clear), After: string(screen.Match), Why: changes[0].Why}, changes[0])
	require.Contains(t, changes[0].Why, "incident theft was loaded")
	require.Equal(t, "0.0006 rBTC (fifo), 0.00042 rBTC (pro rata)", find(changes, "exposure stolen direct incident theft").After)
	require.Equal(t, "incident theft was loaded, or traced on to here; the walk had another budget", find(changes, "exposure stolen").Why)

	w.index = loaded.Stale("theft", "block 2 left the main chain")
	changes = screen.Changes(after, w.screen(subject, deep))
	require.Contains(t, find(changes, "verdict").Why, "does not count any more: block 2 left the main chain")
	require.Empty(t, find(changes, "exposure stolen").After)
	w.index = loaded

	w.policy = testPolicy(t, "  - {id: more, category: mining, action: review, reason: A test.}\n")
	changes = screen.Changes(after, w.screen(subject, deep))
	require.Len(t, changes, 1)
	require.Equal(t, "rule more", changes[0].Field)
	require.Equal(t, "the rules are others", changes[0].Why)
	w.policy = testPolicy(t, "")

	w.label("friend", "sanctioned", "Bad friend")
	changes = screen.Changes(after, w.screen(subject, deep))
	require.Contains(t, find(changes, "exposure sanctioned").Why, "labels were edited")
	w.labels = nil

	w.block()
	w.save(4)
	later := w.screen(subject, deep)
	require.NotEqual(t, after.ID, later.ID)
	require.Empty(t, screen.Changes(after, later), "another block alone is no change")
	w.blocks = w.blocks[:4]
	w.salt = "other"
	w.block()
	other := w.config(4)
	fork := *later
	fork.Pins.Blocks = []screen.Pin{later.Pins.Blocks[0]}
	fork.Pins.Blocks[0].Hash = other.Heads[0].Block.Hash.String()
	fork.Action = screen.Allow
	require.Contains(t, screen.Changes(later, &fork)[0].Why, "left the main chain in a reorganisation")
}

func TestAddressAnswer(t *testing.T) {
	w, _ := theft(t)
	w.label("thief", "sanctioned", "Bad thief")
	s := w.screener()
	a, err := s.Address(t.Context(), regtest, text("thief"))
	require.NoError(t, err)
	require.Equal(t, screen.Sanctioned, a.Category)
	require.Equal(t, "Bad thief", a.Labels[0].Text)
	require.Len(t, a.Incidents, 1)
	require.Equal(t, "theft", a.Incidents[0].Incident)
	require.Equal(t, []screen.AddressTraced{{
		Asset: chains.Native, Units: units(60_000, 60_000), Places: 1, Hops: 0, First: "2020-01-01T00:10:00Z", Last: "2020-01-01T00:10:00Z",
	}}, a.Incidents[0].Received)
	require.Len(t, a.Pins.Blocks, 1)

	a, err = s.Address(t.Context(), regtest, text("stranger"))
	require.NoError(t, err)
	require.Empty(t, a.Incidents)
	require.Empty(t, a.Labels)
	_, err = s.Address(t.Context(), regtest, "nonsense")
	require.ErrorIs(t, err, screen.ErrSubject)
}
