package bitcoin

import (
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/holiman/uint256"

	"clew/chains"
)

// ExpectedHashes returns how many hashes it takes on average to make a header that meets the target
// of its bits: 2²⁵⁶ / (target + 1), rounded down. Whether this header meets it, CheckWork tells. On
// chains of merged mining the hashes are those of the parent's header.
func ExpectedHashes(chain chains.Chain, header []byte) (*uint256.Int, error) {
	h, err := DecodeHeader(chain, header)
	if err != nil {
		return nil, err
	}
	stated, ok := target(h.Bits)
	if !ok {
		return nil, ErrNoWork
	}
	// 2²⁵⁶ itself does not fit: 2²⁵⁶ / (t + 1) = (2²⁵⁶ − 1 − t) / (t + 1) + 1.
	one := uint256.NewInt(1)
	rest := new(uint256.Int).Not(stated)
	return rest.Div(rest, stated.Add(stated, one)).AddUint64(rest, 1), nil
}

// Checkpoints returns blocks of the main chain that btcd's parameters fix (without their times), in
// the order of heights; none of chains that it does not know.
func Checkpoints(chain chains.Chain) []chains.BlockRef {
	var params *chaincfg.Params
	switch chain {
	case "bitcoin":
		params = &chaincfg.MainNetParams
	case "bitcoin-testnet":
		params = &chaincfg.TestNet3Params
	default:
		return nil
	}
	list := make([]chains.BlockRef, 0, len(params.Checkpoints))
	for _, p := range params.Checkpoints {
		list = append(list, chains.BlockRef{Height: int64(p.Height), Hash: chains.Hash(*p.Hash).Reversed()})
	}
	return list
}
