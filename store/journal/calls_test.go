package journal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/custody"
	"clew/store/journal"
)

func TestLogIsAChain(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	j := open(t, journal.Options{Now: c.Now})
	other := openAt(t, j.Path(), journal.Options{Now: c.Now})
	entries, head, err := j.VerifyLog(ctx)
	require.NoError(t, err)
	require.Zero(t, entries)
	require.Empty(t, head)

	var last custody.Entry
	for i := range 12 { // two in a transaction, now by one, now by another
		s := verdict(int64(i))
		do(t, []*journal.Journal{j, other}[i%2], func(tx *journal.Tx) (err error) {
			if _, err := tx.AppendLog(called(int64(i), &s)); err != nil {
				return err
			}
			last, err = tx.AppendLog(custody.Entry{What: "second", When: time.Date(2026, 1, 1, 0, 0, 0, 5, time.FixedZone("", 3600))})
			return err
		})
	}
	require.EqualValues(t, 24, last.Seq)
	entries, head, err = j.VerifyLog(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 24, entries)
	require.Equal(t, last.Hash, head)

	var out bytes.Buffer
	entries, head, err = j.WriteLog(ctx, &out)
	require.NoError(t, err)
	require.EqualValues(t, 24, entries)
	lines, err := custody.Read(&out)
	require.NoError(t, err)
	again, err := custody.Verify(lines)
	require.NoError(t, err)
	require.Equal(t, head, again)
	want := called(0, &[]journal.Screening{verdict(0)}[0])
	want.When = c.Now()
	text, err := json.Marshal(want)
	require.NoError(t, err)
	require.JSONEq(t, string(text), lines[0].Entry)
	require.Contains(t, lines[1].Entry, `"2025-12-31T23:00:00Z"`)

	page, err := j.LogLines(ctx, 20, 3)
	require.NoError(t, err)
	require.Equal(t, lines[20:23], page)
	page, err = j.LogLines(ctx, 24, 3)
	require.NoError(t, err)
	require.Empty(t, page)
}

func TestLongLogIsVerifiedInPieces(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	const n = 10_000
	do(t, j, func(tx *journal.Tx) error {
		for range n {
			if _, err := tx.AppendLog(custody.Entry{What: "call"}); err != nil {
				return err
			}
		}
		return nil
	})
	entries, _, err := j.VerifyLog(ctx)
	require.NoError(t, err)
	require.EqualValues(t, n, entries)
	for name, sql := range map[string]string{
		"changed": `UPDATE log SET entry = '{"when":"2026-01-01T00:00:00Z","what":"xall"}' WHERE seq = 7000`,
		"missing": `DELETE FROM log WHERE seq = 7000`,
		"hash":    `UPDATE log SET hash = x'00' WHERE seq = 7000`,
		"empty":   `UPDATE log SET entry = '' WHERE seq = 7000`,
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, journal.Damage(ctx, j.Path(), `CREATE TABLE kept AS SELECT * FROM log WHERE seq = 7000;`+sql))
			_, _, err := j.VerifyLog(ctx)
			require.ErrorIs(t, err, journal.ErrDamaged)
			require.ErrorContains(t, err, "log entry 7000")
			require.NoError(t, journal.Damage(ctx, j.Path(), `DELETE FROM log WHERE seq = 7000; INSERT INTO log SELECT * FROM kept; DROP TABLE kept`))
			_, _, err = j.VerifyLog(ctx)
			require.NoError(t, err)
		})
	}
	stop := errors.New("the pipe is closed")
	_, _, err = j.WriteLog(ctx, writer(func([]byte) (int, error) { return 0, stop }))
	require.ErrorIs(t, err, stop)
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
