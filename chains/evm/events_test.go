package evm_test

import (
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/heuristics"
)

// only returns the one event of a kind among those of a transaction.
func only(tb testing.TB, at evm.Scene, logs []evm.Log, kind chains.EventKind) chains.Event {
	tb.Helper()
	events := evm.Events(at, logs)
	require.Len(tb, events, 1)
	require.Equal(tb, kind, events[0].Kind)
	return events[0]
}

// Each family's message is read on both sides, in the words that all share, and joins.
func TestBridges(t *testing.T) {
	for name, build := range vectors() {
		t.Run(name, func(t *testing.T) {
			c := build(t, bob, 5000)
			out, in := only(t, c.from, c.sent, chains.EventBridgeOut), only(t, c.to, c.arrived, chains.EventBridgeIn)
			require.Equal(t, c.protocol, out.Protocol)
			require.True(t, out.Registered, "the contracts of the sending side: %x", out.Others)
			require.True(t, in.Registered, "the contracts of the receiving side: %x", in.Others)
			require.NoError(t, heuristics.JoinBridge(&out, &in))
			require.NotEmpty(t, out.Key)
			require.Equal(t, c.to.Chain, out.Peer)
			require.Equal(t, string(c.from.Chain), out.Field("chain.from"))
			require.Equal(t, string(c.to.Chain), out.Field("chain.to"))
			require.Equal(t, string(c.to.Chain), in.Field("chain.to"))
			require.Equal(t, string(in.Peer), in.Field("chain.from"))
			require.Equal(t, chains.Units(uint64(c.given)), out.Amount)
			require.Equal(t, chains.Units(uint64(c.got)), in.Amount)
			if c.receiver != (common.Address{}) {
				require.Equal(t, chains.Address(c.receiver[:]), in.Account)
			}
		})
	}
}

// What has the right shape but not everything else is no hop: another emitter, another chain,
// another key, the same key with another field, the other half of a message missing.
func TestForgedBridges(t *testing.T) {
	stranger := [20]byte(common.HexToAddress("0x000000000000000000000000000000000000dead"))
	for name, build := range vectors() {
		t.Run(name, func(t *testing.T) {
			c := build(t, bob, 5000)
			out := only(t, c.from, c.sent, chains.EventBridgeOut)
			for i := range c.sent {
				logs := slices.Clone(c.sent)
				logs[i].Address = stranger
				for _, e := range evm.Events(c.from, logs) {
					// That a packet of LayerZero is told by somebody else only takes its fields away.
					require.True(t, !e.Registered || c.protocol == "layerzero" && i == 0, "log %d sent by a stranger", i)
				}
			}
			for i := range c.arrived {
				logs := slices.Clone(c.arrived)
				logs[i].Address = stranger
				for _, e := range evm.Events(c.to, logs) {
					// Without its gateway an exit says of no token that it came.
					bare := c.protocol == "arbitrum" && e.Asset == chains.Native && e.Amount.IsZero()
					require.True(t, !e.Registered || c.protocol == "nomad" && i == 1 || bare && i == 1, "log %d received by a stranger", i)
				}
			}

			elsewhere := scene("gnosis")
			for _, e := range evm.Events(elsewhere, c.arrived) {
				require.True(t, !e.Registered || heuristics.JoinBridge(&out, &e) != nil, "on a chain that the message is not for")
			}

			other := build(t, alice, 5000)
			for _, e := range evm.Events(other.to, other.arrived) {
				if !c.noFields {
					require.ErrorIs(t, heuristics.JoinBridge(&out, &e), heuristics.ErrNotJoined, "the same key with another receiver")
				}
			}
			for i := range c.sent {
				for cut := range c.sent[i].Data {
					logs := slices.Clone(c.sent)
					logs[i].Data = logs[i].Data[:cut]
					for _, e := range evm.Events(c.from, logs) {
						require.Equal(t, out.Key, e.Key, "a log cut short to %d bytes", cut)
					}
				}
			}
		})
	}
}

