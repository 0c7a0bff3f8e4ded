package atlanta

import (
	"context"
	"math/big"
	"sort"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"clew/replica/stage"
)

// laid are the contracts that stand at their public addresses, so that labels and tables of
// mixers are the real ones. Their code is the replica's own.
var laid = []struct{ chain, name, kind, address string }{
	{"polygon", "WMATIC", "Wrapped", "0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270"},
	{"polygon", "START", "Token", "0x6ccf12b480a99c54b23647c995f4525d544a7e72"},
	{"polygon", "ELIXIR", "Token", "0xed0bb69f9f96e8c5fffdf16c468ecec385134ea5"},
	{"polygon", "pool-100", "MixerPool", "0x1E34A77868E19A6647b1f2F47B51ed72dEDE95DD"},
	{"polygon", "pool-1000", "MixerPool", "0xdf231d99Ff8b6c6CBF4E9B9a945CBAcEF9339178"},
	{"polygon", "pool-10000", "MixerPool", "0xaf4c0B70B2Ea9FB7487C7CbB37aDa259579fe040"},
	{"polygon", "pool-100000", "MixerPool", "0xa5C2254e4253490C54cef0a4347fddb8f75A4998"},
	{"polygon", "mixer-router", "MixerRouter", "0x0D5550d52428E7e3175bfc9550207e4ad3859b17"},
	{"bsc", "START", "Token", "0x31d0a7ada4d4c131eb612db48861211f63e57610"},
}

// opening makes the contracts and markets of the case. Its methods hand transactions to the
// nodes; block mines them.
type opening struct {
	*Play
	poly, bsc *Side
	err       error
}

// doOpen opens both chains.
func (p *Play) doOpen(ctx context.Context, _ []string) error {
	h := &opening{Play: p, poly: p.Chains["polygon"], bsc: p.Chains["bsc"]}
	for _, l := range laid {
		side := p.Chains[l.chain]
		side.contracts[l.name] = side.Lay(ctx, l.kind, common.HexToAddress(l.address))
	}
	h.endowCrowd(ctx)
	h.tokens(ctx)
	h.block(ctx)
	h.markets(ctx)
	h.block(ctx)
	h.supply(ctx)
	h.block(ctx)
	h.liquidity(ctx)
	h.block(ctx)
	p.opened = true
	return h.err
}

// block mines what waits on both chains.
func (h *opening) block(ctx context.Context) {
	for _, side := range []*Side{h.poly, h.bsc} {
		h.now = h.now.Add(4 * time.Second)
		side.Mine(ctx, h.now)
		if h.err == nil {
			h.err = side.Err()
		}
	}
}

// amount reads a number of whole coins of the script's own tables.
func (h *opening) amount(text string, decimals int) *big.Int {
	n, err := stage.Units(text, decimals)
	if err != nil {
		if h.err == nil {
			h.err = err
		}
		return new(big.Int)
	}
	return n
}

// endowCrowd gives other people what they spend.
func (h *opening) endowCrowd(ctx context.Context) {
	give := func(side *Side, names []string, amount string) {
		for _, name := range names {
			if err := h.doEndow(ctx, []string{side.Name, name, amount}); err != nil && h.err == nil {
				h.err = err
			}
		}
	}
	give(h.poly, h.crowd.users, "30000")
	give(h.poly, h.crowd.whales, "600000")
	give(h.bsc, h.crowd.users, "50")
}

// tokens creates contracts, and begins those that are laid.
func (h *opening) tokens(ctx context.Context) {
	deployer, maker, bridge := "victim.deployer", "market.maker", "bridge.operator"
	for _, side := range []*Side{h.poly, h.bsc} {
		issuer, trader, operator := side.accounts[deployer], side.accounts[maker], side.accounts[bridge]
		// The dollar has 6 decimals on one chain and 18 on the other, as such coins do.
		dollar := uint8(6)
		if side == h.bsc {
			dollar = 18
		}
		side.contracts["bridge"] = side.Deploy(ctx, operator, "Bridge", domains[side.Name])
		side.contracts["rUSD"] = side.Deploy(ctx, trader, "Token")
		side.contracts["router"] = side.Deploy(ctx, trader, "Router", h.poly.contracts["WMATIC"].Address)
		side.Do(ctx, trader, nil, side.contracts["rUSD"], "initialize", "REPLICA Dollar", "rUSD", dollar, trader.Address)
		side.Do(ctx, issuer, nil, side.contracts["START"], "initialize", "START (REPLICA)", "START", uint8(18), issuer.Address)
		side.tokens["rUSD"], side.tokens["START"] = int(dollar), 18
	}
	issuer := h.poly.accounts[deployer]
	h.poly.Do(ctx, issuer, nil, h.poly.contracts["ELIXIR"], "initialize", "ELIXIR (REPLICA)", "ELIXIR", uint8(18), issuer.Address)
	for _, denomination := range []string{"100", "1000", "10000", "100000"} {
		h.poly.Do(ctx, h.poly.accounts[maker], nil, h.poly.contracts["pool-"+denomination], "initialize", h.amount(denomination, 18))
	}
	h.poly.contracts["forged-start"] = h.poly.Deploy(ctx, h.poly.accounts["spammer.1"], "Forgery", "START", "START")
	h.poly.contracts["deposit-contract"] = h.poly.Deploy(ctx, h.poly.accounts["exchange.ops"], "DepositAddress",
		h.poly.accounts["exchange.hot"].Address)
	h.poly.tokens["ELIXIR"], h.poly.tokens["WMATIC"] = 18, 18
}

