package journal_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/store/journal"
)

var (
	day  = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	next = day.Add(24 * time.Hour)
)

func TestNounsComeBackAsTheyWere(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	incident := journal.Incident{ID: "atlanta", Trace: "trc-1", SHA256: "ab", File: []byte("id: atlanta"), Loaded: day, Stale: "block 7 left"}
	noFile := journal.Incident{ID: "boston", Trace: "trc-2", SHA256: "cd", Loaded: next}
	reply := journal.Reply{Key: "k/1", Request: "ef", Status: 201, Header: []byte(`{"A":["b"]}`), Body: []byte("body"), Created: day}
	watch := journal.Watch{ID: "w1", Chain: "bitcoin", Address: "bc1q", Incident: "atlanta", Screen: true, Note: "note", Endpoint: "e1", Created: day, Last: "scr-1", Seen: 7}
	output := journal.Watch{ID: "w2", Chain: "bitcoin", TxID: "aa", Vout: 1<<32 - 1, Created: day}
	endpoint := journal.Endpoint{ID: "e1", URL: "https://a.example/", Secret: []byte{0, 1, 255}, Events: []string{"watch.moved"}, Created: day}
	all := journal.Endpoint{ID: "e2", URL: "https://b.example/", Secret: []byte{1}, Created: day}
	nothing := journal.Endpoint{ID: "e3", URL: "https://c.example/", Secret: []byte{1}, Events: []string{}, Created: day}
	key := journal.Key{ID: "k", Name: "desk", Hash: [32]byte{1, 2}, Scopes: []string{"read", "screen"}, Rate: 50, Burst: 100, Created: day}
	sighting := journal.Sighting{Watch: "w1", TxID: "t", Kind: "moved", Chain: "bitcoin", State: "pending", Event: "evt-1", Body: []byte("{}")}
	do(t, j, func(tx *journal.Tx) error {
		return errors.Join(
			tx.PutIncident(noFile), tx.PutIncident(incident), tx.PutReply(reply), tx.PutWatch(watch), tx.PutWatch(output),
			tx.PutEndpoint(endpoint), tx.PutEndpoint(all), tx.PutEndpoint(nothing), tx.PutKey(key), tx.PutSighting(sighting),
			tx.PutTrail("bitcoin", []byte("[1]")), tx.PutTrail("bitcoin", []byte("[2]")))
	})
	same := func(want any) func(any, error) {
		return func(got any, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	check := func(got any, err error) func(any) {
		return func(want any) { t.Helper(); same(want)(got, err) }
	}
	check(j.Incident(ctx, "atlanta"))(incident)
	check(j.Incidents(ctx))([]journal.Incident{incident, noFile})
	check(j.Reply(ctx, "k/1"))(reply)
	check(j.Watch(ctx, "w1"))(watch)
	check(j.Watch(ctx, "w2"))(output)
	check(j.Endpoints(ctx))([]journal.Endpoint{endpoint, all, nothing})
	check(j.Endpoint(ctx, "e1"))(endpoint)
	check(j.Keys(ctx))([]journal.Key{key})
	check(j.Sightings(ctx, "bitcoin", "pending", -1))([]journal.Sighting{sighting})
	check(j.Trail(ctx, "bitcoin"))([]byte("[2]"))
	check(j.Trail(ctx, "litecoin"))([]byte(nil))

	incident.Stale, reply.Status = "", 409
	do(t, j, func(tx *journal.Tx) error {
		return errors.Join(tx.PutIncident(incident), tx.PutReply(reply), tx.DropIncident("boston"), tx.RemoveEndpoint("e2"), tx.RevokeKey("k"))
	})
	check(j.Incidents(ctx))([]journal.Incident{incident})
	check(j.Reply(ctx, "k/1"))(reply)
	check(j.Endpoints(ctx))([]journal.Endpoint{endpoint, nothing})
	gone, err := j.Endpoint(ctx, "e2")
	require.NoError(t, err, "what was removed is still told")
	require.False(t, gone.Removed.IsZero())
	keys, err := j.Keys(ctx)
	require.NoError(t, err)
	require.False(t, keys[0].Revoked.IsZero())
}

func TestWhatIsNotThere(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	do(t, j, func(tx *journal.Tx) error {
		return errors.Join(tx.PutKey(journal.Key{ID: "k"}), tx.RevokeKey("k"), tx.PutWatch(journal.Watch{ID: "w"}), tx.RemoveWatch("w"),
			tx.AddDelivery(journal.Delivery{ID: "d", Endpoint: "e"}))
	})
	for name, f := range map[string]func(*journal.Tx) error{
		"incident": func(tx *journal.Tx) error { return tx.DropIncident("x") },
		"watch":    func(tx *journal.Tx) error { return tx.RemoveWatch("w") },
		"advance":  func(tx *journal.Tx) error { return tx.AdvanceWatch("x", 1, "") },
		"endpoint": func(tx *journal.Tx) error { return tx.RemoveEndpoint("x") },
		"key":      func(tx *journal.Tx) error { return tx.RevokeKey("k") },
		"finish":   func(tx *journal.Tx) error { return tx.FinishDelivery(journal.Delivery{ID: "d", Endpoint: "x"}) },
		"resend":   func(tx *journal.Tx) error { return tx.Resend("d", "e", day) }, // it is due
	} {
		require.ErrorIs(t, j.Do(ctx, f), journal.ErrNotFound, name)
	}
	for name, f := range map[string]func() error{
		"screening": func() error { _, err := j.Screening(ctx, "x"); return err },
		"blob":      func() error { _, err := j.Blob(ctx, "00"); return err },
		"incident":  func() error { _, err := j.Incident(ctx, "x"); return err },
		"job":       func() error { _, err := j.Job(ctx, "x"); return err },
		"reply":     func() error { _, err := j.Reply(ctx, "x"); return err },
		"watch":     func() error { _, err := j.Watch(ctx, "x"); return err },
		"endpoint":  func() error { _, err := j.Endpoint(ctx, "x"); return err },
		"log":       func() error { _, err := j.LogLines(ctx, 7, 1); return err },
	} {
		require.ErrorIs(t, f(), journal.ErrNotFound, name)
	}
	require.Error(t, j.Do(ctx, func(tx *journal.Tx) error { return tx.PutKey(journal.Key{ID: "k"}) }), "a key is never replaced")
}

func TestWatches(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	do(t, j, func(tx *journal.Tx) error {
		for i := range 5 {
			w := journal.Watch{ID: fmt.Sprint("w", i), Chain: []string{"bitcoin", "ethereum"}[i%2], Address: "a", Seen: int64(i), Last: "scr-0"}
			if i > 2 {
				w.Incident = "atlanta"
			}
			if err := tx.PutWatch(w); err != nil {
				return err
			}
		}
		return errors.Join(tx.RemoveWatch("w2"), tx.AdvanceWatch("w0", 9, ""), tx.AdvanceWatch("w1", 8, "scr-1"))
	})
	ids := func(f journal.WatchFilter, after string, limit int) (ids []string) {
		found, err := j.Watches(ctx, f, after, limit)
		require.NoError(t, err)
		for _, w := range found {
			ids = append(ids, w.ID)
		}
		return ids
	}
	require.Equal(t, []string{"w0", "w1", "w3", "w4"}, ids(journal.WatchFilter{}, "", 0))
	require.Equal(t, []string{"w0", "w1", "w2"}, ids(journal.WatchFilter{Removed: true}, "", 3))
	require.Equal(t, []string{"w3"}, ids(journal.WatchFilter{Removed: true}, "w2", 1))
	require.Equal(t, []string{"w0", "w4"}, ids(journal.WatchFilter{Chain: "bitcoin"}, "", 0))
	require.Equal(t, []string{"w3", "w4"}, ids(journal.WatchFilter{Incident: "atlanta"}, "", 0))

	for id, want := range map[string]journal.Watch{"w0": {Seen: 9, Last: "scr-0"}, "w1": {Seen: 8, Last: "scr-1"}} {
		w, err := j.Watch(ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, journal.Watch{Seen: w.Seen, Last: w.Last}, id)
	}
	do(t, j, func(tx *journal.Tx) error {
		return tx.PutWatch(journal.Watch{ID: "w2", Address: "other", Note: "again"})
	})
	w, err := j.Watch(ctx, "w2")
	require.NoError(t, err)
	require.True(t, w.Removed.IsZero())
	require.Equal(t, journal.Watch{Address: "a", Note: "again", Seen: 2, Last: "scr-0"}, journal.Watch{Address: w.Address, Note: w.Note, Seen: w.Seen, Last: w.Last})
}

func TestSightings(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	do(t, j, func(tx *journal.Tx) error {
		for i, height := range []int64{30, 10, 20} {
			s := journal.Sighting{Watch: "w", TxID: fmt.Sprint("t", i), Kind: "moved", Chain: "bitcoin", State: "confirmed", Height: height, Body: []byte("{}")}
			if err := tx.PutSighting(s); err != nil {
				return err
			}
			s.Chain = "litecoin"
			s.TxID += "l"
			if err := tx.PutSighting(s); err != nil {
				return err
			}
		}
		s, ok, err := tx.Sighting("w", "t0", "moved")
		if err != nil || !ok {
			return errors.Join(errors.New("t0 is not there"), err)
		}
		s.State = "reorged"
		if _, ok, err := tx.Sighting("w", "t0", "received"); ok || err != nil {
			return errors.Join(errors.New("another kind is there"), err)
		}
		return tx.PutSighting(s)
	})
	found, err := j.Sightings(ctx, "bitcoin", "confirmed", 0)
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, []string{"t1", "t2"}, []string{found[0].TxID, found[1].TxID})
	found, err = j.Sightings(ctx, "bitcoin", "confirmed", 10)
	require.NoError(t, err)
	require.Len(t, found, 1)
	found, err = j.Sightings(ctx, "bitcoin", "reorged", 0)
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestRevisionsGrowWithEachChange(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	other := openAt(t, j.Path(), journal.Options{})
	do(t, j, func(tx *journal.Tx) error {
		return errors.Join(tx.PutKey(journal.Key{ID: "k"}), tx.PutWatch(journal.Watch{ID: "w"}), tx.PutEndpoint(journal.Endpoint{ID: "e"}), tx.PutIncident(journal.Incident{ID: "i"}))
	})
	r, err := other.Revisions(ctx)
	require.NoError(t, err)
	require.Equal(t, journal.Revisions{Incidents: 1, Watches: 1, Endpoints: 1, Keys: 1}, r)
	do(t, j, func(tx *journal.Tx) error {
		return errors.Join(tx.RevokeKey("k"), tx.RemoveWatch("w"), tx.RemoveEndpoint("e"), tx.DropIncident("i"))
	})
	do(t, j, func(tx *journal.Tx) error { return tx.AdvanceWatch("w", 5, "") })
	r, err = other.Revisions(ctx)
	require.NoError(t, err)
	require.Equal(t, journal.Revisions{Incidents: 2, Watches: 2, Endpoints: 2, Keys: 2}, r)
}

func TestPrune(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	j := open(t, journal.Options{Now: c.Now})
	fill := func(from, n int) {
		do(t, j, func(tx *journal.Tx) error {
			for i := from; i < from+n; i++ {
				s := verdict(int64(i))
				d := journal.Delivery{ID: fmt.Sprint(i), Endpoint: "e"}
				_, errPut := tx.PutScreening(s)
				_, errLog := tx.AppendLog(called(int64(i), &s))
				err := errors.Join(errPut, errLog, tx.PutReply(journal.Reply{Key: fmt.Sprint(i)}), tx.AddDelivery(d))
				d.Finished = c.Now()
				if d.State = journal.DeliveryDelivered; i%10 == 0 {
					d.State = journal.DeliveryDead
				}
				if err := errors.Join(err, tx.FinishDelivery(d)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	fill(0, 1200)
	c.advance(time.Hour)
	before := c.Now()
	fill(1200, 100)
	p, err := j.Prune(ctx, before)
	require.NoError(t, err)
	require.Equal(t, journal.Pruned{Replies: 1200, Deliveries: 1080}, p)
	for table, want := range map[string]int64{"reply": 100, "delivery": 220, "screening": 1300, "log": 1300} {
		n, err := journal.Number(ctx, j, "SELECT count(*) FROM "+table)
		require.NoError(t, err)
		require.Equal(t, want, n, table)
	}
	counts, err := j.Counts(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 130, counts.Deliveries[journal.DeliveryDead])
}
