package screen_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/labels"
	"clew/screen"
)

// TestAgedList: a claim names the date of its list, and an exposure to sanctions says where the newest list
// with it was more than 90 days old when it was taken. No clock decides that.
func TestAgedList(t *testing.T) {
	taken := time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		category string
		lists    []time.Time // dates of the editions
		dated    string
		says     string // "" where nothing is said
	}{
		"of the day":           {"sanctioned", []time.Time{{}}, "2021-01-01T12:00:00Z", ""},
		"90 days old":          {"sanctioned", []time.Time{taken.Add(-91*day + time.Second)}, "2020-10-02T12:00:01Z", ""},
		"91 days old":          {"sanctioned", []time.Time{taken.Add(-91 * day)}, "2020-10-02T12:00:00Z", "a list of 2020-10-02, which was 91 days old when it was taken"},
		"a newer one says so":  {"sanctioned", []time.Time{taken.Add(-400 * day), taken.Add(-day)}, "2020-12-31T12:00:00Z", ""},
		"of another thing":     {"exchange", []time.Time{taken.Add(-400 * day)}, "2019-11-28T12:00:00Z", ""},
		"financing of terror ": {"terrorism", []time.Time{taken.Add(-400 * day)}, "2019-11-28T12:00:00Z", "which was 400 days old"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			cfg := w.config(0)
			var packs []*labels.Pack
			for i, dated := range c.lists {
				pack, _, err := labels.Own([]labels.OwnLabel{{Address: text("listed"), Chain: string(regtest), Text: "Listed", Category: c.category}},
					labels.Options{Codec: bitcoin.Codec{}, Edition: labels.Edition{
						Title: "a list", Source: "a test", Dated: dated, Retrieved: taken, SHA256: []string{"00", "01"}[i],
					}})
				require.NoError(t, err)
				packs = append(packs, pack)
			}
			set, err := labels.NewSet(packs...)
			require.NoError(t, err)
			cfg.Labels, cfg.LabelsSHA256 = set, set.SHA256(time.Time{})
			s, err := screen.New(cfg)
			require.NoError(t, err)
			v := ask(t, s, addressOf("listed"))
			require.Len(t, v.Exposure, 1)
			var dates []string
			for _, claim := range v.Exposure[0].Claims {
				dates = append(dates, claim.ListDated)
			}
			require.Contains(t, dates, c.dated)
			if c.says == "" {
				require.NotContains(t, v.Exposure[0].Note, "list of")
				return
			}
			require.Contains(t, v.Exposure[0].Note, c.says)
		})
	}
}
