package exhibit

// KnownTokens are the contracts whose symbol is written without their address, with that
// symbol: coins of wide use, as their issuers publish them. A contract that is not here and
// claims the same symbol is written with its address.
func KnownTokens() map[Unit]string {
	return map[Unit]string{
		{"ethereum", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}: "USDC",
		{"ethereum", "0xdAC17F958D2ee523a2206206994597C13D831ec7"}: "USDT",
		{"ethereum", "0x6B175474E89094C44Da98b954EedeAC495271d0F"}: "DAI",
		{"ethereum", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"}: "WETH",
		{"ethereum", "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"}: "WBTC",
		{"polygon", "0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270"}:  "WMATIC",
		{"polygon", "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"}:  "USDC",
		{"polygon", "0xc2132D05D31c914a87C6611C10748AEb04B58e8F"}:  "USDT",
		{"polygon", "0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063"}:  "DAI",
		{"polygon", "0x7ceB23fD6bC0adD59E62ac25578270cFf1b9f619"}:  "WETH",
		{"bsc", "0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c"}:      "WBNB",
		{"bsc", "0xe9e7CEA3DedcA5984780Bafc599bD69ADd087D56"}:      "BUSD",
		{"bsc", "0x55d398326f99059fF775485246999027B3197955"}:      "USDT",
		{"bsc", "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d"}:      "USDC",
		{"arbitrum", "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"}: "WETH",
		{"arbitrum", "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"}: "USDC",
		{"arbitrum", "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"}: "USDT",
		{"optimism", "0x4200000000000000000000000000000000000006"}: "WETH",
		{"optimism", "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85"}: "USDC",
		{"base", "0x4200000000000000000000000000000000000006"}:     "WETH",
		{"base", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}:     "USDC",
	}
}
