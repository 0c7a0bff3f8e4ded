package stage_test

import (
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/replica/stage"
)

var start = time.Date(2022, 3, 29, 11, 0, 0, 0, time.UTC)

// chain starts a chain; the test is skipped where there is no anvil.
func chain(t *testing.T) (*stage.Chain, *stage.Account, *stage.Account) {
	t.Helper()
	anvil := os.Getenv("CLEW_ANVIL")
	if anvil == "" {
		anvil = "../../build/tools/anvil"
	}
	if _, err := os.Stat(anvil); err != nil {
		t.Skipf("%s is missing: make setup installs it, CLEW_ANVIL names another", anvil)
	}
	// PUSH1 0 PUSH1 0 REVERT: a contract that refuses everything.
	refuse := stage.Contracts{"Refuse": {Runtime: "60006000fd"}}
	c, err := stage.Start(t.Context(), stage.Options{
		Anvil: anvil, ChainID: 137, Height: 1000, Time: start, BaseFee: 30_000_000_000, Validator: "v", Contracts: refuse,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	a, err := stage.NewAccount("seed", "a", stage.Price{Most: 60_000_000_000, Tip: 30_000_000_000})
	require.NoError(t, err)
	b, err := stage.NewAccount("seed", "b", stage.Price{Most: 50_000_000_000})
	require.NoError(t, err)
	c.Endow(t.Context(), a.Address, coins(t, "10"))
	c.Endow(t.Context(), b.Address, coins(t, "10"))
	require.NoError(t, c.Err())
	return c, a, b
}

func coins(t *testing.T, amount string) *big.Int {
	t.Helper()
	n, err := stage.Units(amount, 18)
	require.NoError(t, err)
	return n
}

// A block holds what waits, in its order, at the time that the play says; fees are split as the
// chain splits them.
func TestMine(t *testing.T) {
	c, a, b := chain(t)
	ctx := t.Context()
	first := c.Send(ctx, b, a.Address, coins(t, "1"))
	second := c.Send(ctx, a, b.Address, coins(t, "3"))
	require.Equal(t, 2, c.Waiting())
	c.Mine(ctx, start.Add(7*time.Second))
	require.NoError(t, c.Err())
	require.Zero(t, c.Waiting())
	require.Equal(t, []*stage.Tx{first, second}, c.Txs)
	require.Equal(t, int64(1001), c.Height)
	require.Equal(t, int64(1001), second.Height)
	require.Equal(t, start.Add(7*time.Second), c.Time)

	var block struct{ Timestamp, BaseFeePerGas, Hash string }
	require.NoError(t, c.Ask(ctx, &block, "eth_getBlockByNumber", "0x3e9", false))
	require.Equal(t, "0x6242e6b7", block.Timestamp)
	require.Equal(t, "0x6fc23ac00", block.BaseFeePerGas)
	require.Equal(t, c.Hash.Hex(), block.Hash)

	// 21,000 units of gas: b's one price, a's base fee and tip.
	require.Equal(t, big.NewInt(21_000*50_000_000_000), first.Fee)
	require.Equal(t, big.NewInt(21_000*60_000_000_000), second.Fee)
	require.Equal(t, big.NewInt(21_000*30_000_000_000), first.Burnt)
	left := new(big.Int).Sub(coins(t, "8"), second.Fee)
	require.Equal(t, left, c.Balance(ctx, a.Address))
	require.Equal(t, big.NewInt(21_000*(20+30)*1_000_000_000), c.Balance(ctx, c.Validator))
}

// What goes otherwise than the play says is an error, which stays.
func TestErrorsStay(t *testing.T) {
	for name, do := range map[string]struct {
		play func(t *testing.T, c *stage.Chain, a, b *stage.Account)
		says string
	}{
		"a block in the past": {func(t *testing.T, c *stage.Chain, _, _ *stage.Account) {
			c.Mine(t.Context(), start)
		}, "not behind"},
		"a transaction that is reverted": {func(t *testing.T, c *stage.Chain, a, b *stage.Account) {
			c.Send(t.Context(), a, c.Lay(t.Context(), "Refuse", b.Address).Address, coins(t, "1"))
			c.Mine(t.Context(), start.Add(time.Second))
		}, "failed true, want false"},
		"a transaction that should be": {func(t *testing.T, c *stage.Chain, a, b *stage.Account) {
			c.Send(t.Context(), a, b.Address, coins(t, "1")).Fails = true
			c.Mine(t.Context(), start.Add(time.Second))
		}, "failed false, want true"},
		"more than there is": {func(t *testing.T, c *stage.Chain, a, b *stage.Account) {
			c.Send(t.Context(), a, b.Address, coins(t, "11"))
		}, "eth_sendRawTransaction"},
		"an unknown contract": {func(t *testing.T, c *stage.Chain, _, b *stage.Account) {
			c.Lay(t.Context(), "Nobody", b.Address)
		}, `no compiled contract "Nobody"`},
	} {
		t.Run(name, func(t *testing.T) {
			c, a, b := chain(t)
			do.play(t, c, a, b)
			require.ErrorContains(t, c.Err(), do.says)
			first, height := c.Err(), c.Height
			c.Mine(t.Context(), start.Add(time.Hour))
			require.Equal(t, first, c.Err())
			require.Equal(t, height, c.Height)
		})
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]string{"4074960.77": "4074960770000", "0": "0", "0.000001": "1", "3": "3000000"} {
		n, err := stage.Units(text, 6)
		require.NoError(t, err)
		require.Equal(t, want, n.String(), text)
	}
	for _, text := range []string{"", "x", "0.0000001"} {
		_, err := stage.Units(text, 6)
		require.Error(t, err, text)
	}
}

// Keys follow from seed and name, for ever: the replica's addresses hang on it.
func TestNewAccount(t *testing.T) {
	a, err := stage.NewAccount("seed", "a", stage.Price{})
	require.NoError(t, err)
	again, err := stage.NewAccount("seed", "a", stage.Price{})
	require.NoError(t, err)
	require.Equal(t, a.Address, again.Address)
	require.Equal(t, "0x835cc0AAcA8452778eBdC1fc7DCC2C1604f1fd53", a.Address.Hex())
	for _, pair := range [][2]string{{"seed", "b"}, {"seeds", "a"}} {
		other, err := stage.NewAccount(pair[0], pair[1], stage.Price{})
		require.NoError(t, err)
		require.NotEqual(t, a.Address, other.Address)
	}
}
