package evm

import (
	"github.com/ethereum/go-ethereum/common"
)

// wrapForm is how a wrapped native coin records that it is made and unmade.
type wrapForm uint8

const (
	wrapNone   wrapForm = iota
	wrapEvents          // Deposit and Withdrawal, without a Transfer (WETH9 and its copies)
	wrapMints           // Transfer from and to the zero address; Deposit, if any, says it twice
)

// wrappedNative are the contracts whose token is the native coin one to one, by chain id. Any
// contract can write a Deposit log, so only these make value by it.
//
// Sources: the chains' own documentation and the canonical deployments of Uniswap, of the OP
// stack (predeploy 0x42…06), of Arbitrum (aeWETH) and of Scroll (predeploy 0x53…04).
var wrappedNative = map[uint64]map[common.Address]wrapForm{
	1:      {common.HexToAddress("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"): wrapEvents},
	10:     {common.HexToAddress("0x4200000000000000000000000000000000000006"): wrapEvents},
	56:     {common.HexToAddress("0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c"): wrapEvents},
	100:    {common.HexToAddress("0xe91D153E0b41518A2Ce8Dd3D7944Fa863463a97d"): wrapEvents},
	137:    {common.HexToAddress("0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270"): wrapEvents},
	143:    {common.HexToAddress("0x3bd359C1119dA7Da1D913D1C4D2B7c461115433A"): wrapEvents},
	999:    {common.HexToAddress("0x5555555555555555555555555555555555555555"): wrapEvents},
	8453:   {common.HexToAddress("0x4200000000000000000000000000000000000006"): wrapEvents},
	42161:  {common.HexToAddress("0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"): wrapMints},
	43114:  {common.HexToAddress("0xB31f66AA3C1e785363F0875A1B74E27b85FD66c7"): wrapEvents},
	59144:  {common.HexToAddress("0xe5D7C2a44FfDDf6b295A15c148167daaAf5Cf34f"): wrapEvents},
	534352: {common.HexToAddress("0x5300000000000000000000000000000000000004"): wrapMints},
}
