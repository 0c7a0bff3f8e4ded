package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/screen"
)

// BenchmarkLookup measures verdicts that an incident, or a label, answers: with their bytes and id, and
// without the store.
func BenchmarkLookup(b *testing.B) {
	w, paid := theft(b)
	w.label("bad", "sanctioned", "Bad")
	w.label("bank", "exchange", "Bank")
	w.policy = screen.DefaultPolicy()
	s := w.screener()
	for name, subject := range map[string]string{
		"incident": depositOf(paid, "deposit"), "incident-address": addressOf("deposit"), "sanctioned": addressOf("bad"), "service": addressOf("bank"),
	} {
		sub, err := screen.ParseSubject(subject, bitcoin.Codec{})
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, err := s.Screen(b.Context(), screen.Request{Subject: sub})
				if err != nil || v.Coverage.Ended != screen.EndedAnswered {
					b.Fatal(err, v.Coverage)
				}
			}
		})
	}
}
