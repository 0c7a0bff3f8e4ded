package prices_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/prices"
)

// lower reads addresses as they stand; one without 0x is none.
func lower(_ chains.Chain, text string) (chains.Asset, error) {
	if !strings.HasPrefix(text, "0x") {
		return "", errors.New("no address")
	}
	return chains.Asset(strings.ToLower(text)), nil
}

func read(t *testing.T, text string) *prices.Table {
	t.Helper()
	table, err := prices.Read(strings.NewReader(text), lower)
	require.NoError(t, err)
	return table
}

func clock(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

const twoDays = `date,chain,symbol,value,currency,source
2022-03-30,polygon,MATIC,1.70,USD,"Example Exchange, daily open"
2022-03-29,polygon,MATIC,1.65,USD,"Example Exchange, daily open"
2022-03-29,bitcoin,BTC,47434.8,USD,"Example Exchange, daily open"
`

func TestTheLastQuoteBeforeATimeCounts(t *testing.T) {
	table := read(t, twoDays)
	require.Equal(t, "USD", table.Currency())
	require.Equal(t, 3, table.Len())
	sum := sha256.Sum256([]byte(twoDays))
	require.Equal(t, hex.EncodeToString(sum[:]), table.SHA256())
	for _, c := range []struct {
		name, at, want string
	}{
		{"a moment before the first", "2022-03-28T23:59:59Z", ""},
		{"at its moment", "2022-03-29T00:00:00Z", "1.65"},
		{"later that day", "2022-03-29T23:59:59Z", "1.65"},
		{"at the next one's moment", "2022-03-30T00:00:00Z", "1.70"},
		{"a day old", "2022-03-31T00:00:00Z", "1.70"},
		{"a second more than a day old", "2022-03-31T00:00:01Z", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, ok := table.At("polygon", chains.Native, clock(t, c.at))
			require.Equal(t, c.want != "", ok)
			require.Equal(t, c.want, q.Price)
		})
	}
	_, ok := table.At("bsc", chains.Native, clock(t, "2022-03-29T12:00:00Z"))
	require.False(t, ok, "nobody quoted that chain's coin")
	q, ok := table.At("bitcoin", chains.Native, clock(t, "2022-03-29T12:00:00Z"))
	require.True(t, ok)
	require.Equal(t, 4, q.Line)
	require.Equal(t, "Example Exchange, daily open", q.Source)
}

func TestATokenGoesByItsAddress(t *testing.T) {
	table := read(t, "time,chain,asset,value,currency,source\n2022-03-29T11:00:00Z,polygon,0xABCD,2.80,EUR,victim\n2022-03-29T11:00:00Z,polygon,native,1.5,EUR,victim\n")
	q, ok := table.At("polygon", "0xabcd", clock(t, "2022-03-29T11:30:00Z"))
	require.True(t, ok)
	require.Equal(t, "2.80", q.Price)
	_, ok = table.At("polygon", chains.Native, clock(t, "2022-03-29T10:59:59Z"))
	require.False(t, ok)
}

func TestWorthIsRoundedOnceToHundredths(t *testing.T) {
	for _, c := range []struct {
		name, price, units string
		decimals           int
		want               string
	}{
		{"a whole coin", "1.65", "1000000000000000000", 18, "165"},
		{"half of a hundredth is rounded up", "1.65", "3030303030303030303", 18, "500"},
		{"just below half", "0.01", "149", 2, "1"},
		{"half", "0.01", "150", 2, "2"},
		{"a price without a point, an asset without decimals", "7", "3", 0, "2100"},
		{"nothing", "1.65", "0", 18, "0"},
		{"more places than hundredths", "0.000012345", "100000000000", 8, "1"},
		{"decimals that no amount has", "1.65", "1", 200, "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := read(t, "date,chain,symbol,value,currency,source\n2022-03-29,bitcoin,BTC,"+c.price+",USD,s\n")
			q, ok := table.At("bitcoin", chains.Native, clock(t, "2022-03-29T00:00:00Z"))
			require.True(t, ok)
			units, err := chains.ParseAmount(c.units)
			require.NoError(t, err)
			worth, ok := q.Hundredths(units, c.decimals)
			require.True(t, ok)
			require.Equal(t, c.want, worth.String())
		})
	}
	table := read(t, "date,chain,symbol,value,currency,source\n2022-03-29,bitcoin,BTC,99999999,USD,s\n")
	q, _ := table.At("bitcoin", chains.Native, clock(t, "2022-03-29T00:00:00Z"))
	most, err := chains.ParseAmount("115792089237316195423570985008687907853269984665640564039457584007913129639935")
	require.NoError(t, err)
	_, ok := q.Hundredths(most, 0)
	require.False(t, ok, "beyond any amount")
}

