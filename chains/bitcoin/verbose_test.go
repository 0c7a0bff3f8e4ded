package bitcoin_test

import (
	"encoding/json"
	"reflect"
	"testing"

	gojson "github.com/goccy/go-json"
	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin/nodetest"
)

// structBlock has the kinds of field that are read of getblock 3.
type structBlock struct {
	Version int32  `json:"version"`
	Root    string `json:"merkleroot"`
	Tx      []struct {
		Hex string `json:"hex"`
		Vin []struct {
			Coinbase string `json:"coinbase"`
			Prevout  *struct {
				Value  json.Number `json:"value"`
				Script struct {
					Hex string `json:"hex"`
				} `json:"scriptPubKey"`
			} `json:"prevout"`
		} `json:"vin"`
	} `json:"tx"`
}

// The library that reads what nodes say takes what encoding/json takes, and refuses what that
// refuses.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"version":1,"tx":[{"hex":"0a","vin":[{"coinbase":"00"},{"prevout":{"scriptPubKey":{"hex":"51"},"value":0.00000001}}]}]}`))
	f.Add([]byte(`{"merkleroot":"\u00e9\n","tx":[{"vin":[{"prevout":null}]}],"size":5,"x":[{"a":-1.5E-3},null,true,"\"\\"]}`))
	for _, bad := range []string{`{"a":01}`, `{"a":1.}`, `{"a":1e}`, `{"a":-}`, `{"a":nul}`, `{"a":1,}`, `{"a":1} x`, `{"a":[1}`, `{"a":"`} {
		f.Add([]byte(bad))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want, got structBlock
		wantErr, err := json.Unmarshal(text, &want), gojson.Unmarshal(text, &got)
		require.Equal(t, wantErr == nil, err == nil, "%v; %v", wantErr, err)
		if err == nil && !reflect.DeepEqual(want, got) {
			t.Fatalf("want %+v, got %+v", want, got)
		}
	})
}

// The JSON of one block of a real node, on one core.
func BenchmarkVerbose(b *testing.B) {
	node := nodetest.Start(b, nodetest.Options{})
	hashes, _ := node.Fill(1, 2000, 1)
	var text json.RawMessage
	node.RPC(&text, "getblock", hashes[0].String(), 3)
	ways := []struct {
		name   string
		decode func([]byte, any) error
	}{
		{"encoding/json", json.Unmarshal},
		{"goccy", func(text []byte, into any) error { return gojson.Unmarshal(text, into) }},
	}
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := way.decode(text, new(structBlock)); err != nil {
					b.Fatal(err)
				}
			}
			reportRate(b, 2001*b.N)
		})
	}
}
