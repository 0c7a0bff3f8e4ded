package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// TestCheckFindsWhatWasChanged: what lists show of a verdict is what its bytes say, and what it pins is there.
func TestCheckFindsWhatWasChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.clew(0, "label", "add", "1JqDybm2nWTENrHvMyafbSXXtTk5Uv5QAn", "--chain", "bitcoin", "--label", "somebody", "--category", "exchange", "--quiet")
	h.clew(4, "screen", "ethereum:0x098B716B8Aaf21512996dC57EB0615e2383E2f96", "--quiet")
	require.Contains(t, h.clew(0, "db", "check"), "clew.screening.db: all of it was read, and agrees")
	for name, c := range map[string]struct{ sql, says string }{
		"an outcome": {`UPDATE screening SET outcome = 'clear within coverage'`, `kept as "clear within coverage", and its bytes say "match"`},
		"an action":  {`UPDATE screening SET action = 'allow'`, `kept as "allow", and its bytes say "block"`},
		"its texts":  {`DELETE FROM blob`, "it cannot be made again"},
		"the log":    {`DELETE FROM log WHERE seq = 1`, "log entry 1 is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			other := filepath.Join(t.TempDir(), "changed.db")
			data, err := os.ReadFile(filepath.Join(h.dir, "clew.screening.db"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(other, data, 0o600))
			conn, err := sqlite.OpenConn(other, sqlite.OpenReadWrite)
			require.NoError(t, err)
			require.NoError(t, sqlitex.ExecuteScript(conn, c.sql, nil))
			require.NoError(t, conn.Close())
			require.Contains(t, h.clew(5, "db", "check", "--journal", other), c.says)
		})
	}
}
