package main

import (
	"encoding/json"
	"math/big"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/rogpeppe/go-internal/testscript"

	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/tracer"
)

// chainCommands let a script use real nodes of chains of accounts, a go-ethereum in the process of
// the test or an anvil:
//
//	chain start KIND [FAR]  starts one and sets $RPC, $WS, $CHAIN, or with FAR $FARRPC, $FARCHAIN of another one
//	chain theft             plays one, and sets $THEFT, $TAKEN, $SWAP, $THIEF, $HELPER, $TOKEN, $SEED, $TOKENSEED, $FROM
//	chain cross             the thief takes 30 of the token over a bridge to the second chain; sets $OUT, $IN
//	chain wrap              the thief wraps 1 coin in a contract that no table has; sets $WRAPPER
//	chain mine N            mines N empty blocks
//	chain reorg N           takes N blocks back, and mines N+1 others
//	chain without METHOD…   sets $POOR to a URL of the node that does not know these methods
//	chain guard SECRET      sets $GUARDED and $GUARDEDWS to URLs that want a token signed with the secret in that file
//	chain dies N METHOD     sets $DYING to a URL that breaks every connection after the Nth call of a method
//	chain stall N           sets $STALLED to a URL whose blocks after the Nth never come
//	chain stalled           waits until a block is asked for there
//	incident FILE           writes the script's variables into it
//	lower NAME TEXT         sets a variable to the text in small letters
//	hopof TRACE KIND NAME   sets a variable to the number of the first hop of a kind
func chainCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"chain": chainCommand,
		"incident": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
		},
		"lower": func(ts *testscript.TestScript, _ bool, args []string) { ts.Setenv(args[0], strings.ToLower(args[1])) },
		"hopof": hopOf,
	}
}

func hopOf(ts *testscript.TestScript, _ bool, args []string) {
	var t tracer.Trace
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &t))
	for i := range t.Hops {
		if string(t.Hops[i].Kind) == args[1] {
			ts.Setenv(args[2], itoa(int64(t.Hops[i].Number)))
			return
		}
	}
	ts.Fatalf("%s has no hop of kind %s", args[0], args[1])
}

// ledgers are the nodes of one script.
type ledgers struct {
	tb        testing.TB
	near, far *nodetest.Node
	awaiting  chan struct{} // closed when a stalled block is asked for
}

// ledgersKey is where a script keeps them.
type ledgersKey struct{}

func chainSetup(env *testscript.Env) {
	env.Values[ledgersKey{}] = &ledgers{tb: env.T().(testing.TB)}
}

func chainCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: chain start|theft|cross|wrap|mine|reorg|without|guard|dies|stall|stalled")
	}
	l := ts.Value(ledgersKey{}).(*ledgers)
	switch args[0] {
	case "start":
		l.start(ts, nodetest.Kind(args[1]), slices.Contains(args[2:], "FAR"))
	case "theft":
		l.theft(ts)
	case "cross":
		l.cross(ts)
	case "wrap":
		l.wrap(ts)
	case "mine":
		l.near.Skip(atoi(ts, args[1]))
	case "reorg":
		l.near.Reorg(atoi(ts, args[1]))
	case "without":
		ts.Setenv("POOR", l.near.Proxy(l.tb, nodetest.Tamper{Refuse: nodetest.NoMethod(args[1:]...)}))
	case "guard":
		l.guard(ts, args[1])
	case "dies":
		l.dies(ts, int64(atoi(ts, args[1])), args[2])
	case "stall":
		l.stall(ts, int64(atoi(ts, args[1])))
	case "stalled":
		<-l.awaiting
	default:
		ts.Fatalf("chain %s: unknown", args[0])
	}
}

// The contracts that stand on both chains from block 0 on (contracts_script_test.go).
var (
	tokenAt  = common.HexToAddress("0x00000000000000000000000000000000000070Ce")
	shopAt   = common.HexToAddress("0x00000000000000000000000000000000000050b0")
	bridgeAt = common.HexToAddress("0x00000000000000000000000000000000000b41d6")
	wrapsAt  = common.HexToAddress("0x000000000000000000000000000000000000a44a")
)

// Who takes part, by key.
const (
	victim   = 1
	stranger = 2
	// Those have nothing at block 0.
	thief  = nodetest.Funded
	helper = nodetest.Funded + 1
)

func (l *ledgers) start(ts *testscript.TestScript, kind nodetest.Kind, far bool) {
	slot := func(a common.Address) common.Hash { return common.BytesToHash(a[:]) }
	holds := func(units int64) common.Hash { return common.BytesToHash(nodetest.Word(units)) }
	o := nodetest.Options{Alloc: types.GenesisAlloc{
		tokenAt: {Balance: new(big.Int), Code: tokenCode(), Storage: map[common.Hash]common.Hash{
			slot(nodetest.Account(victim)): holds(1_000_000_000), slot(shopAt): holds(5_000_000_000), slot(bridgeAt): holds(5_000_000_000)}},
		shopAt:   {Balance: new(big.Int), Code: shopCode()},
		bridgeAt: {Balance: new(big.Int), Code: bridgeCode()},
		wrapsAt:  {Balance: new(big.Int), Code: wrapsCode()},
	}}
	if far {
		o.ChainID = 1338
		l.far = nodetest.Start(l.tb, kind, o)
		ts.Setenv("FARRPC", l.far.URL)
		ts.Setenv("FARCHAIN", string(l.far.Chain))
		return
	}
	l.near = nodetest.Start(l.tb, kind, o)
	ts.Setenv("RPC", l.near.URL)
	ts.Setenv("WS", l.near.WS)
	ts.Setenv("CHAIN", string(l.near.Chain))
}

