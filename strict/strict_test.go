package strict_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/strict"
)

type content struct {
	Txs  []string          `json:"txs"`
	AsOf struct{ N int }   `json:"as_of"`
	More map[string]string `json:"more"`
	List []content         `json:"list"`
}

func TestJSON(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"plain", `{"txs": ["a", "\"{,"], "more": {"x": "1", "y-z": "2"}, "list": [{"txs": []}, {"txs": null}]}`, ""},
		{"a field twice", `{"txs": [], "txs": ["a"]}`, `"txs" stands twice`},
		{"twice in an object below", `{"list": [{"txs": []}, {"txs": [], "list": [], "txs": []}]}`, "stands twice"},
		{"twice in a map", `{"more": {"a": "1", "a": "2"}}`, "stands twice"},
		{"capitals", `{"TXS": ["a"]}`, "small letters"},
		{"capitals beside", `{"txs": [], "Txs": ["a"]}`, "small letters"},
		{"a letter that folds", "{\"tx\u017f\": [\"a\"]}", "small letters"},
		{"an escape", `{"t\u0078s": ["a"]}`, "small letters"},
		{"unknown", `{"other": 1}`, "unknown field"},
		{"no UTF-8", "{\"txs\": [\"\xff\"]}", "UTF-8"},
		{"more behind it", `{"txs": []} {}`, "behind its end"},
		{"no JSON", `{"txs": [}`, "invalid character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := strict.JSON([]byte(c.text), &content{})
			if c.says == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.says)
			}
		})
	}
}

// FuzzJSON: what is taken is JSON that encoding/json takes too, and nothing is ever a panic.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"txs": ["a\\\""], "list": [{"txs": null}], "more": {"a": "1"}}`))
	f.Add([]byte(`{"more": {"a": "1", "a": "2"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if strict.JSON(data, &content{}) == nil {
			require.NoError(t, json.Unmarshal(data, &content{}))
		}
	})
}
