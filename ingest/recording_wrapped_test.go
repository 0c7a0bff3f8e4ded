package ingest_test

import (
	"context"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
)

// A contract that the node was told to wrap the native coin does so in the recording too, which
// nobody tells anything.
func TestRecordingKnowsWhatWrapsTheCoin(t *testing.T) {
	n := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	who := common.BytesToHash(nodetest.AddressWord(nodetest.Account(3)))
	wraps := n.Deploy(0, nodetest.Code{}.Log(7, crypto.Keccak256Hash([]byte("Deposit(address,uint256)")), who).Ops(vm.STOP))
	n.Mine()
	theft := n.Pay(1, nodetest.Account(3), 5_000_000)
	n.Mine()
	n.Call(3, wraps, 7)
	n.Mine()
	node, err := evm.Dial(t.Context(), n.Chain, n.URL, evm.Options{Wrapped: []common.Address{wraps}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	said, _, dir := recorded(t, node, nodetest.TxID(theft), 2, ingest.PassOptions{})
	kept := openKept(t, dir)
	require.Equal(t, []chains.Address{evm.Address(wraps)}, kept.Wrapped())
	require.Equal(t, said, followAccounts(t, accountPass(t, kept, ingest.PassOptions{}), nodetest.TxID(theft), 2))

	// Without the word for it the log is one that nothing is read from.
	open := func(value any) (*ingest.Recording, error) {
		p := takeApart(t, os.DirFS(dir))
		p.manifest["wrapped"] = value
		return ingest.OpenRecording(context.Background(), p.together(t), "", nil, evm.Codec{})
	}
	plain, err := open([]string{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, plain.Close()) })
	require.NotEqual(t, said, followAccounts(t, accountPass(t, plain, ingest.PassOptions{}), nodetest.TxID(theft), 2))
	_, err = open([]string{"no hex"})
	require.ErrorIs(t, err, chains.ErrBadAnswer)
}
