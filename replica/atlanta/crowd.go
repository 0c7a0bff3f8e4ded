package atlanta

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// crowd are other people: while it is on, they act between the script's acts and in the same
// blocks, by dice.
type crowd struct {
	play                             *Play
	on                               bool
	dice                             dice
	users, whales, strangers, payers []string
	// open are notes in the mixer and on the bridge that nobody has fetched yet, oldest first.
	mixed, bridged []string
	paid           map[string]int64 // deposit addresses that hold something, since which block
	count          int
}

func newCrowd(p *Play) *crowd {
	return &crowd{play: p, dice: dice{seed: Seed}, paid: map[string]int64{}}
}

// cast takes the accounts that belong to other people.
func (c *crowd) cast(name string) {
	switch {
	case strings.HasPrefix(name, "user."):
		c.users = append(c.users, name)
	case strings.HasPrefix(name, "whale."):
		c.whales = append(c.whales, name)
	case strings.HasPrefix(name, "stranger."):
		c.strangers = append(c.strangers, name)
	case strings.HasPrefix(name, "exchange.customer"):
		c.payers = append(c.payers, name)
	}
}

// around lets other people act in the block of the script's act that waits on side, and makes it.
func (c *crowd) around(ctx context.Context, side *Side) error {
	if c.on {
		for range c.dice.roll(3) {
			if err := c.act(ctx, side); err != nil {
				return err
			}
		}
	}
	return c.play.mine(ctx, side)
}

// between makes blocks of other people's acts until shortly before next, and sets the clock to it.
func (c *crowd) between(ctx context.Context, next time.Time) error {
	p := c.play
	gap := next.Sub(p.now)
	if c.on && gap >= time.Minute {
		n := 1 + min(2, int(gap/(90*time.Minute)))
		for i := range n {
			at := p.now.Add((next.Sub(p.now) / time.Duration(n-i+1)).Truncate(time.Second))
			if !at.After(p.now) || !next.After(at) {
				continue
			}
			p.now = at
			side := p.Chains["polygon"]
			if c.dice.roll(5) == 0 {
				side = p.Chains["bsc"]
			}
			for range 1 + c.dice.roll(2) {
				if err := c.act(ctx, side); err != nil {
					return err
				}
			}
			if err := p.mine(ctx, side); err != nil {
				return err
			}
		}
	}
	p.now = next
	return nil
}

// act lets somebody do something.
func (c *crowd) act(ctx context.Context, side *Side) error {
	words := c.idea(side.Name)
	a := act{side.Name, words[0], words[1], words[2:]}
	if err := c.play.do(ctx, a, false); err != nil {
		return fmt.Errorf("the crowd's %s: %w", strings.Join(words, " "), err)
	}
	return nil
}

// between low and high, in tenths.
func (c *crowd) amount(low, high int) string {
	tenths := low*10 + c.dice.roll((high-low)*10)
	return strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10)
}

// idea is an act in words: who, verb, arguments.
func (c *crowd) idea(chain string) []string {
	who, other := c.dice.pick(c.users), c.dice.pick(c.users)
	if chain == "bsc" {
		if len(c.bridged) > 0 && c.dice.roll(2) == 0 {
			return c.fetchBridged()
		}
		return [][]string{
			{who, "send", c.amount(0, 2), "BNB", other},
			{who, "swap", c.amount(1, 6), "START", "rUSD", who},
			{who, "swap", c.amount(5, 15), "rUSD", "START", who},
		}[c.dice.roll(3)]
	}
	c.count++
	note := "crowd-" + strconv.Itoa(c.count)
	switch c.dice.roll(12) {
	case 0:
		c.mixed = append(c.mixed, note)
		return []string{who, "mix", []string{"100", "1000"}[c.dice.roll(2)], note}
	case 1:
		if len(c.mixed) > 2 {
			return c.fetchMixed()
		}
	case 2:
		c.bridged = append(c.bridged, note)
		return []string{who, "bridge", c.amount(1, 9), "START", other, note}
	case 3:
		to := c.dice.pick(c.payers)
		c.paid[to] = c.play.Chains[chain].Height + 1
		return []string{who, "send", c.amount(20, 90), "MATIC", to}
	case 4:
		from := c.dice.pick(c.payers)
		if since := c.paid[from]; since > 0 && since <= c.play.Chains[chain].Height {
			delete(c.paid, from)
			return []string{from, "sendall", "MATIC", "exchange.hot"}
		}
	case 5:
		return []string{"exchange.hot", "send", c.amount(10, 300), "MATIC", who}
	}
	return [][]string{
		{who, "send", c.amount(1, 120), "MATIC", other},
		{who, "swap", c.amount(2, 25), "MATIC", "START", who},
		{who, "swap", c.amount(1, 9), "START", "MATIC", who},
		{who, "swap", c.amount(20, 120), "ELIXIR", "MATIC", who},
		{who, "swap", c.amount(5, 60), "MATIC", "rUSD", who},
		{who, "swap", c.amount(5, 60), "rUSD", "MATIC", other},
		{who, "send", c.amount(5, 90), "rUSD", other},
	}[c.dice.roll(7)]
}

// fetchMixed withdraws the oldest deposit, through a relayer or, to the depositor's own second
// address, with the help of another user's gas.
func (c *crowd) fetchMixed() []string {
	note := c.mixed[0]
	c.mixed = c.mixed[1:]
	if c.dice.roll(3) == 0 {
		return []string{c.dice.pick(c.users), "unmix", note, c.dice.pick(c.users), "0"}
	}
	return []string{c.dice.pick([]string{"relayer.1", "relayer.2"}), "unmix", note, c.dice.pick(c.strangers), "0.4"}
}

// fetchBridged brings the oldest message over.
func (c *crowd) fetchBridged() []string {
	note := c.bridged[0]
	c.bridged = c.bridged[1:]
	return []string{"bridge.operator", "relay", note}
}
