package transfers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/transfers"
)

const (
	alice = "0x1111111111111111111111111111111111111111"
	bob   = "0x2222222222222222222222222222222222222222"
	token = "0x3333333333333333333333333333333333333333"
	hash  = "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

func options() transfers.Options {
	return transfers.Options{
		Chain: "ethereum", Decimals: -1,
		ParseAddress: func(text string) (chains.Address, error) {
			if len(text) != 42 || !strings.HasPrefix(text, "0x") {
				return "", fmt.Errorf("%q is no address", text)
			}
			return chains.Address(strings.ToLower(text)), nil
		},
		FormatAsset: func(a chains.Address) chains.Asset { return chains.Asset(a) },
	}
}

func read(t *testing.T, text string) *transfers.File {
	t.Helper()
	f, err := transfers.Read([]byte(text), options())
	require.NoError(t, err)
	return f
}

// moves writes what a file says, one line a movement.
func moves(txs []chains.Tx) []string {
	var out []string
	for i := range txs {
		for _, m := range txs[i].Exec.Moves {
			out = append(out, fmt.Sprintf("%d %s %.4s>%.4s %s %s", txs[i].Block.Time, m.Kind.Position(), m.From, m.To, m.Amount, m.Asset))
		}
	}
	return out
}

func TestOwnColumns(t *testing.T) {
	f := read(t, "txid,height,time,from,to,asset,units\n"+
		hash+",7,2022-03-29T11:19:50Z,"+alice+","+bob+",native,5\n"+
		hash+",7,2022-03-29T11:19:50Z,"+alice+","+bob+","+token+",6\n")
	require.Equal(t, []string{"1648552790 row 0x11>0x22 5 native", "1648552790 row 0x11>0x22 6 " + token}, moves(f.Txs))
	require.Len(t, f.Txs, 1)
	require.Equal(t, int64(7), f.Txs[0].Block.Height)
	require.Equal(t, chains.EvidenceImported, f.Txs[0].Evidence)
	require.Equal(t, chains.EvidenceImported, f.Txs[0].Exec.Moves[0].Evidence)
	require.Zero(t, f.NoHash+f.NoHeight)
}

func TestJSONLines(t *testing.T) {
	f := read(t, `{"txid":"`+hash+`","height":7,"time":1648552790,"from":"`+alice+`","to":"`+bob+`","amount":1.5}`+"\n\n"+
		`{"time":1648552791,"from":"`+bob+`","to":"`+alice+`","amount":"1e-18"}`+"\n")
	require.Equal(t, []string{"1648552790 row 0x11>0x22 1500000000000000000 native", "1648552791 row 0x22>0x11 1 native"}, moves(f.Txs))
	require.Equal(t, 1, f.NoHash)
	require.Equal(t, 1, f.NoHeight)
}

// Explorers list the latest first; one column is what the address received, one what it paid.
func TestExplorerExport(t *testing.T) {
	f := read(t, `"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $2/Eth","TxnFee(ETH)","TxnFee(USD)","Historical $Price/Eth","Status","ErrCode","Method"`+"\n"+
		`"0xbb`+hash[4:]+`","9","1648552800","2022-03-29 11:20:00","`+alice+`","`+bob+`","","0","1,000.5","0","0.002","1","2","","","Transfer"`+"\n"+
		`"0xcc`+hash[4:]+`","8","1648552795","2022-03-29 11:19:55","`+alice+`","`+bob+`","","0","3","0","0.001","1","2","Error(0)","out of gas","Transfer"`+"\n"+
		`"`+hash+`","7","1648552790","2022-03-29 11:19:50","`+bob+`","`+alice+`","","7","0","0","0.001","1","2","","","Transfer"`+"\n")
	require.Equal(t, "an explorer's export of transactions", f.Form)
	require.Equal(t, []string{
		"1648552790 fee 0x22> 1000000000000000 native",
		"1648552790 row 0x22>0x11 7000000000000000000 native",
		"1648552795 fee 0x11> 1000000000000000 native",
		"1648552800 fee 0x11> 2000000000000000 native",
		"1648552800 row 0x11>0x22 1000500000000000000000 native",
	}, moves(f.Txs))
	require.Equal(t, 1, f.Failed)
	require.Equal(t, 2, f.Rows)
}

func TestTokenExportSaysItsScale(t *testing.T) {
	const header = `"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue","USDValueDayOfTx","ContractAddress","TokenName","TokenSymbol"` + "\n"
	f := read(t, header+
		`"`+hash+`","7","1648552790","2022-03-29 11:19:50","`+alice+`","`+bob+`","1,234.25","$1","`+token+`","T","TOK"`+"\n")
	require.Equal(t, []string{"1648552790 row 0x11>0x22 123425 " + token}, moves(f.Txs))
	require.Equal(t, []chains.Token{{Asset: token, Symbol: "TOK", Decimals: 2}}, f.Tokens)
	require.Len(t, f.Remarks, 1)
	require.Contains(t, f.Remarks[0], "--decimals")
	o := options()
	o.Decimals = 6
	g, err := transfers.Read([]byte(header+`"`+hash+`","7","1648552790","","`+alice+`","`+bob+`","1.5","","`+token+`","T","TOK"`+"\n"), o)
	require.NoError(t, err)
	require.Equal(t, []string{"1648552790 row 0x11>0x22 1500000 " + token}, moves(g.Txs))
	require.Empty(t, g.Remarks)
}

func TestErrorsNameLineAndColumn(t *testing.T) {
	const header = "txid,height,time,from,to,amount\n"
	good := hash + ",7,1648552790," + alice + "," + bob + ",1\n"
	for _, c := range []struct {
		name, text, says string
		line             int
	}{
		{"amount", header + good + strings.Replace(good, ",1\n", ",-1\n", 1), "no amount", 3},
		{"too fine", header + strings.Replace(good, ",1\n", ",0.0000000000000000001\n", 1), "more than 18 decimals", 2},
		{"address", header + strings.Replace(good, alice, "0x12", 1), "no address", 2},
		{"time", header + strings.Replace(good, "1648552790", "yesterday", 1), "no time", 2},
		{"hash", header + strings.Replace(good, hash, "0xab", 1), "64 hex digits", 2},
		{"cells", header + "a,b\n", "wrong number of fields", 2},
		{"json", `{"time":1,"from":"` + alice + `","to":"` + bob + `","units":"1"}` + "\n{x\n", "not JSON", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := transfers.Read([]byte(c.text), options())
			var at *transfers.LineError
			require.ErrorAs(t, err, &at)
			require.Equal(t, c.line, at.Line)
			require.Contains(t, err.Error(), c.says)
		})
	}
	_, err := transfers.Read([]byte("time,from,amount\n1,2,3\n"), options())
	require.ErrorContains(t, err, "no column for: receiver")
	_, err = transfers.Read([]byte("time,from,to,value_in_usd\n1,2,3,4\n"), options())
	require.ErrorContains(t, err, "--unit usd --decimals 2")
	_, err = transfers.Read(nil, options())
	require.ErrorContains(t, err, "empty")
	o := options()
	o.Chain = "bitcoin"
	_, err = transfers.Read([]byte(header+good), o)
	require.ErrorIs(t, err, chains.ErrUnsupported)
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		text     string
		decimals int
		want     string
	}{
		{"0", 18, "0"}, {"1", 0, "1"}, {"1.", 2, "100"}, {".5", 1, "5"}, {"1,234.50", 2, "123450"}, {"1e3", 0, "1000"},
		{"1.5E-2", 3, "15"}, {"0.0", 0, "0"}, {"100e-2", 0, "1"}, {"3.1000", 1, "31"},
	} {
		got, err := transfers.Units(c.text, c.decimals)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got.String(), c.text)
	}
	for _, bad := range []string{"", "x", "1.2.3", "-1", "1e", "e5", "0x10", "1.23", "NaN", "1e999", "1e-3", "１"} {
		_, err := transfers.Units(bad, 1)
		require.Error(t, err, "%q", bad)
	}
}

