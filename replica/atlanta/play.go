package atlanta

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"clew/replica/stage"
)

// Seed is what all keys and all dice come from.
const Seed = "clew replica atlanta 2022"

// Play is the case after it was played, with its nodes. Close it.
type Play struct {
	// Chains by name: polygon, bsc.
	Chains map[string]*Side
	Truth  *Truth

	now    time.Time // the latest block's, on either chain
	crowd  *crowd
	step   int
	notes  map[string]*note
	opened bool
}

// Side is one chain of the case with who and what stands on it.
type Side struct {
	*stage.Chain
	Name      string
	coin      string // the native one's name
	accounts  map[string]*stage.Account
	contracts map[string]*stage.Contract
	tokens    map[string]int // decimals of what is a token, by name
}

// note is a deposit or a message that somebody fetches on the other side.
type note struct {
	pool    string
	chain   string
	mixed   *Mixed
	bridged *Bridged
}

// chainsOf are the two chains and the blocks that they start with. On Polygon the theft began
// in block 26498039, and its base fee was about 30 gwei; BSC had none.
func chainsOf(o Options) map[string]stage.Options {
	start := time.Date(2022, 3, 22, 7, 0, 0, 0, time.UTC)
	return map[string]stage.Options{
		"polygon": {
			Anvil: o.Anvil, Contracts: o.Contracts, ChainID: 137, Height: 26497700, Time: start,
			BaseFee: 30_000_000_000, Validator: "polygon",
		},
		"bsc": {Anvil: o.Anvil, Contracts: o.Contracts, ChainID: 56, Height: 16489900, Time: start, Validator: "bsc"},
	}
}

// Options say what the play needs.
type Options struct {
	Anvil     string // the program
	Contracts stage.Contracts
}

