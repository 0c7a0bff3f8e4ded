package journal_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/store/journal"
)

// fill puts one of everything into j, so that nothing of it contradicts itself.
func fill(t *testing.T, j *journal.Journal) {
	t.Helper()
	do(t, j, func(tx *journal.Tx) error {
		for i := range 50 {
			s := verdict(int64(i))
			if i%5 == 0 {
				s.Outcome, s.Action = "match", "block"
			}
			_, errPut := tx.PutScreening(s)
			_, errLog := tx.AppendLog(called(int64(i), &s))
			if err := errors.Join(errPut, errLog); err != nil {
				return err
			}
		}
		_, errBlob := tx.PutBlob("rules", []byte("version: 1"))
		return errors.Join(errBlob, addJob("a")(tx),
			tx.PutIncident(journal.Incident{ID: "i"}), tx.PutReply(journal.Reply{Key: "r"}), tx.PutEndpoint(journal.Endpoint{ID: "e", Events: []string{"x"}}),
			tx.PutWatch(journal.Watch{ID: "w", Address: "a", Chain: "bitcoin", Endpoint: "e", Incident: "i"}), tx.PutSighting(journal.Sighting{Watch: "w"}),
			tx.AddDelivery(journal.Delivery{ID: "d", Endpoint: "e", Group: "w"}), tx.PutKey(journal.Key{ID: "k", Scopes: []string{"read"}}))
	})
}

func TestCheckFindsDamage(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct{ name, sql, says string }{
		{"nothing", ``, ""},
		{"verdict", `UPDATE screening SET packed = x'0061' WHERE rowid = (SELECT max(rowid) FROM screening)`, "screening scr-"},
		{"sum", `UPDATE screening SET sum = sum + 1 WHERE rowid = (SELECT max(rowid) FROM screening)`, "not those that were kept"},
		{"pattern", `UPDATE pattern SET content = zeroblob(100)`, "pattern"},
		{"id", `UPDATE screening SET id_no = 7 WHERE rowid = (SELECT max(rowid) FROM screening)`, "not found by its id"},
		{"subject", `UPDATE screening SET subject_no = 7 WHERE rowid = (SELECT max(rowid) FROM screening)`, "by its subject"},
		{"time", `UPDATE screening SET created_us = created_us + 1000000000`, "stand before"},
		{"text", `UPDATE blob SET content = x'00'`, "not those that were kept"},
		{"key", `UPDATE api_key SET hash = x'00'`, "hash of 1 bytes"},
		{"list", `UPDATE endpoint SET events = '['`, "list"},
		{"job", `UPDATE job SET state = 'lost'`, "a state that there is not"},
		{"end", `UPDATE job SET state = 'done'`, "no time of it"},
		{"endpoint of a job", `UPDATE job SET endpoint = 'x'`, "1 tell an endpoint"},
		{"endpoint of a watch", `UPDATE watch SET endpoint = 'x'`, "1 tell an endpoint"},
		{"watch", `UPDATE watch SET txid = 'x'`, "an address and an output"},
		{"sighting", `UPDATE sighting SET watch = 'x'`, "a watch that there is not"},
		{"delivery", `UPDATE delivery SET state = 'x'`, "a state that there is not"},
		{"target", `UPDATE delivery SET endpoint = 'x'`, "go to an endpoint"},
		{"log", `DELETE FROM log WHERE seq = 3`, "log entry 3"},
		{"index", `PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'screening_by_id'; PRAGMA writable_schema = OFF`, "file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := open(t, journal.Options{})
			fill(t, j)
			path := j.Path()
			require.NoError(t, j.Close())
			require.NoError(t, journal.Damage(ctx, path, c.sql))
			j = openAt(t, path, journal.Options{ReadOnly: true})
			problems, err := j.Check(ctx, nil)
			require.NoError(t, err)
			if c.says == "" {
				require.Empty(t, problems)
				return
			}
			require.Contains(t, fmt.Sprint(problems), c.says)
		})
	}
}

func TestCheckAsksWhoKnowsVerdicts(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	fill(t, j)
	seen := map[string]bool{}
	problems, err := j.Check(ctx, func(s *journal.Screening) error {
		seen[s.ID] = true
		return errors.New("its bytes have another hash")
	})
	require.NoError(t, err)
	require.Len(t, seen, 50)
	require.Len(t, problems, 21)
	require.Equal(t, "verdict "+verdict(0).ID+": its bytes have another hash", problems[0].String())
}