// Rounding never moves more than half of a hundredth: twice the worth, in the smallest steps, differs from twice
// the exact product by at most one hundredth.
func TestWorthIsNearestToTheProduct(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		units, cents := rapid.Uint64Range(0, 1<<40).Draw(r, "units"), rapid.Uint64Range(0, 1<<20).Draw(r, "cents")
		text := chains.Units(cents).String()
		for len(text) < 3 {
			text = "0" + text
		}
		table, err := prices.Read(strings.NewReader("date,chain,symbol,value,currency,source\n2022-03-29,bitcoin,BTC,"+text[:len(text)-2]+"."+text[len(text)-2:]+",USD,s\n"), lower)
		require.NoError(r, err)
		q, ok := table.At("bitcoin", chains.Native, time.Date(2022, 3, 29, 0, 0, 0, 0, time.UTC))
		require.True(r, ok)
		worth, ok := q.Hundredths(chains.Units(units), 8)
		require.True(r, ok)
		got, fits := worth.Uint64()
		require.True(r, fits)
		exact := units * cents // below 2⁶⁰, in 10⁻⁸ hundredths
		require.LessOrEqual(r, max(2*exact, 2*got*1e8)-min(2*exact, 2*got*1e8), uint64(1e8))
	})
}

func TestWhatIsNoQuoteIsRefused(t *testing.T) {
	const head = "date,chain,symbol,value,currency,source\n"
	for _, c := range []struct {
		name, text, want string
	}{
		{"nothing", "", "no header line"},
		{"a head alone", head, "no quotes"},
		{"an unknown column", "date,chain,symbol,value,currency,source,note\n", `column "note"`},
		{"a column twice", "date,date,chain,symbol,value,currency,source\n", "given twice"},
		{"time and date", "time,date,chain,symbol,value,currency,source\n", "want one of time and date"},
		{"neither asset nor symbol", "date,chain,value,currency,source\n", "want one of asset and symbol"},
		{"no source column", "date,chain,symbol,value,currency\n", "source is missing"},
		{"no source", head + "2022-03-29,bitcoin,BTC,1,USD, \n", "line 2: source"},
		{"a sign", head + "2022-03-29,bitcoin,BTC,-1,USD,s\n", `line 2: value "-1"`},
		{"a power", head + "2022-03-29,bitcoin,BTC,1e3,USD,s\n", `value "1e3"`},
		{"groups", head + "2022-03-29,bitcoin,BTC,\"1,000\",USD,s\n", `value "1,000"`},
		{"a point alone", head + "2022-03-29,bitcoin,BTC,.5,USD,s\n", `value ".5"`},
		{"a token by symbol", head + "2022-03-29,polygon,USDC,1,USD,s\n", "name a token by its address"},
		{"an unknown chain", head + "2022-03-29,nochain,BTC,1,USD,s\n", "line 2: "},
		{"a day that is none", head + "2022-02-30,bitcoin,BTC,1,USD,s\n", `date "2022-02-30"`},
		{"a time elsewhere", "time,chain,symbol,value,currency,source\n2022-03-29T11:00:00+02:00,bitcoin,BTC,1,USD,s\n", "RFC 3339 in UTC"},
		{"an asset that is none", "date,chain,asset,value,currency,source\n2022-03-29,polygon,USDC,1,USD,s\n", `asset "USDC": no address`},
		{"a currency that is none", head + "2022-03-29,bitcoin,BTC,1,usd,s\n", `currency "usd"`},
		{"two currencies", head + "2022-03-29,bitcoin,BTC,1,USD,s\n2022-03-30,bitcoin,BTC,1,EUR,s\n", "line 3: currency EUR"},
		{"a quote twice", head + "2022-03-29,bitcoin,BTC,1,USD,s\n2022-03-29,bitcoin,BTC,2,USD,s\n", "line 3: native of bitcoin has a quote for 2022-03-29T00:00:00Z in line 2"},
		{"a line too short", head + "2022-03-29,bitcoin\n", "wrong number of fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := prices.Read(strings.NewReader(c.text), lower)
			require.ErrorContains(t, err, c.want)
		})
	}
}
