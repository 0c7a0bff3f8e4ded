package heuristics_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/heuristics"
)

// packed returns a file of testdata/bitcoin that is compressed with gzip.
func packed(tb testing.TB, name string) []byte {
	tb.Helper()
	file, err := os.ReadFile(filepath.Join("../testdata/bitcoin", name))
	require.NoError(tb, err)
	unzip, err := gzip.NewReader(bytes.NewReader(file))
	require.NoError(tb, err)
	all, err := io.ReadAll(unzip)
	require.NoError(tb, err)
	return all
}

// classified returns an output of Bitcoin by its script in hex.
func classified(tb testing.TB, value uint64, script string) chains.Output {
	tb.Helper()
	raw, err := hex.DecodeString(script)
	require.NoError(tb, err)
	a, form := bitcoin.Classify("bitcoin", raw)
	return chains.Output{Value: value, Address: a, Type: form}
}

// mainnet returns the transactions of 2024 by the label of the set, and those of each that are mixes by
// themselves, as its README says, under "mixes".
func mainnet(tb testing.TB) map[string][]*chains.Tx {
	tb.Helper()
	type place struct {
		TxID  string
		Vout  uint32
		Value uint64
		Spk   string
	}
	sets := map[string][]*chains.Tx{}
	lines := bufio.NewScanner(bytes.NewReader(packed(tb, "coinjoin/mainnet_2024.jsonl.gz")))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var given struct {
			TxID, Label string
			Vin, Vout   []place
		}
		require.NoError(tb, json.Unmarshal(lines.Bytes(), &given))
		tx := &chains.Tx{}
		for _, i := range given.Vin {
			prev, err := chains.ParseHash(i.TxID)
			require.NoError(tb, err)
			tx.Inputs = append(tx.Inputs, chains.Input{Prev: chains.OutPoint{Tx: prev, Index: i.Vout}, Known: true, Spent: classified(tb, i.Value, i.Spk)})
		}
		values := map[uint64]bool{}
		for _, o := range given.Vout {
			tx.Outputs = append(tx.Outputs, classified(tb, o.Value, o.Spk))
			values[o.Value] = true
		}
		if given.Label != "joinmarket_candidate" && given.Label != "postmix_other" && len(values) == 1 && len(tx.Inputs) == len(tx.Outputs) && len(tx.Inputs) >= 5 {
			given.Label = "mixes"
		}
		sets[given.Label] = append(sets[given.Label], tx)
	}
	require.NoError(tb, lines.Err())
	return sets
}

// tally counts what is found, "" for nothing of interest here.
func tally(txs []*chains.Tx) map[heuristics.Kind]int {
	count := map[heuristics.Kind]int{}
	for _, tx := range txs {
		var kind heuristics.Kind
		for _, f := range heuristics.Identify(tx, heuristics.Facts{}) {
			if f.Kind.Mix() || f.Kind == heuristics.KindWhirlpoolTx0 {
				kind = f.Kind
			}
		}
		count[kind]++
	}
	return count
}

// TestMainnetKinds pins what is found in the transactions of 2024. What the sets are, and which of
// these are right, stands in docs/methods.md.
func TestMainnetKinds(t *testing.T) {
	sets := mainnet(t)
	for name, want := range map[string]map[heuristics.Kind]int{
		"mixes":                {heuristics.KindWhirlpool: 1805},
		"whirlpool_tx0":        {heuristics.KindWhirlpoolTx0: 749},
		"postmix_whirlpool":    {"": 2381, heuristics.KindWhirlpoolTx0: 3, heuristics.KindJoinMarket: 1},
		"joinmarket_candidate": {"": 512, heuristics.KindJoinMarket: 55},
	} {
		require.Equal(t, want, tally(sets[name]), name)
	}
}

// TestWasabi1Kinds: of 720 raw transactions of which nothing is known but they themselves, 7 have one
// output or two.
func TestWasabi1Kinds(t *testing.T) {
	var txs []*chains.Tx
	for line := range strings.Lines(string(packed(t, "coinjoin/wasabi1_raw.hex.gz"))) {
		raw, err := hex.DecodeString(strings.Fields(line)[1])
		require.NoError(t, err)
		tx, err := bitcoin.DecodeTx("bitcoin", raw)
		require.NoError(t, err)
		txs = append(txs, &tx)
	}
	require.Equal(t, map[heuristics.Kind]int{heuristics.KindWasabi1: 713, "": 7}, tally(txs))
}

// emulated is a CoinJoin of the set of Wasabi 2.
type emulated struct {
	TxID            string
	Inputs, Outputs map[string]struct {
		Address, TxID string
		Value         uint64
		Event         string `json:"mix_event_type"`
	}
}

// wasabi2Set returns the emulated CoinJoins by txid.
func wasabi2Set(tb testing.TB) map[string]emulated {
	tb.Helper()
	var set struct{ Coinjoins map[string]emulated }
	require.NoError(tb, json.Unmarshal(packed(tb, "coinjoin/wasabi2_emulated.json.gz"), &set))
	return set.Coinjoins
}

