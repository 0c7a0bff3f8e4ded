package custody_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/custody"
)

// TestAppendWritesAsEncodingJSONDoes: what was hashed before is hashed alike.
func TestAppendWritesAsEncodingJSONDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.StringMatching(`[ -~]{0,40}`), rapid.SampledFrom([]string{"<a & \"b\">", "é\u2028", "\xff", "\x7f", "\x00"}))
		e := custody.Entry{
			When: time.Unix(rapid.Int64Range(0, 200_000_000_000).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
			What: text.Draw(t, "what"), SHA256: text.Draw(t, "sha256"), Who: text.Draw(t, "who"), Why: text.Draw(t, "why"),
			Incident: text.Draw(t, "incident"), Trace: text.Draw(t, "trace"), Result: text.Draw(t, "result"), Tool: text.Draw(t, "tool"),
			Details:  rapid.MapOfN(text, text, 0, 12).Draw(t, "details"),
			Settings: rapid.SliceOfN(text, 0, 3).Draw(t, "settings"),
			Seq:      7, Hash: "hash",
		}
		want, err := json.Marshal(&e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Fatalf("%s\n%s", got, want)
		}
	})
	for _, when := range []time.Time{time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600))} {
		_, err := (&custody.Entry{What: "call", When: when}).Append(nil)
		require.Error(t, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	e := custody.Entry{When: time.Unix(1, 0).UTC(), What: "call", Who: "0123456789abcdef", Details: map[string]string{
		"request": "req-0000000000000001", "route": "POST /v1/screenings", "subject": `bitcoin:bc1q`, "screening": "scr-0123456789abcdef0123456789abcdef", "status": "200",
	}}
	b.Run("encoding/json", func(b *testing.B) {
		for b.Loop() {
			_, err := json.Marshal(&e)
			require.NoError(b, err)
		}
	})
	b.Run("Append", func(b *testing.B) {
		var buffer []byte
		for b.Loop() {
			var err error
			buffer, err = e.Append(buffer[:0])
			require.NoError(b, err)
		}
	})
}