// Run plays the whole case. The nodes run until Close.
func Run(ctx context.Context, o Options) (*Play, error) {
	p := &Play{Chains: map[string]*Side{}, Truth: newTruth(), notes: map[string]*note{}}
	coins := map[string]string{"polygon": "MATIC", "bsc": "BNB"}
	for _, name := range p.names() {
		chain, err := stage.Start(ctx, chainsOf(o)[name])
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.Chains[name] = &Side{
			Chain: chain, Name: name, coin: coins[name], tokens: map[string]int{},
			accounts: map[string]*stage.Account{}, contracts: map[string]*stage.Contract{},
		}
	}
	p.crowd = newCrowd(p)
	if err := p.run(ctx, lines(script)); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if err := p.finish(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close ends the nodes.
func (p *Play) Close() error {
	var errs []error
	for _, name := range p.names() {
		if side := p.Chains[name]; side != nil {
			errs = append(errs, side.Stop())
		}
	}
	return errors.Join(errs...)
}

func (p *Play) names() []string { return []string{"polygon", "bsc"} }

// run plays the lines in order.
func (p *Play) run(ctx context.Context, all []line) error {
	for i, l := range all {
		joined := i+1 < len(all) && all[i+1].words[0] == "&"
		if err := p.line(ctx, l, joined); err != nil {
			return fmt.Errorf("script.txt:%d: %s: %w", l.number, strings.Join(l.words, " "), err)
		}
	}
	return nil
}

// line plays one line. More says that the next act shares its block.
func (p *Play) line(ctx context.Context, l line, more bool) error {
	direct, ok := directives[l.words[0]]
	if ok {
		return direct(p, ctx, l.words[1:])
	}
	a, wait, joined, err := l.act()
	if err != nil {
		return err
	}
	side := p.Chains[a.chain]
	if side == nil {
		return fmt.Errorf("no chain %q", a.chain)
	}
	if !joined {
		if err := p.crowd.between(ctx, p.now.Add(wait)); err != nil {
			return err
		}
	}
	if err := p.do(ctx, a, true); err != nil || more {
		return err
	}
	return p.crowd.around(ctx, side)
}

// mine makes the block of what waits on side, at the play's time.
func (p *Play) mine(ctx context.Context, side *Side) error {
	side.Mine(ctx, p.now)
	return side.Err()
}

var directives = map[string]func(*Play, context.Context, []string) error{
	"cast":   (*Play).doCast,
	"price":  (*Play).doPrice,
	"endow":  (*Play).doEndow,
	"at":     (*Play).doAt,
	"open":   (*Play).doOpen,
	"height": (*Play).doHeight,
	"crowd":  (*Play).doCrowd,
	"step":   (*Play).doStep,
}

func gwei(s string) (uint64, error) {
	n, err := stage.Units(s, 9)
	if err != nil {
		return 0, err
	}
	return n.Uint64(), nil
}

func (p *Play) doCast(_ context.Context, words []string) error {
	for _, name := range words[1:] {
		full := words[0] + "." + name
		for _, side := range p.Chains {
			price := stage.Price{Most: 60_000_000_000, Tip: 30_000_000_000}
			if side.Name == "bsc" {
				price = stage.Price{Most: 5_000_000_000}
			}
			account, err := stage.NewAccount(Seed, full, price)
			if err != nil {
				return err
			}
			side.accounts[full] = account
		}
		p.crowd.cast(full)
	}
	return nil
}

func (p *Play) doPrice(_ context.Context, words []string) error {
	most, err := gwei(words[1])
	if err != nil {
		return err
	}
	tip, err := gwei(words[2])
	if err != nil {
		return err
	}
	account, err := p.Chains["polygon"].account(words[0])
	if err != nil {
		return err
	}
	account.Price = stage.Price{Most: most, Tip: tip}
	return nil
}

func (p *Play) doEndow(ctx context.Context, words []string) error {
	side := p.Chains[words[0]]
	account, err := side.account(words[1])
	if err != nil {
		return err
	}
	amount, err := stage.Units(words[2], 18)
	if err != nil {
		return err
	}
	side.Endow(ctx, account.Address, amount)
	p.Truth.Endowed = append(p.Truth.Endowed, Endowed{side.Name, account.Address.Hex(), Native, amount.String()})
	return side.Err()
}

func (p *Play) doAt(_ context.Context, words []string) error {
	at, err := time.Parse(time.RFC3339, words[0])
	if err != nil {
		return err
	}
	if at.Before(p.now) {
		return fmt.Errorf("the play is at %s already", p.now)
	}
	p.now = at
	return nil
}

// doHeight mines empty blocks up to a height, the last of them two seconds before the play's
// time, which then is that of the last block.
func (p *Play) doHeight(ctx context.Context, words []string) error {
	side := p.Chains[words[0]]
	height, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return err
	}
	missing := height - side.Height
	if missing < 1 {
		return fmt.Errorf("the chain is at %d already", side.Height)
	}
	end := p.now
	for i := missing - 1; i >= 0; i-- {
		p.now = end.Add(-2 * time.Second * time.Duration(i))
		if err := p.mine(ctx, side); err != nil {
			return err
		}
	}
	return nil
}

func (p *Play) doCrowd(_ context.Context, words []string) error {
	p.crowd.on = words[0] == "on"
	return nil
}

func (p *Play) doStep(_ context.Context, words []string) error {
	step, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	p.step = step
	p.Truth.Steps = append(p.Truth.Steps, Step{step, strings.Join(words[1:], " ")})
	return nil
}

func (s *Side) account(name string) (*stage.Account, error) {
	account := s.accounts[name]
	if account == nil {
		return nil, fmt.Errorf("nobody is called %q", name)
	}
	return account, nil
}

func (s *Side) contract(name string) (*stage.Contract, error) {
	contract := s.contracts[name]
	if contract == nil {
		return nil, fmt.Errorf("no contract %q on %s", name, s.Name)
	}
	return contract, nil
}

// place is the address of an account or of a contract.
func (s *Side) place(name string) (common.Address, error) {
	if contract := s.contracts[name]; contract != nil {
		return contract.Address, nil
	}
	account, err := s.account(name)
	if err != nil {
		return common.Address{}, err
	}
	return account.Address, nil
}

// units reads an amount of a token or of the native coin.
func (s *Side) units(amount, asset string) (*big.Int, error) {
	if asset == s.coin {
		return stage.Units(amount, 18)
	}
	decimals, ok := s.tokens[asset]
	if !ok {
		return nil, fmt.Errorf("no token %q on %s", asset, s.Name)
	}
	return stage.Units(amount, decimals)
}

// asset is its name in files: native, or the token's address.
func (s *Side) asset(name string) string {
	if name == s.coin {
		return Native
	}
	return s.contracts[name].Address.Hex()
}
