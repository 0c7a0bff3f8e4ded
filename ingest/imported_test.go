package ingest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/ingest"
)

func TestImportedNeedsTransfers(t *testing.T) {
	_, err := ingest.NewImported(nil, nil)
	require.ErrorIs(t, err, chains.ErrNotFound)
}

func TestImportedTellsWhatFilesSay(t *testing.T) {
	tx := chains.Tx{ID: chains.TxID{1}, Exec: &chains.Execution{Moves: []chains.Move{{From: "A", To: "B"}}}}
	usd := chains.Token{Asset: "claimed:usd", Symbol: "USD", Decimals: 2}
	src, err := ingest.NewImported([]chains.Tx{tx}, []chains.Token{usd})
	require.NoError(t, err)
	got, err := src.Token(t.Context(), "claimed:usd")
	require.NoError(t, err)
	require.Equal(t, usd, got)
	_, err = src.Token(t.Context(), "claimed:eur")
	require.ErrorIs(t, err, chains.ErrNotFound)
	require.ErrorIs(t, src.WatchTx(t.Context(), chains.TxID{2}), chains.ErrNotFound)
	require.ErrorIs(t, src.WatchOut(t.Context(), chains.OutPoint{}), chains.ErrUnsupported)
}
