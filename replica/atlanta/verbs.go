package atlanta

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"

	"clew/replica/stage"
)

// verb is what an account can do: how many arguments it takes at least, and the transactions
// that it makes of them.
type verb struct {
	args int
	do   func(*Play, context.Context, *doing) error
}

// doing is an act with its chain and its actor.
type doing struct {
	act
	side *Side
	from *stage.Account
	tx   *stage.Tx // the transaction that does it; set by the verb
}

var verbs = map[string]verb{
	"send":     {3, (*Play).send},
	"sendall":  {2, (*Play).sendAll},
	"approve":  {2, (*Play).approve},
	"swap":     {4, (*Play).swap},
	"swapfail": {4, (*Play).swapFail},
	"stake":    {3, (*Play).stake},
	"upgrade":  {2, (*Play).upgrade},
	"exit":     {2, (*Play).exit},
	"fill":     {4, (*Play).fill},
	"remove":   {3, (*Play).remove},
	"bridge":   {4, (*Play).bridge},
	"relay":    {1, (*Play).relay},
	"mix":      {2, (*Play).mix},
	"unmix":    {3, (*Play).unmix},
	"sweep":    {2, (*Play).sweep},
	"shower":   {4, (*Play).shower},
}

// do hands the transactions of an act to the node, where they wait for the block. Scripted acts
// are told in the truth; those of the crowd only where somebody may want to score them.
func (p *Play) do(ctx context.Context, a act, scripted bool) error {
	v, ok := verbs[a.verb]
	if !ok || len(a.args) < v.args {
		return fmt.Errorf("no verb %q with %d arguments", a.verb, len(a.args))
	}
	d := &doing{act: a, side: p.Chains[a.chain]}
	var err error
	if d.from, err = d.side.account(a.who); err != nil {
		return err
	}
	if err := v.do(p, ctx, d); err != nil {
		return err
	}
	if scripted {
		p.Truth.acted(p, d)
	}
	return d.side.Err()
}

// amountTo reads "AMOUNT ASSET NAME".
func (d *doing) amountTo(args []string) (*big.Int, common.Address, error) {
	amount, err := d.side.units(args[0], args[1])
	if err != nil {
		return nil, common.Address{}, err
	}
	to, err := d.side.place(args[2])
	return amount, to, err
}

func (p *Play) send(ctx context.Context, d *doing) error {
	amount, to, err := d.amountTo(d.args)
	if err != nil {
		return err
	}
	d.pay(ctx, d.args[1], to, amount)
	return nil
}

// pay gives an amount of the native coin or of a token.
func (d *doing) pay(ctx context.Context, asset string, to common.Address, amount *big.Int) {
	if asset == d.side.coin {
		d.tx = d.side.Send(ctx, d.from, to, amount)
		return
	}
	d.tx = d.side.Do(ctx, d.from, nil, d.side.contracts[asset], "transfer", to, amount)
}

// sendAll leaves a twentieth of a native coin for fees.
func (p *Play) sendAll(ctx context.Context, d *doing) error {
	to, err := d.side.place(d.args[1])
	if err != nil {
		return err
	}
	if d.args[0] == d.side.coin {
		reserve, err := stage.Units("0.05", 18)
		if err != nil {
			return err
		}
		amount := new(big.Int).Sub(d.side.Balance(ctx, d.from.Address), reserve)
		if amount.Sign() <= 0 {
			return fmt.Errorf("%s has nothing to send", d.who)
		}
		d.pay(ctx, d.args[0], to, amount)
		return nil
	}
	token, err := d.side.contract(d.args[0])
	if err != nil {
		return err
	}
	d.pay(ctx, d.args[0], to, d.side.Number(ctx, token, "balanceOf", d.from.Address))
	return nil
}

func (p *Play) approve(ctx context.Context, d *doing) error {
	token, err := d.side.contract(d.args[0])
	if err != nil {
		return err
	}
	spender, err := d.side.place(d.args[1])
	if err != nil {
		return err
	}
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	d.tx = d.side.Do(ctx, d.from, nil, token, "approve", spender, all)
	return nil
}

func (p *Play) swap(ctx context.Context, d *doing) error { return p.trade(ctx, d, new(big.Int)) }

// swapFail asks for more than the market gives, so that the transaction is reverted.
func (p *Play) swapFail(ctx context.Context, d *doing) error {
	if err := p.trade(ctx, d, new(big.Int).Lsh(big.NewInt(1), 200)); err != nil {
		return err
	}
	d.tx.Fails = true
	return nil
}

// path is the way of a trade: through the wrapped coin, or straight where there is a pair.
func (s *Side) path(from, to string) []common.Address {
	at := func(name string) common.Address {
		if name == s.coin {
			name = "WMATIC"
		}
		return s.contracts[name].Address
	}
	if s.Name == "bsc" || from == s.coin || to == s.coin {
		return []common.Address{at(from), at(to)}
	}
	return []common.Address{at(from), at("WMATIC"), at(to)}
}

