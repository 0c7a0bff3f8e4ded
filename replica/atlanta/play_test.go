package atlanta_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/stretchr/testify/require"

	"clew/replica/atlanta"
	"clew/replica/stage"
)

// errMissing says what the play needs and where it is looked for.
var errMissing = errors.New("is missing: `make test` fetches or compiles it; CLEW_ANVIL and CLEW_REPLICA_CONTRACTS name others")

// start plays the case.
func start() (*atlanta.Play, error) {
	anvil := cmp.Or(os.Getenv("CLEW_ANVIL"), "../../build/tools/anvil")
	compiled := cmp.Or(os.Getenv("CLEW_REPLICA_CONTRACTS"), "../../build/replica/contracts.json")
	for _, file := range []string{anvil, compiled} {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("%s %w", file, errMissing)
		}
	}
	contracts, err := stage.ReadContracts(compiled)
	if err != nil {
		return nil, err
	}
	return atlanta.Run(context.Background(), atlanta.Options{Anvil: anvil, Contracts: contracts})
}

// shared is one play for all tests that only look at it; TestMain ends it.
var shared = sync.OnceValues(start)

func TestMain(m *testing.M) {
	code := m.Run()
	if p, err := shared(); err == nil {
		if err := p.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// play returns the shared play, which the test must not change; it is skipped where anvil or the
// compiled contracts are missing.
func play(t *testing.T) *atlanta.Play {
	t.Helper()
	p, err := shared()
	return playable(t, p, err)
}

// own returns a play of the test's own.
func own(t *testing.T) *atlanta.Play {
	t.Helper()
	p, err := start()
	p = playable(t, p, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func playable(t *testing.T, p *atlanta.Play, err error) *atlanta.Play {
	t.Helper()
	if errors.Is(err, errMissing) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return p
}

// The same play gives the same bytes: truth, incident, and the hashes of the last blocks, which
// hold everything that happened. They are those that the project carries.
func TestPlayIsTheSameEachTime(t *testing.T) {
	first, second := play(t), own(t)
	for _, name := range []string{"polygon", "bsc"} {
		require.Equal(t, first.Chains[name].Hash, second.Chains[name].Hash, name)
	}
	truth, err := first.Truth.JSON()
	require.NoError(t, err)
	again, err := second.Truth.JSON()
	require.NoError(t, err)
	require.Equal(t, string(truth), string(again))
	incident, err := first.Incident()
	require.NoError(t, err)
	sameIncident, err := second.Incident()
	require.NoError(t, err)
	require.Equal(t, string(incident), string(sameIncident))

	for name, made := range map[string][]byte{"truth.json": truth, "incident.yaml": incident} {
		carried, err := os.ReadFile("../../testdata/demo/atlanta-replica/" + name)
		require.NoError(t, err)
		require.Equal(t, string(carried), string(made), "%s is of another play: make replica writes it again", name)
	}
}

// coins are whole coins of 18 decimals.
func coins(t *testing.T, amount string) *big.Int {
	t.Helper()
	n, err := stage.Units(amount, 18)
	require.NoError(t, err)
	return n
}

func number(t *testing.T, digits string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 10)
	require.True(t, ok, digits)
	return n
}

// The amounts, the time and the order that are public.
func TestPlayTellsTheReportedCase(t *testing.T) {
	p := play(t)
	truth := p.Truth
	require.True(t, truth.Synthetic)

	var start atlanta.Acted
	sold, mixed, bridged := new(big.Int), new(big.Int), new(big.Int)
	for _, act := range truth.Acts {
		if start.TxID == "" && act.Step == 2 {
			start = act
		}
		words := strings.Fields(act.Says)
		switch {
		case act.Owner != "thief" || act.Failed:
		case words[0] == "swap" && words[2] == "MATIC":
			sold.Add(sold, coins(t, words[1]))
		case words[0] == "mix":
			mixed.Add(mixed, coins(t, words[1]))
		case words[0] == "bridge":
			bridged.Add(bridged, coins(t, words[1]))
		}
	}
	require.Equal(t, int64(26498039), start.Height)
	require.Equal(t, "2022-03-29T11:19:50Z", start.Time)
	require.Equal(t, coins(t, "200781"), new(big.Int).Add(sold, mixed))
	require.Equal(t, coins(t, "50846"), bridged)

	got := map[string]string{}
	for _, s := range truth.Stolen {
		got[s.ID] = s.Units
	}
	require.Equal(t, map[string]string{
		"V1": coins(t, "43089").String(), "V2": coins(t, "4074960.77").String(),
		"V3": coins(t, "185962").String(), "V4": coins(t, "110846").String(),
	}, got)
}

// What the thief has in the end is what it had before, what it took and what came out of the
// mixer, less what it paid away: so the three amounts that nobody accounts for lie in its wallets.
func TestPlayKeepsWhatNobodyAccountsFor(t *testing.T) {
	p := play(t)
	polygon := p.Chains["polygon"]
	held := map[string]*big.Int{}
	for _, h := range p.Truth.Holdings {
		if h.Owner == "thief" && h.Chain == "polygon" {
			if held[h.Asset] == nil {
				held[h.Asset] = new(big.Int)
			}
			held[h.Asset].Add(held[h.Asset], number(t, h.Units))
		}
	}
	asset := map[string]string{}
	for _, c := range p.Truth.Contracts {
		if c.Chain == "polygon" {
			asset[c.Name] = c.Address
		}
	}
	// 60,000 and 4,000 clean; 0.77, 20,000 clean and 3,900,000 held.
	require.Equal(t, coins(t, "64000"), held[asset["START"]])
	require.Equal(t, coins(t, "3920000.77"), held[asset["ELIXIR"]])

	// 28,270 and 32,500 clean of the native coin, 2 millionths from a spammer and one more, what
	// was withdrawn, less what went to the exchange and the fees.
	want := new(big.Int).Add(coins(t, "60770"), coins(t, "0.000003"))
	thief := map[string]bool{}
	for _, a := range p.Truth.Accounts {
		thief[a.Address] = a.Owner == "thief"
	}
	for _, m := range p.Truth.Mixers {
		if m.Withdrawal != nil && thief[m.Withdrawal.Recipient] {
			require.Equal(t, "thief", m.Owner)
			want.Add(want, number(t, m.Denomination)).Sub(want, number(t, m.Withdrawal.Fee))
		}
	}
	for _, act := range p.Truth.Acts {
		words := strings.Fields(act.Says)
		if act.Owner == "thief" && act.Chain == "polygon" && words[0] == "send" && words[2] == "MATIC" && !strings.HasPrefix(words[3], "thief.") {
			want.Sub(want, coins(t, words[1]))
		}
	}
	for _, tx := range polygon.Txs {
		if strings.HasPrefix(tx.From.Name, "thief.") {
			want.Sub(want, tx.Fee)
		}
	}
	require.Equal(t, want, held[atlanta.Native])
}

// A play that does not add up is refused: a transaction is missing, so that logs and balances,
// or fees and coins, disagree.
func TestAuditRefusesWhatDoesNotAddUp(t *testing.T) {
	p := own(t)
	side := p.Chains["polygon"]
	require.NoError(t, p.Audit(t.Context()))
	all := side.Txs
	var token string
	for _, c := range p.Truth.Contracts {
		if c.Chain == "polygon" && c.Name == "START" {
			token = c.Address
		}
	}
	last := len(all) - 1
	for !slices.ContainsFunc(all[last].Logs, func(l types.Log) bool { return l.Address.Hex() == token }) {
		last--
	}
	side.Txs = slices.Concat(all[:last], all[last+1:])
	require.ErrorContains(t, p.Audit(t.Context()), "its logs say")
	side.Txs = all
	p.Truth.Endowed[0].Units = "1"
	require.ErrorContains(t, p.Audit(t.Context()), "is nowhere")
}