// Parts of a message that contradict each other are none, and so is one that its own contract did
// not send.
func TestContradictingLogs(t *testing.T) {
	bridges := vectors()
	c, other := bridges["cctp v1"](t, bob, 5000), bridges["cctp v1"](t, bob, 5001)
	require.Empty(t, evm.Events(c.from, []evm.Log{c.sent[0], other.sent[1]}), "a burn of another amount")
	c, other = bridges["stargate v1"](t, bob, 5000), bridges["stargate v1"](t, bob, 5001)
	require.Empty(t, evm.Events(c.from, []evm.Log{c.sent[0], other.sent[1]}), "a pool of another amount")
	c, other = bridges["arbitrum ticket"](t, bob, 5000), bridges["arbitrum ticket"](t, bob, 5001)
	require.Empty(t, evm.Events(c.from, []evm.Log{c.sent[0], other.sent[1]}), "data with another hash")
	c, other = bridges["nomad"](t, bob, 5000), bridges["nomad"](t, alice, 5000)
	require.Empty(t, evm.Events(c.from, []evm.Log{c.sent[0], other.sent[1]}), "another receiver")
	c = bridges["hop"](t, bob, 5000)
	c.sent[0].Data[31]++
	require.Empty(t, evm.Events(c.from, c.sent), "an id that is not the hash of the fields")
	c = bridges["wormhole"](t, bob, 5000)
	c.sent[0].Topics[1] = wide(alice)
	e := only(t, c.from, c.sent, chains.EventBridgeOut)
	require.False(t, e.Registered, "the core publishes what anybody sends")
}

// A node that is asked with the filters for the other side finds it by its topics, and not the
// message with another key.
func TestQueryFilters(t *testing.T) {
	for name, build := range vectors() {
		t.Run(name, func(t *testing.T) {
			c := build(t, bob, 5000)
			out := only(t, c.from, c.sent, chains.EventBridgeOut)
			q := chains.EventQuery{Kind: chains.EventBridgeIn, Protocol: out.Protocol, Key: out.Key}
			filters := evm.QueryFilters(c.to.Chain, q)
			require.NotEmpty(t, filters)
			found := func(l evm.Log, at evm.Scene) bool {
				return slices.ContainsFunc(filters, func(f evm.Filter) bool { return passes(f, l, at) })
			}
			require.True(t, slices.ContainsFunc(c.arrived, func(l evm.Log) bool { return found(l, c.to) }))
			inData := []string{"celer", "cctp v2", "thorchain over chain"} // the key stands in no topic
			for _, f := range filters {
				require.True(t, f.Addresses == nil || slices.Contains(inData, name) || !slices.ContainsFunc(c.arrived, func(l evm.Log) bool { return passes(f, l, c.to) }),
					"asked by the key, whoever sent it")
			}
			q.Key = "0x00"
			for _, f := range evm.QueryFilters(c.to.Chain, q) {
				for _, l := range c.arrived {
					require.False(t, f.Addresses == nil && passes(f, l, c.to), "another key")
				}
			}
		})
	}
	require.Empty(t, evm.QueryFilters("ethereum", chains.EventQuery{Kind: chains.EventBridgeIn, Protocol: "nobody's"}))
}

// passes reports whether eth_getLogs with that filter gives the log.
func passes(f evm.Filter, l evm.Log, at evm.Scene) bool {
	if f.Tx != nil && *f.Tx != at.Tx || f.Addresses != nil && !slices.Contains(f.Addresses, l.Address) || len(f.Topics) > len(l.Topics) {
		return false
	}
	for i, would := range f.Topics {
		if would != nil && !slices.Contains(would, l.Topics[i]) {
			return false
		}
	}
	return true
}

// Every row of the tables can be used, and each bridge has both sides and contracts.
func TestTables(t *testing.T) {
	families := []string{
		"across", "cctp", "wormhole", "layerzero", "stargate", "hop", "celer", "multichain",
		"polygon-pos", "op-stack", "arbitrum", "nomad", "thorchain",
	}
	for _, protocol := range families {
		for _, kind := range []chains.EventKind{chains.EventBridgeOut, chains.EventBridgeIn} {
			filters := evm.QueryFilters("ethereum", chains.EventQuery{Kind: kind, Protocol: protocol})
			require.NotEmpty(t, filters, "%s has no side of kind %d", protocol, kind)
			for _, f := range filters {
				require.NotEmpty(t, f.Addresses, "%s has no contract on ethereum", protocol)
			}
		}
	}
}

