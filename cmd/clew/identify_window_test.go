package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

// coinLine is a transaction in clew's own form; of an input without a value nothing is told but what it
// spends.
func coinLine(id, spends string, value int) string {
	told := ""
	if value > 0 {
		told = fmt.Sprintf(`,"value":%d,"spk":"0014%040d"`, value, value)
	}
	return fmt.Sprintf(`{"txid":"%064s","version":2,"vin":[{"txid":"%064s","vout":0%s}],"vout":[{"value":70000,"spk":"76a914%040d88ac"},{"value":12345,"spk":"0014%040d"}]}`+"\n",
		id, spends, told, 1, 2)
}

// Within a window the amounts of a coin that another line made count, whichever line comes first; beyond
// it they are unknown, and nothing is said.
func TestIdentifyWindow(t *testing.T) {
	lone := func(n int) (text string) {
		for i := range n {
			text += coinLine(fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i), 0)
		}
		return text
	}
	const maker, spender = "c0ffee", "d00d"
	made := strings.Replace(coinLine(maker, "b", 0), `"spk":"76a914`+strings.Repeat("0", 39)+`188ac"`, `"spk":"0014`+strings.Repeat("0", 39)+`3"`, 1)
	spent := coinLine(spender, maker, 0)
	for _, c := range []struct {
		name, text, window string
		linked             bool
	}{
		{"next to each other", made + spent, "1", true},
		{"the spender first", spent + made, "1", true},
		{"as far apart as the window", made + lone(3) + spent, "4", true},
		{"the spender first, as far apart", spent + lone(3) + made, "4", true},
		{"farther apart", made + lone(3) + spent, "3", false},
		{"the spender first, farther apart", spent + lone(3) + made, "3", false},
		{"each by itself", made + spent, "0", false},
		{"without a flag", made + lone(200) + spent, "", true},
		{"over several lines", strings.Replace(made, `,"version"`, ",\n\"version\"", 1) + spent, "1", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"identify", "-"}
			if c.window != "" {
				args = append(args, "--window", c.window)
			}
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), args, strings.NewReader(c.text), &stdout, &stderr, func(string) string { return "" })
			require.Zero(t, code, stderr.String())
			_, answer, ok := strings.Cut(stdout.String(), fmt.Sprintf("%064s\n", spender))
			require.True(t, ok, stdout.String())
			require.Equal(t, c.linked, strings.HasPrefix(answer, "  change: output 1 looks like the payer's change, because its script is of the inputs' type, "), answer)
		})
	}
}

// Each is answered before the next is given, where none is waited for.
func TestIdentifyAsItReads(t *testing.T) {
	in, give := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan int)
	go func() {
		code := run(context.Background(), []string{"identify", "-", "--window", "0"}, in, out, io.Discard, func(string) string { return "" })
		_ = out.Close()
		done <- code
	}()
	for _, id := range []string{"1", "2", "3"} {
		_, err := io.WriteString(give, coinLine(id, "b"+id, 90_000))
		require.NoError(t, err)
		want := fmt.Sprintf("%064s\n", id)
		got := make([]byte, len(want))
		_, err = io.ReadFull(answers, got)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		rest := make([]byte, 4096)
		_, err = answers.Read(rest)
		require.NoError(t, err)
	}
	require.NoError(t, give.Close())
	require.Zero(t, <-done)
}

// What bytes say of a coin counts more than what the entry of who spends it says; what another entry says
// does not.
func TestBytesCountMore(t *testing.T) {
	for raw, want := range map[bool]uint64{true: 5, false: 7} {
		maker := &givenTx{tx: chains.Tx{ID: chains.TxID{1}, Outputs: []chains.Output{{Value: 5}}}, raw: raw}
		spender := &givenTx{tx: chains.Tx{ID: chains.TxID{2}, Inputs: []chains.Input{{Prev: chains.OutPoint{Tx: chains.TxID{1}}, Spent: chains.Output{Value: 7}, Known: true}}}}
		w := linkWindow{most: 2}
		require.NoError(t, w.add(maker))
		require.NoError(t, w.add(spender))
		require.Equal(t, want, spender.tx.Inputs[0].Spent.Value)
		require.Equal(t, raw, spender.tx.Inputs[0].Proven)
	}
}
