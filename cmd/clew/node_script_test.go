package main

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/store"
	"clew/tracer"
)

// nodeCommands let a script use a real node of its own, a bitcoind unless $KIND says otherwise:
//
//	node start [ARGS…]   starts it with these and $ARGS and sets $RPC, $HOSTPORT, $COOKIE, $BLOCKS, $DATADIR, $CHAIN
//	node login           sets the variables with which clew reaches it
//	node theft           plays a theft, and sets $SEED, $THIEF (an address), $FROM, $MERGE
//	node wallet          lets a wallet spend from $A1 and $A2 together, then from $A2, $A3 and $W0, with $W1 inside; sets $FIRST, $SECOND
//	node mixed           plays one that meets what heuristics know, and sets $SEED, $MIX, $SHOP (an address)
//	node mine N          mines N empty blocks
//	node reorg N         takes N blocks back, mines N+1 others, and sets $FORK
//	node stop            stops it
//	node restart [ARGS…] stops it and starts it with these too, on the same port
//	node stall N         sets $STALLED to a URL whose blocks after the Nth never come
//	node service WHAT…   sets $SERVICE to a URL of the node with a peculiarity (node_service_test.go)
//	node stalled         waits until a block is asked for there
//	lock FILE            opens a store and loads into it until the script ends
//	samestore A B        wants the same blocks in two stores
//	sametraced A B       wants the same endpoints and conserving amounts in two traces
//	samefacts A B        wants two traces that differ in nothing but how the blocks were read
func nodeCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"node":       nodeCommand,
		"lock":       lockStore,
		"samestore":  sameStore,
		"sametraced": sameTraced,
		"samefacts":  sameFacts,
	}
}

// played is the node of one script.
type played struct {
	tb       testing.TB
	node     *nodetest.Node
	awaiting chan struct{} // closed when a stalled block is asked for
}

// playedKey is where a script keeps its node.
type playedKey struct{}

func nodeSetup(env *testscript.Env) {
	env.Values[playedKey{}] = &played{tb: env.T().(testing.TB)}
}

func nodeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: node start|login|theft|mine|reorg|stop|restart|stall|stalled|service")
	}
	p := ts.Value(playedKey{}).(*played)
	switch args[0] {
	case "start":
		p.node = nodetest.Start(p.tb, nodetest.Options{
			Kind: nodetest.Kind(ts.Getenv("KIND")), Args: append(args[1:], strings.Fields(ts.Getenv("ARGS"))...),
		})
		ts.Setenv("RPC", p.node.URL)
		ts.Setenv("CHAIN", string(p.node.Chain))
		ts.Setenv("HOSTPORT", strings.TrimPrefix(p.node.URL, "http://"))
		ts.Setenv("COOKIE", p.node.CookieFile)
		ts.Setenv("BLOCKS", p.node.BlocksDir)
		ts.Setenv("DATADIR", p.node.DataDir)
	case "login":
		p.login(ts)
	case "stop":
		p.node.Stop()
	case "restart":
		p.node.Restart(args[1:]...)
	case "mine":
		p.node.Skip(atoi(ts, args[1]))
	case "reorg":
		p.reorganise(atoi(ts, args[1]))
		ts.Setenv("FORK", itoa(p.node.Height()-int64(atoi(ts, args[1]))-1))
	case "theft":
		p.theft(ts)
	case "mixed":
		p.mixed(ts)
	case "wallet":
		p.wallet(ts)
	case "purse":
		p.purse(ts)
	case "stall":
		p.stall(ts, atoi(ts, args[1]))
	case "service":
		p.service(ts, args[1:])
	case "stalled":
		<-p.awaiting
	default:
		ts.Fatalf("node %s: unknown", args[0])
	}
}

// login sets the node's URL and credentials as variables of clew.
func (p *played) login(ts *testscript.TestScript) {
	o := p.node.Options()
	for name, value := range map[string]string{
		"rpc": p.node.URL, "rpc-cookie": o.CookieFile, "rpc-user": o.User, "rpc-password": o.Password, "rpc-ca": o.CAFile,
	} {
		ts.Setenv((&option{name: name}).env(), value)
	}
}

func atoi(ts *testscript.TestScript, text string) int {
	var n int
	ts.Check(json.Unmarshal([]byte(text), &n))
	return n
}