func (p *Play) trade(ctx context.Context, d *doing, least *big.Int) error {
	amount, err := d.side.units(d.args[0], d.args[1])
	if err != nil {
		return err
	}
	to, err := d.side.place(d.args[3])
	if err != nil {
		return err
	}
	if _, err := d.side.units("0", d.args[2]); err != nil {
		return err
	}
	router, path := d.side.contracts["router"], d.side.path(d.args[1], d.args[2])
	switch d.side.coin {
	case d.args[1]:
		d.tx = d.side.Do(ctx, d.from, amount, router, "swapExactETHForTokens", least, path, to)
	case d.args[2]:
		d.tx = d.side.Do(ctx, d.from, nil, router, "swapExactTokensForETH", amount, least, path, to)
	default:
		d.tx = d.side.Do(ctx, d.from, nil, router, "swapExactTokensForTokens", amount, least, path, to)
	}
	if least.Sign() == 0 {
		p.Truth.swapped(d, amount, to)
	}
	return nil
}

func (p *Play) stake(ctx context.Context, d *doing) error {
	amount, err := d.side.units(d.args[0], d.args[1])
	if err != nil {
		return err
	}
	pool, err := d.side.contract(d.args[2])
	if err != nil {
		return err
	}
	d.side.Do(ctx, d.from, nil, d.side.contracts[d.args[1]], "approve", pool.Address, amount)
	d.tx = d.side.Do(ctx, d.from, nil, pool, "stake", amount)
	return nil
}

func (p *Play) upgrade(ctx context.Context, d *doing) error {
	pool, err := d.side.contract(d.args[0])
	if err != nil {
		return err
	}
	code, err := d.side.place(d.args[1])
	if err != nil {
		return err
	}
	d.tx = d.side.Do(ctx, d.from, nil, pool, "upgradeTo", code)
	return nil
}

func (p *Play) exit(ctx context.Context, d *doing) error {
	pool, err := d.side.contract(d.args[0])
	if err != nil {
		return err
	}
	to, err := d.side.place(d.args[1])
	if err != nil {
		return err
	}
	d.tx = d.side.Do(ctx, d.from, nil, d.side.At("ChangedPool", pool.Address), "emergencyExit", to)
	return nil
}

func (p *Play) remove(ctx context.Context, d *doing) error {
	shares, to, err := d.amountTo(d.args)
	if err != nil {
		return err
	}
	token := d.side.contracts[tokenOf(d.args[1])]
	d.tx = d.side.Do(ctx, d.from, nil, d.side.contracts["router"], "removeLiquidityETH", token.Address, shares, to)
	return nil
}

// tokenOf is what a pool of shares holds beside the wrapped coin: LP-START has START.
func tokenOf(lp string) string { return lp[len("LP-"):] }

// fill gives a pool what it earned over a year in one step: just so much that a number of shares
// is worth the two amounts to the unit, as the victim's report says.
func (p *Play) fill(ctx context.Context, d *doing) error {
	lp, err := d.side.contract(d.args[0])
	if err != nil {
		return err
	}
	shares, err := stage.Units(d.args[1], 18)
	if err != nil {
		return err
	}
	supply := d.side.Number(ctx, lp, "totalSupply")
	for i, name := range []string{"WMATIC", tokenOf(d.args[0])} {
		worth, err := stage.Units(d.args[2+i], 18)
		if err != nil {
			return err
		}
		token := d.side.contracts[name]
		// The least reserve of which shares/supply is worth, rounded down, is worth·supply/shares
		// rounded up.
		reserve := new(big.Int).Mul(worth, supply)
		reserve.Add(reserve, new(big.Int).Sub(shares, big.NewInt(1))).Quo(reserve, shares)
		missing := reserve.Sub(reserve, d.side.Number(ctx, token, "balanceOf", lp.Address))
		if missing.Sign() < 0 {
			return fmt.Errorf("%s holds %s units of %s too much", d.args[0], missing.Neg(missing), name)
		}
		d.side.Do(ctx, d.from, nil, token, "transfer", lp.Address, missing)
	}
	d.tx = d.side.Do(ctx, d.from, nil, lp, "sync")
	return nil
}

func (p *Play) sweep(ctx context.Context, d *doing) error {
	at, err := d.side.contract(d.args[1])
	if err != nil {
		return err
	}
	var token common.Address
	if d.args[0] != d.side.coin {
		token = d.side.contracts[d.args[0]].Address
	}
	d.tx = d.side.Do(ctx, d.from, nil, at, "sweep", token)
	return nil
}

func (p *Play) shower(ctx context.Context, d *doing) error {
	token, err := d.side.contract(d.args[0])
	if err != nil {
		return err
	}
	amount, err := stage.Units(d.args[1], 18)
	if err != nil {
		return err
	}
	places := make([]common.Address, 0, len(d.args)-2)
	for _, name := range d.args[2:] {
		at, err := d.side.place(name)
		if err != nil {
			return err
		}
		places = append(places, at)
	}
	d.tx = d.side.Do(ctx, d.from, nil, token, "shower", places[0], places[1:], amount)
	return nil
}