// The same transfer in two exports counts once; two equal ones in one export count twice.
func TestMerge(t *testing.T) {
	const header = "txid,time,from,to,units\n"
	line := hash + ",5," + alice + "," + bob + ",1\n"
	one, two := read(t, header+line), read(t, header+line+line)
	other := read(t, header+"0xdd"+hash[4:]+",4,"+bob+","+alice+",9\n")
	require.Equal(t, []string{"4 row 0x22>0x11 9 native", "5 row 0x11>0x22 1 native", "5 row 0x11>0x22 1 native"},
		moves(merge(t, one, two, one, other)))
	require.Len(t, one.Txs[0].Exec.Moves, 1)
}

// A list without hashes names its transfers by what they are, wherever they stand in a file.
func TestMergeWithoutHashes(t *testing.T) {
	const header = "time,from,to,units\n"
	line, other := "5,"+alice+","+bob+",1\n", "4,"+bob+","+alice+",9\n"
	require.Equal(t, []string{"4 row 0x22>0x11 9 native", "5 row 0x11>0x22 1 native", "5 row 0x11>0x22 1 native"},
		moves(merge(t, read(t, header+line+line), read(t, header+other+line))))
}

func TestMergeRefusesTwoScales(t *testing.T) {
	const header = "txid,time,from,to,asset,amount\n"
	list := func(amount string) *transfers.File {
		return read(t, header+hash+",5,"+alice+","+bob+","+token+","+amount+"\n")
	}
	_, tokens, err := transfers.Merge(list("1.25"), list("2.50"))
	require.NoError(t, err)
	require.Equal(t, []chains.Token{{Asset: token, Decimals: 2}}, tokens)
	_, _, err = transfers.Merge(list("1.25"), list("1.5"))
	require.ErrorContains(t, err, "in 2 decimals in one file and in 1 in another")
}

