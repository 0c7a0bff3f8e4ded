package evm_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

const mainnetDir = "../../testdata/evm/blocks_15000000"

func unpack(tb testing.TB, name string) *gzip.Reader {
	tb.Helper()
	file, err := os.Open(filepath.Join(mainnetDir, name))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, file.Close()) })
	z, err := gzip.NewReader(file)
	require.NoError(tb, err)
	return z
}

// exported is a transaction as the exporter's tables have it: rows by column.
type exported struct {
	traces []map[string]string
	logs   []evm.Log
}

func readExport(tb testing.TB) map[string]*exported {
	tb.Helper()
	txs := map[string]*exported{}
	rows, err := csv.NewReader(unpack(tb, "traces.csv.gz")).ReadAll()
	require.NoError(tb, err)
	for _, cells := range rows[1:] {
		row := map[string]string{}
		for i, name := range rows[0] {
			row[name] = cells[i]
		}
		if hash := row["txHash"]; hash != "" {
			if txs[hash] == nil {
				txs[hash] = &exported{}
			}
			txs[hash].traces = append(txs[hash].traces, row)
		}
	}
	lines := bufio.NewScanner(unpack(tb, "logs.json.gz"))
	for lines.Scan() {
		var l struct {
			Address  common.Address
			Topics   []common.Hash
			Data     string
			LogIndex uint32
			TxHash   string
		}
		require.NoError(tb, json.Unmarshal(lines.Bytes(), &l))
		log := evm.Log{Address: l.Address, Data: common.FromHex(l.Data), Index: l.LogIndex}
		for _, topic := range l.Topics {
			log.Topics = append(log.Topics, topic)
		}
		if txs[l.TxHash] != nil {
			txs[l.TxHash].logs = append(txs[l.TxHash].logs, log)
		}
	}
	require.NoError(tb, lines.Err())
	return txs
}

// weiOf is the value of a row, which the exporter writes as 199e17 where it ends in zeros.
func weiOf(tb testing.TB, row map[string]string) *big.Int {
	tb.Helper()
	value, ok := new(big.Rat).SetString(row["value"])
	require.True(tb, ok && value.IsInt(), row)
	return value.Num()
}

// parity writes the rows as trace_transaction would.
func (x *exported) parity(tb testing.TB) []byte {
	tb.Helper()
	list := []any{}
	for _, row := range x.traces {
		kind, rest, _ := strings.Cut(row["traceId"], "_")
		_, path, _ := strings.Cut(rest, "_")
		address := []int{}
		for _, step := range strings.Split(path, "_") {
			if n := 0; step != "" && (kind != "create" || path != "0") {
				_, err := fmt.Sscan(step, &n)
				require.NoError(tb, err)
				address = append(address, n)
			}
		}
		value := weiOf(tb, row)
		frame := map[string]any{
			"type": kind, "traceAddress": address, "transactionHash": row["txHash"],
			"action": map[string]any{"callType": row["callType"], "from": row["fromAddress"], "to": row["toAddress"], "value": fmt.Sprintf("0x%x", value)},
			"result": map[string]any{"gasUsed": "0x1", "address": row["toAddress"]},
		}
		if row["status"] == "0" {
			frame["error"] = "Reverted"
		}
		list = append(list, frame)
	}
	data, err := json.Marshal(list)
	require.NoError(tb, err)
	return data
}

// counted is what moves by another way of counting: over the flat rows, not the tree.
type counted struct {
	native, tokens int
	wei            *big.Int
	units          map[common.Address]*big.Int
}

func (x *exported) count(tb testing.TB, c *counted) {
	tb.Helper()
	var failed []string
	for _, row := range x.traces {
		if row["status"] == "0" {
			failed = append(failed, row["traceId"])
		}
	}
	for _, row := range x.traces {
		value := weiOf(tb, row)
		reverted := row["callType"] != "call" && row["callType"] != "" || value.Sign() == 0
		for _, id := range failed {
			reverted = reverted || row["traceId"] == id || strings.HasPrefix(row["traceId"], strings.TrimSuffix(id, "_")+"_")
		}
		if !reverted {
			c.native++
			c.wei.Add(c.wei, value)
		}
	}
	for _, l := range x.logs {
		if len(l.Topics) == 3 && common.Hash(l.Topics[0]) == topicOf(sigTransfer) && len(l.Data) == 32 && new(big.Int).SetBytes(l.Data).Sign() > 0 {
			c.tokens++
			if c.units[l.Address] == nil {
				c.units[l.Address] = new(big.Int)
			}
			c.units[l.Address].Add(c.units[l.Address], new(big.Int).SetBytes(l.Data))
		}
	}
}

// The moves of five real blocks come to the same sums as counting rows and logs does.
func TestMovesOfMainnet(t *testing.T) {
	want := counted{wei: new(big.Int), units: map[common.Address]*big.Int{}}
	got := counted{wei: new(big.Int), units: map[common.Address]*big.Int{}}
	d := evm.NewDecoder("ethereum")
	for hash, x := range readExport(t) {
		x.count(t, &want)
		traced, err := evm.ParseParity(x.parity(t))
		require.NoError(t, err, hash)
		require.Len(t, traced, 1)
		p := evm.Parts{Calls: traced[0].Calls, Sender: traced[0].Calls.From, Receipt: evm.Receipt{Failed: traced[0].Calls.Failed, Logs: x.logs}}
		p.Tx.Value = p.Calls.Value
		if p.Calls.Kind == evm.CallCreate {
			p.Receipt.Contract = &p.Calls.To
		} else {
			p.Tx.To = &p.Calls.To
		}
		tx, err := d.Tx(&p, &evm.Header{}, chains.EvidenceAttested)
		require.NoError(t, err, hash)
		for _, m := range tx.Exec.Moves {
			amount, ok := new(big.Int).SetString(m.Amount.String(), 10)
			require.True(t, ok)
			switch m.Kind {
			case chains.MoveCall, chains.MoveCreate:
				got.native++
				got.wei.Add(got.wei, amount)
			case chains.MoveToken:
				got.tokens++
				contract, _, _ := evm.AssetAddress(m.Asset)
				if got.units[contract] == nil {
					got.units[contract] = new(big.Int)
				}
				got.units[contract].Add(got.units[contract], amount)
			}
		}
	}
	require.Equal(t, want, got)
	require.Greater(t, got.native, 300)
	require.Greater(t, got.tokens, 500)
}
