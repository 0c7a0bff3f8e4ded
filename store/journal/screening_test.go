package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/store/journal"
)

func put(t testing.TB, j *journal.Journal, want bool, all ...journal.Screening) {
	t.Helper()
	do(t, j, func(tx *journal.Tx) error {
		for _, s := range all {
			if added, err := tx.PutScreening(s); err != nil || added != want {
				return errors.Join(err, fmt.Errorf("%s added: %v", s.ID, added))
			}
		}
		return nil
	})
}

func TestVerdictIsKeptOnce(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	j := open(t, journal.Options{Now: c.Now})
	s := verdict(1)
	put(t, j, true, s)
	c.advance(time.Hour)
	other := s
	other.Verdict, other.Key = []byte("another"), "another"
	put(t, j, false, other)
	do(t, j, func(tx *journal.Tx) error { // nor twice in one transaction
		t2 := verdict(2)
		one, err1 := tx.PutScreening(t2)
		two, err2 := tx.PutScreening(t2)
		if !one || two {
			return errors.New("added twice")
		}
		return errors.Join(err1, err2)
	})
	got, err := j.Screening(ctx, s.ID)
	require.NoError(t, err)
	s.Created = newClock().Now()
	s.Place = s.Created.UnixMicro()
	require.Equal(t, s, got)
}

func TestVerdictsComeBackToTheByte(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	var all []journal.Screening
	add := func(subject string, verdict []byte) {
		all = append(all, journal.Screening{ID: fmt.Sprint("scr-", len(all)), Subject: subject, Verdict: verdict})
	}
	add("", []byte{}) // nothing is a pattern of nothing
	add(`{}`, []byte("{}"))
	for i := range 300 { // of three states, one behind the other
		add(fmt.Sprintf(`{"n":%d}`, i), fmt.Appendf(nil, `{"state":%q,"n":%d}`, verdict(int64(i/100)).ID+verdict(int64(i/100)).Subject, i))
	}
	for range 200 {
		add("noise", noise(200))
	}
	add("long", noise(100_000))
	add("long", bytes.Repeat([]byte("long "), 100_000))
	put(t, j, true, all...)
	check := func(j *journal.Journal) {
		for _, s := range all {
			got, err := j.Screening(ctx, s.ID)
			require.NoError(t, err)
			require.Equal(t, s.Subject, got.Subject)
			require.True(t, bytes.Equal(s.Verdict, got.Verdict), s.ID)
		}
		problems, err := j.Check(ctx, nil)
		require.NoError(t, err)
		require.Empty(t, problems)
	}
	check(j)
	patterns, err := journal.Number(ctx, j, `SELECT count(*) FROM pattern`)
	require.NoError(t, err)
	require.GreaterOrEqual(t, patterns, int64(3), "each state has its own")
	require.LessOrEqual(t, patterns, int64(16), "a new one is taken where the one before no longer fits, and no more often")

	again := openAt(t, j.Path(), journal.Options{})
	check(again)
	put(t, again, true, journal.Screening{ID: "behind", Verdict: bytes.Repeat([]byte("long "), 100)})
	now, err := journal.Number(ctx, j, `SELECT count(*) FROM pattern`)
	require.NoError(t, err)
	require.Equal(t, patterns, now, "who opens it goes on with the pattern that is there")
	require.ErrorContains(t, j.Do(ctx, func(tx *journal.Tx) error {
		_, err := tx.PutScreening(journal.Screening{ID: "too long", Verdict: make([]byte, 65<<20)})
		return err
	}), "more than")
}

func TestAlikeVerdictsTakeLittleSpace(t *testing.T) {
	j := open(t, journal.Options{})
	const n = 2000
	bytes := 0
	for chunk := range slices.Chunk(make([]int, n), 500) {
		all := make([]journal.Screening, len(chunk))
		for i := range all {
			all[i] = verdict(int64(bytes + i))
			bytes += len(all[i].Verdict)
		}
		put(t, j, true, all...)
	}
	require.NoError(t, j.Close())
	info, err := os.Stat(j.Path())
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(bytes/3))
}

