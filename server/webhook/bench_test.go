package webhook_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/server/webhook"
	"clew/store/journal"
)

// BenchmarkSender delivers b.N events to one receiver on loopback: what claiming, signing, sending and
// writing down cost.
func BenchmarkSender(b *testing.B) {
	j, err := journal.Open(b.Context(), filepath.Join(b.TempDir(), "j.db"), journal.Options{Create: true})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, j.Close()) })
	got := make(chan struct{}, 1000)
	server, _ := receiver(b, func(http.ResponseWriter, *http.Request) { got <- struct{}{} })
	secret, err := webhook.NewSecret()
	require.NoError(b, err)
	require.NoError(b, j.Do(b.Context(), func(tx *journal.Tx) error {
		for i := range b.N {
			if err := tx.AddDelivery(event(i, "e", "")); err != nil {
				return err
			}
		}
		return tx.PutEndpoint(journal.Endpoint{ID: "e", URL: server.URL, Secret: secret})
	}))
	b.ResetTimer()
	run(b, j, webhook.Options{})
	for range b.N {
		<-got
	}
}
