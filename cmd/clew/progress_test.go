package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

// Rates, share and time left follow from the clock that was passed in; a line is written at
// most once a second, and one at the end.
func TestProgressLines(t *testing.T) {
	w, _, stderr := testWorld(nil, nil)
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.now = func() time.Time { return clock }
	w.json = true
	m := newMeter(w, "sync bitcoin")
	for done := int64(1); done <= 10; done++ {
		clock = clock.Add(400 * time.Millisecond)
		m.Update(done, 40, done*2000, chains.BlockRef{Height: 99 + done})
	}
	m.Done()
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	require.Len(t, lines, 4, "at 0.4, 1.6, 2.8 and 4.0 s, which is the end")
	var last progressMessage
	require.NoError(t, json.Unmarshal([]byte(lines[3]), &last))
	left := int64(12)
	require.Equal(t, progressMessage{
		MessageType: "progress", Job: "sync bitcoin", Done: 10, Total: 40, Transactions: 20000, Height: 109,
		BlocksPerSec: 2, TxPerSec: 5000, SecondsLeft: &left,
	}, last)
}

// On a narrow terminal the words stand alone and are cut to its width.
func TestProgressNarrow(t *testing.T) {
	for _, width := range []int{20, 50, 64, 119} {
		var out bytes.Buffer
		m := &meter{job: "sync bitcoin-regtest", now: time.Now, barOut: &out, width: func() int { return width }}
		m.Update(10, 40, 2000, chains.BlockRef{Height: 849_000})
		line := strings.TrimPrefix(out.String(), clearLine)
		require.True(t, strings.HasPrefix("sync bitcoin-regtest: block 849000, ", line[:min(len(line), 36)]), line)
		require.Less(t, len(line), width)
		require.NotContains(t, line, "%")
		m.Done()
		require.True(t, strings.HasSuffix(out.String(), clearLine))
	}
}

// What counts files has no rate of blocks, and says its end once.
func TestProgressOfFiles(t *testing.T) {
	w, _, stderr := testWorld(nil, nil)
	w.now, w.json = time.Now, true
	m := newMeter(w, "index of the block files")
	m.files = true
	m.Update(1, 1, 0, chains.BlockRef{})
	m.Done()
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"))
	require.Contains(t, stderr.String(), `"blocks_per_second":0`)
}

func TestProgressIsSilent(t *testing.T) {
	for _, c := range []struct {
		name        string
		json, quiet bool
	}{{"no terminal", false, false}, {"quiet", false, true}, {"quiet, as JSON", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			w, _, stderr := testWorld(nil, nil)
			w.now, w.json, w.quiet = time.Now, c.json, c.quiet
			m := newMeter(w, "sync")
			m.Update(1, 2, 3, chains.BlockRef{Height: 4})
			m.Done()
			require.Empty(t, stderr.String())
		})
	}
}

func TestProgressTimeLeft(t *testing.T) {
	for seconds, want := range map[int64]string{5: ", 5 s left", 65: ", 1 min 5 s left", 7300: ", 2 h 1 min left"} {
		p := progressMessage{SecondsLeft: &seconds}
		require.Equal(t, want, p.left())
	}
	require.Empty(t, (&progressMessage{}).left())
	require.False(t, isTerminal(&bytes.Buffer{}))
}