func TestScreeningsAreListedNewestFirst(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	j := open(t, journal.Options{Now: c.Now})
	start := c.Now()
	outcomes := []struct{ outcome, action string }{{"clear within coverage", "allow"}, {"match", "block"}, {"match", "review"}, {"not covered", "review"}, {"match", "allow"}}
	for i := range 20 {
		s := journal.Screening{ID: fmt.Sprint(i), Subject: fmt.Sprintf(`{"n":%d}`, i%4), Verdict: []byte("{}"), Outcome: outcomes[i%5].outcome, Action: outcomes[i%5].action}
		put(t, j, true, s)
		switch i {
		case 9:
			c.advance(-time.Hour) // the clock is set back
		case 14: // and several within a microsecond
		default:
			c.advance(time.Minute)
		}
	}
	ids := func(f journal.ScreeningFilter) (ids []string) {
		t.Helper()
		for before, page := int64(0), 3; ; {
			found, err := j.Screenings(ctx, f, before, page)
			require.NoError(t, err)
			for _, s := range found {
				ids = append(ids, s.ID)
				before = s.Place
			}
			if len(found) < page {
				return ids
			}
		}
	}
	count := func(which func(int) bool) (want []string) {
		for i := 19; i >= 0; i-- {
			if which(i) {
				want = append(want, fmt.Sprint(i))
			}
		}
		return want
	}
	require.Equal(t, count(func(int) bool { return true }), ids(journal.ScreeningFilter{}))
	require.Equal(t, count(func(i int) bool { return i%5 == 0 }), ids(journal.ScreeningFilter{Outcome: "clear within coverage"}))
	require.Equal(t, count(func(i int) bool { return i%5 == 1 || i%5 == 2 || i%5 == 4 }), ids(journal.ScreeningFilter{Outcome: "match"}))
	require.Equal(t, count(func(i int) bool { return i%5 == 2 }), ids(journal.ScreeningFilter{Outcome: "match", Action: "review"}))
	require.Equal(t, count(func(i int) bool { return i%5 == 0 || i%5 == 4 }), ids(journal.ScreeningFilter{Action: "allow"}))
	require.Equal(t, count(func(i int) bool { return i%4 == 2 }), ids(journal.ScreeningFilter{Subject: `{"n":2}`}))
	require.Empty(t, ids(journal.ScreeningFilter{Subject: `{"n":9}`}))
	require.Empty(t, ids(journal.ScreeningFilter{Outcome: "match' OR '1'='1"}))

	found, err := j.Screenings(ctx, journal.ScreeningFilter{}, 0, 100)
	require.NoError(t, err)
	for _, since := range []time.Time{start, start.Add(-51 * time.Minute), start.Add(-50 * time.Minute), start.Add(5 * time.Minute), start.Add(time.Hour)} {
		var want []string
		for _, s := range found {
			if !s.Created.Before(since) {
				want = append(want, s.ID)
			}
		}
		require.Equal(t, want, ids(journal.ScreeningFilter{Since: since}), since)
	}
}

func TestBlobs(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	var sum, empty string
	do(t, j, func(tx *journal.Tx) (err error) {
		if empty, err = tx.PutBlob("rules", nil); err != nil {
			return err
		}
		for range 2 {
			if sum, err = tx.PutBlob("rules", []byte("version: 1\n")); err != nil {
				return err
			}
		}
		return nil
	})
	b, err := j.Blob(ctx, sum)
	require.NoError(t, err)
	require.Equal(t, journal.Blob{SHA256: sum, Kind: "rules", Content: []byte("version: 1\n")}, b)
	b, err = j.Blob(ctx, empty)
	require.NoError(t, err)
	require.Empty(t, b.Content)
	_, err = j.Blob(ctx, "no hash")
	require.Error(t, err)
}