// pairs of the markets: chain, name of the shares, and the two tokens.
var pairs = [][4]string{
	{"polygon", "LP-START", "START", "WMATIC"},
	{"polygon", "LP-ELIXIR", "ELIXIR", "WMATIC"},
	{"polygon", "LP-rUSD", "rUSD", "WMATIC"},
	{"bsc", "LP-rUSD", "rUSD", "START"},
}

// markets creates the pairs and joins the bridge's two ends.
func (h *opening) markets(ctx context.Context) {
	for _, pair := range pairs {
		side := h.Chains[pair[0]]
		maker := side.accounts["market.maker"]
		made := side.Deploy(ctx, maker, "Pair", side.contracts[pair[2]].Address, side.contracts[pair[3]].Address)
		side.Do(ctx, maker, nil, side.contracts["router"], "register", made.Address)
		side.contracts[pair[1]] = made
		side.tokens[pair[1]] = 18
	}
	h.bsc.Do(ctx, h.bsc.accounts["bridge.operator"], nil, h.bsc.contracts["bridge"], "enroll",
		domains["polygon"], h.poly.contracts["START"].Address, h.bsc.contracts["START"].Address)
	h.bsc.Do(ctx, h.bsc.accounts["victim.deployer"], nil, h.bsc.contracts["START"], "setMinter", h.bsc.contracts["bridge"].Address, true)
}

// supply makes tokens, deploys the staking pools and lets the router take what traders offer.
func (h *opening) supply(ctx context.Context) {
	mint := func(side *Side, issuer, token, to, amount string) {
		side.Do(ctx, side.accounts[issuer], nil, side.contracts[token], "mint", side.accounts[to].Address, h.amount(amount, side.tokens[token]))
	}
	mint(h.poly, "victim.deployer", "START", "victim.treasury", "400000")
	mint(h.poly, "victim.deployer", "ELIXIR", "victim.treasury", "9000000")
	mint(h.poly, "market.maker", "rUSD", "market.maker", "6000000")
	mint(h.bsc, "victim.deployer", "START", "market.maker", "53800")
	mint(h.bsc, "market.maker", "rUSD", "market.maker", "200000")
	for _, user := range h.crowd.users {
		mint(h.poly, "victim.deployer", "START", user, "600")
		mint(h.poly, "victim.deployer", "ELIXIR", user, "9000")
		mint(h.poly, "market.maker", "rUSD", user, "4000")
		mint(h.bsc, "victim.deployer", "START", user, "200")
		mint(h.bsc, "market.maker", "rUSD", user, "900")
	}
	mint(h.poly, "victim.deployer", "START", "user.02", "4000")
	mint(h.poly, "victim.deployer", "ELIXIR", "user.03", "20000")
	issuer := h.poly.accounts["victim.deployer"]
	code := h.poly.Deploy(ctx, issuer, "StakingPool")
	h.poly.contracts["changed-code"] = h.poly.Deploy(ctx, issuer, "ChangedPool")
	for _, name := range []string{"START", "ELIXIR"} {
		begin := h.poly.Data("StakingPool", "initialize", issuer.Address, h.poly.contracts["LP-"+name].Address)
		proxy := h.poly.Deploy(ctx, issuer, "Proxy", code.Address, begin)
		h.poly.contracts["staking-"+map[string]string{"START": "start", "ELIXIR": "elixir"}[name]] = h.poly.At("StakingPool", proxy.Address)
	}
	h.approvals(ctx)
}

// approvals of those who trade all the time; the thief's are in the script.
func (h *opening) approvals(ctx context.Context) {
	for _, side := range []*Side{h.poly, h.bsc} {
		for _, name := range append([]string{"market.maker", "victim.treasury"}, h.crowd.users...) {
			if name == "victim.treasury" && side == h.bsc {
				continue
			}
			for _, token := range sorted(side.tokens) {
				if token[:2] == "LP" {
					continue
				}
				d := &doing{act: act{args: []string{token, "router"}}, side: side, from: side.accounts[name]}
				h.keep(h.approve(ctx, d))
				if token == "START" {
					d.args = []string{token, "bridge"}
					h.keep(h.approve(ctx, d))
				}
			}
		}
	}
}

// liquidity fills the markets. The shares of the two pools of the theft exceed what is staked by
// as much as makes the rest of the pool as deep as the victim's sales say.
func (h *opening) liquidity(ctx context.Context) {
	native := func(who, token, amount, coins string) {
		h.poly.Do(ctx, h.poly.accounts[who], h.amount(coins, 18), h.poly.contracts["router"], "addLiquidityETH",
			h.poly.contracts[token].Address, h.amount(amount, h.poly.tokens[token]), h.poly.accounts[who].Address)
	}
	native("victim.treasury", "ELIXIR", "4665700", "49336")
	native("victim.treasury", "START", "111056", "186321")
	native("market.maker", "rUSD", "5010000", "3000000")
	h.poly.Do(ctx, h.poly.accounts["victim.treasury"], h.amount("60000", 18), h.poly.contracts["WMATIC"], "deposit")
	maker := h.bsc.accounts["market.maker"]
	h.bsc.Do(ctx, maker, nil, h.bsc.contracts["router"], "addLiquidity", h.bsc.contracts["START"].Address, h.bsc.contracts["rUSD"].Address,
		h.amount("53800", 18), h.amount("150640", 18), maker.Address)
}

// keep remembers the first error.
func (h *opening) keep(err error) {
	if h.err == nil {
		h.err = err
	}
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
