package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/labels"
	"clew/screen"
)

// BenchmarkAttribute asks who is behind an address of the built-in labels, and behind one of which nobody
// says anything.
func BenchmarkAttribute(b *testing.B) {
	packs, err := labels.BuiltIn()
	require.NoError(b, err)
	set, err := labels.NewSet(packs...)
	require.NoError(b, err)
	who := screen.NewAttributor(set, nil, families{}, families{})
	for of, text := range map[string]string{"labelled": "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", "unlabelled": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"} {
		a, err := families{}.ParseAddress("bitcoin", text)
		require.NoError(b, err)
		b.Run(of, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := who.Attribute(b.Context(), "bitcoin", a, y2021); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