// theft pays 30 coins to the thief, who splits them, merges a part with other money, and
// peels twice.
func (p *played) theft(ts *testscript.TestScript) {
	const coin = 100_000_000
	pay := func(n int, value uint64) nodetest.Pay {
		return nodetest.Pay{To: nodetest.P2WPKH(n), Value: value}
	}
	spend := func(coins []nodetest.Coin, pays ...nodetest.Pay) nodetest.Tx {
		tx := nodetest.Spend(p.tb, coins, pays...)
		p.node.MineBlock(nodetest.Anyone(0), tx)
		return tx
	}
	money := p.node.Fund(nodetest.P2WPKH(1), 2)
	from := p.node.Height() + 1
	thief := nodetest.P2TR(2)
	stolen := spend(money[:1], nodetest.Pay{To: thief, Value: 30 * coin}, pay(1, 19*coin))
	split := spend(stolen.Coins[:1], pay(3, 12*coin), pay(4, 11*coin), pay(5, 6*coin))
	merged := spend([]nodetest.Coin{split.Coins[0], money[1]}, pay(6, 40*coin), pay(7, 21*coin))
	peeled := spend(split.Coins[1:2], pay(8, coin), pay(9, 9*coin))
	spend(peeled.Coins[1:2], pay(10, coin), pay(11, 7*coin))
	ts.Setenv("SEED", string(p.node.Chain)+":"+stolen.ID.String()+":0")
	ts.Setenv("TXID", stolen.ID.String())
	ts.Setenv("MERGE", merged.ID.String())
	ts.Setenv("THIEF", bitcoin.FormatAddress(p.node.Chain, thief.Address()))
	ts.Setenv("FROM", itoa(from))
}

func itoa(n int64) string { return strings.ReplaceAll(grouped(n), ",", "") }

func (p *played) reorganise(n int) {
	height := p.node.Height()
	p.node.Invalidate(p.node.HashAt(height - int64(n) + 1))
	for range n + 1 {
		// Empty blocks on another branch, whose coinbases pay elsewhere.
		p.node.Mine(1, nodetest.Anyone(7))
	}
}

// stall puts a proxy before the node that lets n blocks pass and holds the others until
// the script ends.
func (p *played) stall(ts *testscript.TestScript, n int) {
	release := make(chan struct{})
	p.awaiting = make(chan struct{})
	var once sync.Once
	var mu sync.Mutex
	passed := 0
	url := p.node.Proxy(p.tb, nodetest.Tamper{Ask: func(q *nodetest.Question) {
		if !strings.HasPrefix(q.Path, "/rest/block/") && q.Method != "getblock" {
			return
		}
		mu.Lock()
		passed++
		held := passed > n
		mu.Unlock()
		if held {
			once.Do(func() { close(p.awaiting) })
			<-release
		}
	}})
	p.tb.Cleanup(func() { close(release) })
	ts.Setenv("STALLED", url)
}

// lockStore loads into a store from this process, so that no other may.
func lockStore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock FILE")
	}
	tb := ts.Value(playedKey{}).(*played).tb
	st, err := store.Open(tb.Context(), ts.MkAbs(args[0]), store.Options{Create: true})
	ts.Check(err)
	loader, err := st.Load(tb.Context(), "bitcoin-regtest")
	ts.Check(err)
	ts.Defer(func() {
		ts.Check(loader.Close())
		ts.Check(st.Close())
	})
}

// sameStore compares the dumps of two stores.
func sameStore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samestore FILE OTHER")
	}
	tb := ts.Value(playedKey{}).(*played).tb
	var dumps [2]strings.Builder
	for i, file := range args {
		st, err := store.Open(tb.Context(), ts.MkAbs(file), store.Options{})
		ts.Check(err)
		ts.Check(st.Dump(tb.Context(), &dumps[i]))
		ts.Check(st.Close())
	}
	if dumps[0].Len() == 0 || dumps[0].String() != dumps[1].String() {
		ts.Fatalf("%s and %s have other blocks, or none: %d and %d bytes", args[0], args[1], dumps[0].Len(), dumps[1].Len())
	}
}

// sameTraced compares where two traces end, rule by rule.
func sameTraced(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sametraced TRACE TRACE")
	}
	a, b := conserved(ts, args[0]), conserved(ts, args[1])
	if a != b {
		ts.Fatalf("%s and %s end differently:\n%s\n%s", args[0], args[1], a, b)
	}
}

// conserved writes the endpoints that conserving rules reach, one a line.
func conserved(ts *testscript.TestScript, file string) string {
	text, err := os.ReadFile(ts.MkAbs(file))
	ts.Check(err)
	var t tracer.Trace
	ts.Check(json.Unmarshal(text, &t))
	var b strings.Builder
	for _, e := range t.Endpoints {
		line, reached := string(e.Reason)+" "+e.Node+" "+string(e.Asset)+" "+e.Position, false
		if e.TxID != nil {
			line += " " + e.TxID.String()
		}
		for _, r := range t.Rules {
			if a, ok := e.Traced.Get(r); r.Conserves() {
				line += " " + a.String()
				reached = reached || !ok || a != chains.Amount{}
			}
		}
		if reached {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
