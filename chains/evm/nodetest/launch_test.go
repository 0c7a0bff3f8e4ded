package nodetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/evm/nodetest"
)

// Without a test, a refusal is a panic and a program that is missing an error.
func TestLaunch(t *testing.T) {
	n, stop, err := nodetest.Launch(t.Context(), nodetest.Geth, nodetest.Options{})
	require.NoError(t, err)
	n.Mine()
	require.Equal(t, int64(1), n.Height())
	require.PanicsWithError(t, "geth: eth_nothing: the method eth_nothing does not exist/is not available", func() { n.RPC(nil, "eth_nothing") })
	stop()
	require.Panics(t, func() { n.Height() })

	t.Setenv("CLEW_ANVIL", t.TempDir()+"/none")
	_, _, err = nodetest.Launch(t.Context(), nodetest.Anvil, nodetest.Options{})
	require.ErrorContains(t, err, "start anvil")
}