// The pool says what a deposit is worth, and the same address is another pool, or none, on
// another chain.
func TestTornado(t *testing.T) {
	const pool = "0x1E34A77868E19A6647b1f2F47B51ed72dEDE95DD"
	commitment := common.HexToHash("0xc0")
	deposit := emit(t, pool, "Deposit(bytes32,uint32,uint256)", []any{commitment}, "uint32,uint256", 16, 1648552790)
	e := only(t, scene("polygon"), []evm.Log{deposit}, chains.EventMixerIn)
	require.True(t, e.Registered)
	require.Equal(t, "tornado", e.Protocol)
	require.Equal(t, "100000000000000000000", e.Amount.String())
	require.Equal(t, chains.Native, e.Asset)
	require.Equal(t, "16", e.Field("leafIndex"), "as many deposits lie before it")
	require.Equal(t, "100 matic", e.Field("pool"))
	require.Equal(t, commitment.Hex(), e.Key)

	e = only(t, scene("gnosis"), []evm.Log{deposit}, chains.EventMixerIn)
	require.Equal(t, "100 xdai", e.Field("pool"))
	e = only(t, scene("arbitrum"), []evm.Log{deposit}, chains.EventMixerIn)
	require.False(t, e.Registered && e.Field("pool") == "100 matic")
	e = only(t, scene("base"), []evm.Log{deposit}, chains.EventMixerIn)
	require.False(t, e.Registered, "no pool there")
	require.True(t, e.Amount.IsZero())

	out := emit(t, "0x23773E65ed146A459791799d01336DB287f25334", "Withdrawal(address,bytes32,address,uint256)", []any{alice},
		"address,bytes32,uint256", bob, common.HexToHash("0x77"), 3)
	e = only(t, scene("ethereum"), []evm.Log{out}, chains.EventMixerOut)
	require.True(t, e.Registered)
	require.Equal(t, chains.Address(bob[:]), e.Account)
	require.Equal(t, "3", e.Field("fee"))
	require.Equal(t, "0x00000000000000000000000000000000000a11ce", e.Field("relayer"))
	require.Equal(t, chains.Asset("0x6B175474E89094C44Da98b954EedeAC495271d0F"), e.Asset)
	require.Equal(t, "100000000000000000000000", e.Amount.String())
}

func TestPoolAt(t *testing.T) {
	at := func(hex string) chains.Address { a := common.HexToAddress(hex); return chains.Address(a[:]) }
	p, ok := evm.PoolAt("ethereum", at("0x12D66f87A04A9E220743712cE6d9bB1B5616B8Fc"))
	require.True(t, ok)
	require.Equal(t, "0.1 eth", p.Says())
	require.Equal(t, "100000000000000000", p.Units.String())
	require.Equal(t, int64(9116966), p.FirstBlock)
	_, ok = evm.PoolAt("polygon", at("0x12D66f87A04A9E220743712cE6d9bB1B5616B8Fc"))
	require.False(t, ok)
}

func TestPlaceOf(t *testing.T) {
	for _, tt := range []struct {
		chain              chains.Chain
		address            string
		kind, entity, says string
	}{
		{"polygon", "0xdf231d99Ff8b6c6CBF4E9B9a945CBAcEF9339178", "mixer", "Tornado Cash 1000 matic", "a pool"},
		{"polygon", "0x0D5550d52428E7e3175bfc9550207e4ad3859b17", "contract", "Tornado Cash router", "its router, which keeps nothing: the pool does"},
		{"ethereum", "0x5c7BCd6E7De5423a257D81B442095A1a6ced35C5", "bridge", "Across SpokePool", "a bridge"},
		{"eip155:31337", "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789", "contract", "ERC-4337 entry point", "at one address everywhere"},
		{"polygon", "0x5c7BCd6E7De5423a257D81B442095A1a6ced35C5", "", "", "on another chain it is not"},
	} {
		a := common.HexToAddress(tt.address)
		kind, entity, source, ok := evm.PlaceOf(tt.chain, chains.Address(a[:]))
		require.Equal(t, tt.kind, kind, tt.says)
		require.Equal(t, tt.entity, entity, tt.says)
		require.Equal(t, tt.kind != "", ok, tt.says)
		require.Equal(t, ok, source != "", tt.says)
	}
}