func merge(t *testing.T, files ...*transfers.File) []chains.Tx {
	t.Helper()
	txs, _, err := transfers.Merge(files...)
	require.NoError(t, err)
	return txs
}

// What no file orders stands with each receipt before the payments that could be made of it.
func TestOrderWithinABlock(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%064x", n) }
	const carol, header = "0x4444444444444444444444444444444444444444", "txid,height,index,time,from,to,units\n"
	pay := func(tx int, index, from, to string, units int) string {
		return fmt.Sprintf("%s,7,%s,5,%s,%s,%d\n", id(tx), index, from, to, units)
	}
	for _, c := range []struct {
		name, rows string
		want       []int
	}{
		{"a circle from the first in the file on", pay(3, "", carol, alice, 3) + pay(2, "", bob, carol, 2) + pay(1, "", alice, bob, 1), []int{3, 1, 2}},
		{"a chain against the file", pay(3, "", carol, token, 3) + pay(2, "", bob, carol, 2) + pay(1, "", alice, bob, 1), []int{1, 2, 3}},
		{"what does not depend stays", pay(2, "", bob, carol, 2) + pay(1, "", alice, token, 1), []int{2, 1}},
		{"a circle behind what leads into it", pay(3, "", carol, bob, 3) + pay(2, "", bob, carol, 2) + pay(1, "", alice, bob, 1), []int{1, 3, 2}},
		{"stated places", pay(3, "2", carol, token, 3) + pay(2, "3", bob, carol, 2) + pay(1, "11", alice, bob, 1), []int{3, 2, 1}},
		{"places of some", pay(3, "2", carol, token, 3) + pay(2, "", bob, carol, 2) + pay(1, "11", alice, bob, 1), []int{1, 2, 3}},
		{"in one transaction", pay(9, "", carol, token, 3) + pay(9, "", bob, carol, 2) + pay(9, "", alice, bob, 1), []int{1, 2, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := merge(t, read(t, header+c.rows))
			var got []int
			for i := range txs {
				require.Equal(t, i, txs[i].Index)
				for _, m := range txs[i].Exec.Moves {
					units, ok := m.Amount.Uint64()
					require.True(t, ok)
					got = append(got, int(units))
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestRealLists(t *testing.T) {
	for _, c := range []struct {
		file, unit   string
		rows, noHash int
	}{
		{"launder41/54m_edges.csv", "usd", 292, 0},
		{"launder41/LIFI_edges.csv", "usd", 135, 0},
		{"ronin/lazarus_tabular_txs.csv", "", 436, 436},
	} {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "cases", c.file))
			require.NoError(t, err)
			o := options()
			o.Unit = c.unit
			if c.unit != "" {
				o.Decimals = 2
			}
			f, err := transfers.Read(data, o)
			require.NoError(t, err)
			require.Equal(t, c.rows, f.Rows+f.Empty)
			require.Equal(t, c.noHash, f.NoHash)
			for i := 1; i < len(f.Txs); i++ {
				require.LessOrEqual(t, f.Txs[i-1].Block.Time, f.Txs[i].Block.Time)
			}
		})
	}
}
