package evm_test

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
)

// text returns code that answers everything with a string as the ABI writes it.
func text(s string) nodetest.Code {
	words := append(nodetest.Word(32), nodetest.Word(int64(len(s)))...)
	words = append(words, common.RightPadBytes([]byte(s), (len(s)+31)/32*32)...)
	var c nodetest.Code
	for at := 0; at < len(words); at += 32 {
		c = c.PushBytes(words[at : at+32]).Push(uint64(at)).Ops(vm.MSTORE)
	}
	return c.Push(uint64(len(words))).Push(0).Ops(vm.RETURN)
}

func TestState(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		answers := n.Deploy(1, nodetest.Code{}.Return(42))
		refuses := n.Deploy(1, nodetest.Code{}.Revert())
		breaks := n.Deploy(1, nodetest.Code{}.Ops(vm.INVALID))
		silent := n.Deploy(1, nodetest.Code{}.Ops(vm.STOP))
		endless := n.Deploy(1, nodetest.Code{}.Ops(vm.JUMPDEST, vm.PUSH0, vm.JUMP))
		named := n.Deploy(1, text("USDC"))
		long := n.Deploy(1, text(strings.Repeat("x", 500)))
		huge := n.Deploy(1, nodetest.Code{}.Push(600_000).Push(0).Ops(vm.RETURN))
		n.Mine()
		to := common.HexToAddress("0xaa")
		lends := n.Lend(5, answers)
		n.Pay(2, to, 9)
		set := &types.SetCodeTx{To: to, AuthList: []types.SetCodeAuthorization{lends}}
		sent := n.Send(2, set)
		n.Mine()
		n.Succeeded(sent)

		node := dial(t, n, n.URL, evm.Options{})
		ctx, who := t.Context(), evm.Address(to)
		for _, tt := range []struct {
			name   string
			asset  chains.Asset
			height int64
			want   string
			err    error
		}{
			{"native before", chains.Native, 1, "0", nil},
			{"native", chains.Native, 2, "9", nil},
			{"token", evm.AssetOf(answers), 2, "42", nil},
			{"token before it was there", evm.AssetOf(answers), 0, "0", nil},
			{"token that refuses", evm.AssetOf(refuses), 2, "", chains.ErrUnsupported},
			{"token that breaks", evm.AssetOf(breaks), 2, "", chains.ErrUnsupported},
			{"token that says nothing", evm.AssetOf(silent), 2, "", chains.ErrUnsupported},
			{"token that never ends", evm.AssetOf(endless), 2, "", chains.ErrUnsupported},
			{"id that is counted", evm.AssetOf(answers) + "/7", 2, "42", nil},
			{"id of a contract that refuses", evm.AssetOf(refuses) + "/7", 2, "", chains.ErrUnsupported},
			{"no asset", "0x12", 2, "", chains.ErrNotFound},
		} {
			amount, err := node.BalanceAt(ctx, who, tt.asset, tt.height)
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err, tt.name)
				continue
			}
			require.NoError(t, err, tt.name)
			require.Equal(t, tt.want, amount.String(), tt.name)
		}

		for _, tt := range []struct {
			name   string
			a      common.Address
			height int64
			want   chains.AccountKind
		}{
			{"nothing there", to, 2, chains.AccountKey},
			{"contract", answers, 2, chains.AccountContract},
			{"contract before it was there", answers, 0, chains.AccountKey},
			{"key that lends itself to code", nodetest.Account(5), 2, chains.AccountKey},
		} {
			kind, err := node.AccountKind(ctx, evm.Address(tt.a), tt.height)
			require.NoError(t, err, tt.name)
			require.Equal(t, tt.want, kind, tt.name)
		}
		var code string
		n.RPC(&code, "eth_getCode", nodetest.Account(5), "latest")
		require.True(t, strings.HasPrefix(code, "0xef0100"), "the key has lent itself")

		for _, tt := range []struct {
			name     string
			asset    chains.Asset
			symbol   string
			decimals int
		}{
			{"native", chains.Native, "coin", 18},
			{"says a number", evm.AssetOf(answers), strings.Repeat("\x00", 31) + "*", 42},
			{"refuses", evm.AssetOf(refuses), "", -1},
			{"breaks", evm.AssetOf(breaks), "", -1},
			{"never ends", evm.AssetOf(endless), "", -1},
			{"says nothing", evm.AssetOf(silent), "", -1},
			{"named", evm.AssetOf(named), "USDC", 32},
			{"long name", evm.AssetOf(long), strings.Repeat("x", 64), 32},
			{"huge answer", evm.AssetOf(huge), "", 0},
		} {
			token, err := node.Token(ctx, tt.asset, 2)
			require.NoError(t, err, tt.name)
			require.Equal(t, chains.Token{Asset: tt.asset, Symbol: tt.symbol, Decimals: tt.decimals}, token, tt.name)
		}
	})
}
