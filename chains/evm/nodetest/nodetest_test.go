package nodetest_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains/evm/nodetest"
)

func TestNodesMine(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			n := nodetest.Start(t, kind, nodetest.Options{})
			to := common.HexToAddress("0x00000000000000000000000000000000000000aa")
			tx := n.Pay(1, to, 5)
			require.EqualValues(t, 0, n.Height(), "nothing is mined but by Mine")
			hash := n.Mine()
			require.Equal(t, n.HashAt(1), hash)
			n.Succeeded(tx)
			require.EqualValues(t, 5, n.Balance(to, 1).Int64())
			require.EqualValues(t, 0, n.Balance(to, 0).Int64())
			deployed := n.Deploy(2, []byte{0x00})
			n.Mine()
			var code string
			n.RPC(&code, "eth_getCode", deployed, "latest")
			require.Equal(t, "0x00", code)

			n.Reorg(2)
			require.NotEqual(t, hash, n.HashAt(1))
			require.EqualValues(t, 3, n.Height())
			require.EqualValues(t, 0, n.Balance(to, 3).Int64())
		})
	}
}
