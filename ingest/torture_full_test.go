package ingest_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin/nodetest"
	"clew/store"
)

// A sync that runs out of room says so, where and what helps; what was written before stays,
// and with more room it goes on from there to the same store.
func TestSyncWithoutRoom(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	node.Fill(40, 100, 1)
	r := &rack{game: &game{t: t, node: node}, program: build(t), kept: map[chains.BlockHash]bool{}, counts: map[string]int{}}
	calm := filepath.Join(t.TempDir(), "calm.db")
	r.through(calm)
	for _, c := range []struct {
		on   disk
		full error
	}{{limited, store.ErrDisk}, {mounted, store.ErrFull}} {
		t.Run(string(c.on), func(t *testing.T) {
			if c.on == mounted && !canMount(t) {
				t.Skip("no file system can be mounted here, so that none is full")
			}
			r.t, r.db = t, filepath.Join(t.TempDir(), "full.db")
			failed, last := 0, int64(-1)
			for room := kib(t, calm) / 8; ; room += kib(t, calm) / 8 {
				run := r.sync(r.db, node.URL, c.on, room, 100)
				<-run.ended
				at := r.check()
				require.GreaterOrEqual(t, at, last, "nothing that was written is lost")
				last = at
				if run.code() == 0 {
					break
				}
				failed++
				require.Equal(t, 1, run.code(), run.stderr.String())
				said := run.last(t)
				require.Contains(t, said.Message, c.full.Error())
				require.Contains(t, said.Message, "full.db", "where")
				require.Regexp(t, "free (some )?space", said.Message+said.Hint, "the way out")
			}
			require.Greater(t, failed, 2)
			r.peace()
		})
	}
}