// A venue names for whom it acted; only the venue's own contract is believed.
func TestOwners(t *testing.T) {
	const entry = "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"
	l := emit(t, entry, "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)", []any{common.HexToHash("0x01"), alice, bob},
		"uint256,bool,uint256,uint256", 0, true, 7, 8)
	e := only(t, scene("base"), []evm.Log{l}, chains.EventOwner)
	require.True(t, e.Registered)
	require.Equal(t, chains.Address(alice[:]), e.Account)
	l.Address = bob
	e = only(t, scene("base"), []evm.Log{l}, chains.EventOwner)
	require.False(t, e.Registered)

	trade := emit(t, "0x9008D19f58AAbD9eD0D60971565AA8510560ab41", "Trade(address,address,address,uint256,uint256,uint256,bytes)", []any{alice},
		"address,address,uint256,uint256,uint256,bytes", coinA, coinB, 50, 60, 1, []byte{1, 2})
	e = only(t, scene("gnosis"), []evm.Log{trade}, chains.EventOwner)
	require.Equal(t, chains.Asset(coinA.Hex()), e.Asset)
	require.Equal(t, "50", e.Amount.String())
	require.Equal(t, "60", e.Field("buyAmount"))
	require.Equal(t, "0x0102", e.Key)
}

// The logs of one message belong together where few others stand between them, and each belongs to
// one message only.
func TestLogsBeside(t *testing.T) {
	c := cctpVector(t, bob, 5000)
	between := func(n int) []evm.Log {
		logs := []evm.Log{c.sent[0]}
		for range n {
			logs = append(logs, evm.Log{Address: coinA, Topics: [][32]byte{{1}}})
		}
		return append(logs, c.sent[1])
	}
	require.Len(t, evm.Events(c.from, between(63)), 1)
	require.Empty(t, evm.Events(c.from, between(64)))
	require.Len(t, evm.Events(c.from, []evm.Log{c.sent[0], c.sent[0], c.sent[1]}), 1, "one burn is not two messages")
	require.Len(t, evm.Events(c.from, []evm.Log{c.sent[0], c.sent[1], c.sent[0], c.sent[1]}), 2)
}

// A pool tells its reserves; it is nobody's own, since anybody can make one.
func TestPools(t *testing.T) {
	l := emit(t, coinA.Hex(), "Sync(uint112,uint112)", nil, "uint256,uint256", 100, 90)
	e := only(t, scene("ethereum"), []evm.Log{l}, chains.EventPool)
	require.Equal(t, "uniswap-v2", e.Protocol)
	require.Equal(t, "100", e.Field("reserve0"))
	require.Equal(t, "90", e.Field("reserve1"))
	require.False(t, e.Registered)
	l.Data[0] = 1
	require.Empty(t, evm.Events(scene("ethereum"), []evm.Log{l}), "more than 112 bits is no reserve")
}

// Lenders that make no token of a debt note it in an event.
func TestLoans(t *testing.T) {
	l := emit(t, coinA.Hex(), "Borrow(address,uint256,uint256,uint256)", nil, "address,uint256,uint256,uint256", bob, 7, 8, 9)
	e := only(t, scene("ethereum"), []evm.Log{l}, chains.EventPool)
	require.Equal(t, []string{"compound", "Borrow", "7"}, []string{e.Protocol, e.Name, e.Amount.String()})
	require.Equal(t, evm.Address(bob), e.Account)
	require.False(t, e.Registered, "anybody can write it")
}

// Whatever a contract writes, reading it neither fails nor makes value of words: a changed log is
// no event, or one whose contracts are as they were.
func FuzzEvents(f *testing.F) {
	for _, build := range vectors() {
		c := build(f, bob, 5000)
		for _, l := range append(c.sent, c.arrived...) {
			f.Add(l.Topics[0][:], l.Data, uint8(len(l.Topics)))
		}
	}
	f.Fuzz(func(t *testing.T, topic, data []byte, topics uint8) {
		l := evm.Log{Address: bob, Data: data}
		for i := range int(topics % 5) {
			var w [32]byte
			copy(w[:], topic)
			if i > 0 {
				w = [32]byte{31: byte(i)}
			}
			l.Topics = append(l.Topics, w)
		}
		for _, e := range evm.Events(scene("ethereum"), []evm.Log{l, l}) {
			require.False(t, e.Registered)
		}
	})
}
