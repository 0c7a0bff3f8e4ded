package atlanta_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/heuristics"
	"clew/replica/atlanta"
)

// read is a chain of the play as clew's own adapter reads it.
type read struct {
	txs map[string]*chains.Tx
	// held is what all movements leave with each account, by account and asset, as text.
	held map[[2]string]*big.Int
	role map[chains.Address]heuristics.Role
}

func readChain(t *testing.T, p *atlanta.Play, name string) *read {
	t.Helper()
	chain := chains.Chain(name)
	node, err := evm.Dial(t.Context(), chain, p.Chains[name].URL, evm.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	r := &read{txs: map[string]*chains.Tx{}, held: map[[2]string]*big.Int{}, role: map[chains.Address]heuristics.Role{}}
	for _, c := range p.Truth.Contracts {
		if c.Chain == name {
			at := evm.Address(common.HexToAddress(c.Address))
			r.role[at] = heuristics.RoleContract
			if kind, _, _, ok := evm.PlaceOf(chain, at); ok && kind == "mixer" && c.Name != "mixer-router" {
				r.role[at] = heuristics.RoleMixer
			}
			if c.Name == "bridge" {
				r.role[at] = heuristics.RoleBridge
			}
		}
	}
	for _, c := range p.Truth.Chains {
		if c.Chain != name {
			continue
		}
		for height := c.First + 1; height <= c.Last; height++ {
			hash, err := node.HashAt(t.Context(), height)
			require.NoError(t, err)
			block, err := node.Block(t.Context(), height, hash)
			require.NoError(t, err)
			for i := range block.Txs {
				tx := &block.Txs[i]
				require.False(t, tx.Exec.Untraced)
				r.txs["0x"+strings.TrimPrefix(tx.ID.String(), "0x")] = tx
				r.move(tx)
			}
		}
	}
	return r
}

// move books the movements of a transaction.
func (r *read) move(tx *chains.Tx) {
	for _, m := range tx.Exec.Moves {
		amount, _ := new(big.Int).SetString(m.Amount.String(), 10)
		for _, side := range []struct {
			account chains.Address
			sign    int64
		}{{m.From, -1}, {m.To, 1}} {
			if side.account == "" {
				continue
			}
			key := [2]string{evm.FormatAddress("", side.account), string(m.Asset)}
			if r.held[key] == nil {
				r.held[key] = new(big.Int)
			}
			r.held[key].Add(r.held[key], new(big.Int).Mul(amount, big.NewInt(side.sign)))
		}
	}
}

func (r *read) settle(t *testing.T, txid string) heuristics.Settlement {
	t.Helper()
	require.Contains(t, r.txs, txid)
	return heuristics.Settle(r.txs[txid], func(a chains.Address) heuristics.Role {
		if role, ok := r.role[a]; ok {
			return role
		}
		return heuristics.RoleParty
	})
}

// event returns the one event of that kind in a transaction.
func (r *read) event(t *testing.T, txid string, kind chains.EventKind) *chains.Event {
	t.Helper()
	require.Contains(t, r.txs, txid)
	var found *chains.Event
	for i := range r.txs[txid].Exec.Events {
		if e := &r.txs[txid].Exec.Events[i]; e.Kind == kind {
			require.Nil(t, found, txid)
			found = e
		}
	}
	require.NotNil(t, found, txid)
	return found
}

func raw(address string) chains.Address { return evm.Address(common.HexToAddress(address)) }

// What the project's own adapter and heuristics say of the play, against what the play knows:
// every holding, every trade with both legs, every passage of the bridge by its key and no
// other pair, every deposit to a pool and every withdrawal.
func TestReadingAgreesWithTheTruth(t *testing.T) {
	p := play(t)
	reads := map[string]*read{}
	for _, name := range []string{"polygon", "bsc"} {
		reads[name] = readChain(t, p, name)
	}
	t.Run("holdings", func(t *testing.T) { holdings(t, p, reads) })
	t.Run("trades", func(t *testing.T) { trades(t, p, reads) })
	t.Run("bridge", func(t *testing.T) { passages(t, p, reads) })
	t.Run("mixer", func(t *testing.T) { mixers(t, p, reads) })
}

func holdings(t *testing.T, p *atlanta.Play, reads map[string]*read) {
	for _, e := range p.Truth.Endowed {
		held, key := reads[e.Chain].held, [2]string{e.Address, e.Asset}
		if held[key] == nil {
			held[key] = new(big.Int)
		}
		held[key].Add(held[key], number(t, e.Units))
	}
	cast := map[string]bool{}
	for _, a := range p.Truth.Accounts {
		cast[a.Address] = true
	}
	genuine := map[string]bool{}
	for _, c := range p.Truth.Contracts {
		genuine[c.Address] = !strings.HasPrefix(c.Name, "forged")
	}
	want := map[[3]string]string{}
	for _, h := range p.Truth.Holdings {
		want[[3]string{h.Chain, h.Address, h.Asset}] = h.Units
	}
	got := map[[3]string]string{}
	for name, r := range reads {
		for key, units := range r.held {
			// What a forged token logs is no holding.
			if cast[key[0]] && units.Sign() != 0 && (key[1] == atlanta.Native || genuine[key[1]]) {
				got[[3]string{name, key[0], key[1]}] = units.String()
			}
		}
	}
	require.Equal(t, want, got)
}

func trades(t *testing.T, p *atlanta.Play, reads map[string]*read) {
	require.NotEmpty(t, p.Truth.Swaps)
	for _, swap := range p.Truth.Swaps {
		s := reads[swap.Chain].settle(t, swap.TxID)
		require.Empty(t, s.Unclear, swap.TxID)
		require.Len(t, s.Conversions, 1, swap.TxID)
		c := s.Conversions[0]
		require.Equal(t, []string{
			swap.Giver, swap.Receiver, swap.Given.Asset, swap.Given.Units, swap.Received.Asset, swap.Received.Units,
		}, []string{
			evm.FormatAddress("", c.Giver), evm.FormatAddress("", c.Receiver),
			string(c.Given[0].Asset), c.Given[0].Units.String(), string(c.Received[0].Asset), c.Received[0].Units.String(),
		}, swap.TxID)
		require.Len(t, c.Given, 1)
		require.Len(t, c.Received, 1)
	}
	// The removals: shares for two assets, to another account.
	for i, s := range p.Truth.Stolen {
		settled := reads[s.Chain].settle(t, s.TxID)
		require.Len(t, settled.Conversions, 1)
		c := settled.Conversions[0]
		require.Equal(t, heuristics.KindRemoveLiquidity, c.Kind)
		require.Equal(t, raw(s.Address), c.Receiver)
		require.Len(t, c.Received, 2)
		units := map[string]string{}
		for _, leg := range c.Received {
			units[string(leg.Asset)] = leg.Units.String()
		}
		require.Equal(t, s.Units, units[s.Asset], "%d", i)
	}
}

func passages(t *testing.T, p *atlanta.Play, reads map[string]*read) {
	var outs, ins []*chains.Event
	for _, b := range p.Truth.Bridges {
		if b.Key == "" {
			continue
		}
		outs = append(outs, reads[b.Out.Chain].event(t, b.Out.TxID, chains.EventBridgeOut))
		ins = append(ins, reads[b.In.Chain].event(t, b.In.TxID, chains.EventBridgeIn))
	}
	require.Greater(t, len(outs), 4)
	for i, out := range outs {
		require.Equal(t, "nomad", out.Protocol)
		for j, in := range ins {
			err := heuristics.JoinBridge(out, in)
			if i == j {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, heuristics.ErrNotJoined)
		}
	}
}

func mixers(t *testing.T, p *atlanta.Play, reads map[string]*read) {
	r := reads["polygon"]
	for _, m := range p.Truth.Mixers {
		in := r.event(t, m.TxID, chains.EventMixerIn)
		require.True(t, in.Registered)
		require.Equal(t, raw(m.Pool), in.Emitter)
		if w := m.Withdrawal; w != nil {
			out := r.event(t, w.TxID, chains.EventMixerOut)
			require.True(t, out.Registered)
			require.Equal(t, []chains.Address{raw(m.Pool), raw(w.Recipient)}, []chains.Address{out.Emitter, out.Account})
			require.Equal(t, w.Fee == "0", out.Field("relayer") == "" || raw(out.Field("relayer")) == raw(""), w.TxID)
		}
	}
}
