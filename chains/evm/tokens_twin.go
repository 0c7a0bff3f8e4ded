package evm

import (
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
)

// twins are tokens whose issuer moved them to another contract and left the old address as a
// second door to the same balances: each movement is written at both. By chain id, the old
// address and the one that counts. Before the second contract existed, and wherever it says
// nothing, the old one's logs count as they stand.
//
// Sources: Monerium's notice on its contracts V2 (https://monerium.dev/docs/contracts-v2) and the
// changes of lists of tokens that name both (github.com/cowprotocol/token-lists, issues 1281 and
// 1283).
var twins = map[uint64]map[common.Address]common.Address{
	1:   {common.HexToAddress("0x3231Cb76718CDeF2155FC47b5286d82e6eDA273f"): common.HexToAddress("0x39b8B6385416f4cA36a20319F70D28621895279D")},
	100: {common.HexToAddress("0xcB444e90D8198415266c6a2724b7900fb12FC56E"): common.HexToAddress("0x420CA0f9B9b604cE0fd9C18EF134C705e5Fa3430")},
}

// repeated reports whether a log says again what the log right before or behind it says of the
// same token at its other address.
func repeated(chain chains.Chain, logs []Log, i int) bool {
	id, _ := chain.ChainID()
	newer, known := twins[id][logs[i].Address]
	if !known {
		return false
	}
	for _, j := range []int{i - 1, i + 1} {
		if j < 0 || j >= len(logs) || logs[j].Address != newer {
			continue
		}
		if slices.Equal(logs[j].Topics, logs[i].Topics) && slices.Equal(logs[j].Data, logs[i].Data) {
			return true
		}
	}
	return false
}