// tx returns it. Of what it spends, the index of the output is not in the set.
func (e emulated) tx(tb testing.TB) *chains.Tx {
	tb.Helper()
	tx := &chains.Tx{}
	place := func(value uint64, address string) chains.Output {
		a, err := bitcoin.ParseAddress("bitcoin-regtest", address)
		require.NoError(tb, err)
		return chains.Output{Value: value, Address: a, Type: chains.ScriptP2WPKH}
	}
	for i := range len(e.Inputs) {
		in := e.Inputs[fmt.Sprint(i)]
		prev, err := chains.ParseHash(in.TxID)
		require.NoError(tb, err)
		tx.Inputs = append(tx.Inputs, chains.Input{Prev: chains.OutPoint{Tx: prev}, Known: true, Spent: place(in.Value, in.Address)})
	}
	for i := range len(e.Outputs) {
		tx.Outputs = append(tx.Outputs, place(e.Outputs[fmt.Sprint(i)].Value, e.Outputs[fmt.Sprint(i)].Address))
	}
	return tx
}

func TestWasabi2Kinds(t *testing.T) {
	var txs []*chains.Tx
	for _, e := range wasabi2Set(t) {
		txs = append(txs, e.tx(t))
	}
	require.Equal(t, map[heuristics.Kind]int{heuristics.KindWasabi2: 220}, tally(txs))
}

// TestWabiSabiSplit: as many mappings as the authors of coinjoin-mappings published for these, who
// enumerated them at a fee of 1 sat/vB, 0.3 % of what entered above 0.01, and what their software
// lost at most; it took them from 2 ms to five days.
func TestWabiSabiSplit(t *testing.T) {
	set := wasabi2Set(t)
	for txid, want := range map[string]string{
		"03fed982768c0ffc3b53ccaba791d865bd2fab18cd45edc2f2bf40112c819a22": "1",
		"16748a8948686a4930e19f6c134e47e1940af72428f01607b8ad3ad25395bcf4": "35",
		"79023dda453339650b63051532ac542f9e24912a946551886b841156eab3ff3a": "172756",
		"33fcdabebfc0f258c77601ef1e05ad639f1b8006afed9b7bb51c95e4640a04b4": "82053",
		"9e2a0cffe6a9cae8e02eec019ab43411fe7419bee83eacf48172c9bee7bed698": "20763",
		"83e60184bc58bf2f45fb040ac8de6f18aa1cf2a8fa57d788491d8ffdaeaaabc6": "545",
		"63cd45d55240d0daabe641c3368ec91cc9669728ebdc7d1b9a11c9dd58feb55b": "3",
		"ff7d0140b0ba8207701b290843999a04ff1248facb3b0accdce741184cdaacf7": "307255",
		"41bee1c40dc72508a0d9946460222d5bb7eef258c14e89160447aa6ed28135fa": "400",
		"099d6c35794d43f77b8835e1ae70dc022c0e6e4c118773aa479c2d3a87436eb4": "24790097",
		"ae1146155b68a1216d1963a59a874f78a5f5906e407cfd72ec7d3a90b92952ee": "48",
		"4e3d962a7778393b0722ef29b4a3d44d865c4f2b1f8498de468f1ed592f05f75": "1974",
		"747ef19ce3e35729e78e28abf3a86809df27b0f2c3c74e086e8fd7519d2b6aaf": "5286526",
	} {
		e := set[txid]
		asks := func(i int) int64 {
			in := e.Inputs[fmt.Sprint(i)]
			if in.Event != "MIX_ENTER" || in.Value <= 1_000_000 {
				return 0
			}
			return int64(in.Value) * 3 / 1000
		}
		rule, ok := heuristics.WabiSabiSplit(e.tx(t), 1, asks)
		require.True(t, ok)
		n, ok := heuristics.CountSplits(rule, heuristics.Steps(10_000))
		require.True(t, ok, txid)
		require.Equal(t, want, n.String(), txid)
	}
	free, ok := heuristics.WabiSabiSplit(mixed(chains.ScriptP2TR, []uint64{1000}, []uint64{800}), 2, nil)
	require.True(t, ok)
	require.Equal(t, []int64{1000 - 2*58}, free.In)
	require.Equal(t, []int64{800 + 2*43}, free.Out)
	none := mixed(chains.ScriptP2TR, []uint64{1000}, []uint64{800})
	unknown(none)
	_, ok = heuristics.WabiSabiSplit(none, 2, nil)
	require.False(t, ok)
}

// TestMappingOfEmulated: those with up to 12 a side are counted, and every output is in one part with
// some input in each mapping.
func TestMappingOfEmulated(t *testing.T) {
	done := 0
	for _, e := range wasabi2Set(t) {
		if len(e.Inputs) > 12 || len(e.Outputs) > 12 {
			continue
		}
		m, ok := heuristics.Mapping(e.tx(t), heuristics.Steps(1000))
		require.True(t, ok, e.TxID)
		for o := range len(e.Outputs) {
			sum := new(big.Int)
			for i := range len(e.Inputs) {
				sum.Add(sum, m.Links[i][o])
			}
			require.GreaterOrEqual(t, sum.Cmp(m.Count), 0, "%s: output %d", e.TxID, o)
		}
		done++
	}
	require.Equal(t, 67, done)
}