// theft pays 5 coins and 100 of a token to the thief, who sells 2 coins for the token, pays both on,
// fails once, and pays through a contract.
func (l *ledgers) theft(ts *testscript.TestScript) {
	const coin = 1_000_000_000_000_000_000
	n := l.near
	n.Skip(2)
	n.Pay(stranger, nodetest.Account(thief), coin) // what it pays its fees with
	n.Mine()
	name := func(key int) string { return evm.FormatAddress(n.Chain, evm.Address(nodetest.Account(key))) }
	from := n.Height() + 1
	native := n.Pay(victim, nodetest.Account(thief), 5*coin)
	n.Mine()
	token := n.Call(victim, tokenAt, 0, transferTo(nodetest.Account(thief), 100_000_000))
	n.Mine()
	swap := n.Call(thief, shopAt, 2*coin)
	n.Mine()
	part := n.Call(thief, tokenAt, 0, transferTo(nodetest.Account(helper), 40_000_000))
	paid := n.Pay(thief, nodetest.Account(helper), coin)
	n.Mine()
	n.Call(stranger, tokenAt, 0, transferTo(nodetest.Account(helper), 9_000_000_000)) // has not as much: fails
	n.Mine()
	n.Skip(2)
	n.Succeeded(native, token, swap, part, paid)
	ts.Setenv("THEFT", native.Hash().Hex())
	ts.Setenv("TAKEN", token.Hash().Hex())
	ts.Setenv("SWAP", swap.Hash().Hex())
	ts.Setenv("THIEF", name(thief))
	ts.Setenv("HELPER", name(helper))
	ts.Setenv("TOKEN", tokenAt.Hex())
	ts.Setenv("SEED", string(n.Chain)+":"+native.Hash().Hex()+":"+name(thief))
	ts.Setenv("TOKENSEED", string(n.Chain)+":"+token.Hash().Hex()+":"+name(thief)+":"+tokenAt.Hex())
	ts.Setenv("FROM", itoa(from))
}

// cross takes 30 of the token over the bridge: message 7 of a protocol that numbers chains as
// EIP-155 does.
func (l *ledgers) cross(ts *testscript.TestScript) {
	me := nodetest.AddressWord(nodetest.Account(thief))
	token := nodetest.AddressWord(tokenAt)
	message := nodetest.Word(7)
	out := l.near.Call(thief, bridgeAt, 0, message, me, me, token, nodetest.Word(30_000_000),
		common.LeftPadBytes(l.far.ChainID.Bytes(), 32), nodetest.Word(1), nodetest.Word(0))
	l.near.Mine()
	l.far.Pay(stranger, nodetest.Account(thief), 1_000_000_000_000_000_000)
	l.far.Mine()
	in := l.far.Call(stranger, bridgeAt, 0, nodetest.Word(99), me, me, token, nodetest.Word(29_000_000),
		common.LeftPadBytes(l.near.ChainID.Bytes(), 32), message)
	l.far.Mine()
	spent := l.far.Call(thief, tokenAt, 0, transferTo(nodetest.Account(helper), 11_000_000))
	l.far.Mine()
	l.near.Succeeded(out)
	l.far.Succeeded(in, spent)
	ts.Setenv("OUT", out.Hash().Hex())
	ts.Setenv("IN", in.Hash().Hex())
	ts.Setenv("BRIDGE", bridgeAt.Hex())
}

// wrap lets the thief wrap 1 coin.
func (l *ledgers) wrap(ts *testscript.TestScript) {
	tx := l.near.Call(thief, wrapsAt, 1_000_000_000_000_000_000)
	l.near.Mine()
	l.near.Succeeded(tx)
	ts.Setenv("WRAPPER", wrapsAt.Hex())
}

// guard lets through who shows a token that is signed with the secret.
func (l *ledgers) guard(ts *testscript.TestScript, file string) {
	secret := strings.TrimSpace(ts.ReadFile(file))
	url := l.near.Guard(l.tb, func(h http.Header) bool { return signedWith(h.Get("Authorization"), secret) })
	ts.Setenv("GUARDED", url)
	ts.Setenv("GUARDEDWS", strings.Replace(url, "http", "ws", 1))
}

// dies breaks connections once a method was called often enough.
func (l *ledgers) dies(ts *testscript.TestScript, calls int64, method string) {
	var met atomic.Int64
	ts.Setenv("DYING", l.near.Proxy(l.tb, nodetest.Tamper{Status: func(asked []nodetest.Question) (int, string) {
		for _, q := range asked {
			if q.Method == method {
				met.Add(1)
			}
		}
		if met.Load() > calls {
			panic(http.ErrAbortHandler)
		}
		return http.StatusOK, ""
	}}))
}

// stall puts a proxy before the node that lets the receipts of n blocks pass and holds the others
// until the script ends.
func (l *ledgers) stall(ts *testscript.TestScript, n int64) {
	release := make(chan struct{})
	l.awaiting = make(chan struct{})
	var once sync.Once
	var passed atomic.Int64
	url := l.near.Proxy(l.tb, nodetest.Tamper{Refuse: func(q nodetest.Question) *nodetest.Refusal {
		if q.Method == "eth_getBlockReceipts" && passed.Add(1) > n {
			once.Do(func() { close(l.awaiting) })
			<-release
		}
		return nil
	}})
	l.tb.Cleanup(func() { close(release) })
	ts.Setenv("STALLED", url)
}
