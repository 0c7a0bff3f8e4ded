package exhibit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/tracer"
)

// What was declared before under the same id stands in the summary, the report and schedule G.
func TestEarlierDeclarationsAreSaid(t *testing.T) {
	first := "2026-01-02T00:00:00Z"
	for _, c := range []struct {
		name    string
		earlier tracer.Declaration
		says    string
	}{
		{"another rule", tracer.Declaration{SHA256: "0a<b", When: "2026-01-01T00:00:00Z", Rule: "lifo", Accounts: "output"},
			"The declaration was changed: on 2026-01-01T00:00:00Z, rule lifo with pots output was declared under the same id (SHA-256 of that file 0a<b); this trace rests on rule fifo with pots output."},
		{"the same rule", tracer.Declaration{SHA256: "0b", When: "2026-01-01T00:00:00Z", Rule: "fifo", Accounts: "output"},
			"on 2026-01-01T00:00:00Z, the same rule and pots, and something else in the file was declared"},
		{"afterwards", tracer.Declaration{SHA256: "0c", When: "2026-01-03T00:00:00Z", Rule: "pifo", Accounts: "address"},
			"changed and changed back: on 2026-01-03T00:00:00Z, after the one of this trace, rule pifo with pots address was declared"},
	} {
		t.Run(c.name, func(t *testing.T) {
			trace, _ := ten().finish(t)
			require.NotContains(t, strings.Join(exhibit.Summarize(trace).Sentences(), " "), "was changed")
			trace.Incident.FirstLogged, trace.Incident.Earlier = &first, []tracer.Declaration{c.earlier}
			all := exhibit.Summarize(trace).Sentences()
			require.Contains(t, all[len(all)-1], c.says)

			x, err := exhibit.New(t.Context(), trace, nil, exhibit.Options{})
			require.NoError(t, err)
			var html, csv bytes.Buffer
			require.NoError(t, x.HTML(&html))
			require.Contains(t, html.String(), "Declared otherwise")
			require.Contains(t, html.String(), "was declared under the same id")
			require.NotContains(t, html.String(), "0a<b")
			require.NoError(t, x.CSV(&csv, "schedule_g_method.csv"))
			require.Contains(t, csv.String(), "Declared otherwise")
		})
	}
}
