package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/chains/rpc"
)

// Of the blocks that a node is filled with: transactions in each, beside the coinbase, of two
// inputs and two outputs; and from what they are drawn.
const (
	nodeTxs  = 2000
	nodeSeed = 11
)

// Ways in which blocks leave a node.
const (
	verbose3 = "getblock 3" // JSON with what is spent
	verbose2 = "getblock 2" // JSON
	asHex    = "getblock 0" // bytes in hex
	byREST   = "REST"       // bytes of a block, and of what it spends
	byFiles  = "files"      // as the node wrote them, from the system's memory
)

// nodeJob is a row of a node's table: what a process does beside the node.
type nodeJob struct {
	job
	way string
	// of are ways of which dropping is the limit of this row; twice is the way of the sync
	// that this one should be twice as fast as, "" for none.
	of    []string
	twice string
	// args are given to the node when it is started again before this row; nil leaves it.
	args []string
}

var (
	nodeDrop = job{"node-drop", (*options).nodeDrop}
	nodeSync = job{"node-sync", (*options).nodeSync}
)

// nodeJobs are the rows of each kind of node, in order. litecoind and btcd do not tell what a
// block spends, so that a sync asks them for bytes.
var nodeJobs = map[nodetest.Kind][]nodeJob{
	nodetest.BitcoinCore: {
		{job: nodeDrop, way: verbose3, args: []string{"-rest=0"}},
		{job: nodeSync, way: verbose3, of: []string{verbose3}},
		{job: nodeDrop, way: asHex},
		{job: nodeDrop, way: byREST, args: []string{"-rest=1"}},
		{job: nodeSync, way: byREST, of: []string{byREST}, twice: verbose3},
		{job: nodeDrop, way: byFiles},
		{job: nodeSync, way: byFiles, twice: verbose3},
	},
	nodetest.LitecoinCore: hexJobs,
	nodetest.Btcd:         hexJobs,
}

var hexJobs = []nodeJob{
	{job: nodeDrop, way: verbose2},
	{job: nodeDrop, way: asHex},
	{job: nodeSync, way: asHex, of: []string{verbose2, asHex}},
}

// filled is a node with blocks, as its jobs find it in their folder.
type filled struct {
	Chain      chains.Chain       `json:"chain"`
	URL        string             `json:"url"`
	CookieFile string             `json:"cookie_file"`
	CAFile     string             `json:"ca_file"`
	User       string             `json:"user"`
	Password   string             `json:"password"`
	BlocksDir  string             `json:"blocks_dir"`
	PID        int                `json:"pid"`
	From       int64              `json:"from"` // height of the first hash
	Hashes     []chains.BlockHash `json:"hashes"`
}

// nodeResult is a kind of node with its rows.
type nodeResult struct {
	Kind    nodetest.Kind
	Missing bool
	Rows    []nodeRow
}

// nodeRow is a row of the page.
type nodeRow struct {
	nodeJob
	result
	beside []string // "82 % of dropping getblock 3"
}

func (o *options) nodeFile() string { return filepath.Join(o.dir, "node.json") }

// allNodes measures every kind of node.
func (o *options) allNodes(ctx context.Context) (all []nodeResult, err error) {
	for _, kind := range nodetest.Kinds() {
		r, err := o.measureNode(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// measureNode starts a node, fills it and runs its jobs.
func (o *options) measureNode(ctx context.Context, kind nodetest.Kind) (r nodeResult, err error) {
	remove, err := o.folder()
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	defer func() { // a node's refusal is a panic where there is no test
		if fault := recover(); fault != nil {
			err = errors.Join(err, fmt.Errorf("the node refuses: %v", fault))
		}
	}()
	fmt.Fprintf(os.Stderr, "bench: %s: %d blocks of %d transactions …\n", kind, o.nodeBlocks, nodeTxs)
	r.Kind = kind
	data := filepath.Join(o.dir, "node")
	if err := os.Mkdir(data, 0o700); err != nil {
		return r, err
	}
	node, err := nodetest.Launch(ctx, nodetest.Options{Kind: kind, DataDir: data})
	if errors.Is(err, nodetest.ErrMissing) {
		fmt.Fprintf(os.Stderr, "bench: %v; its rows are left out\n", err)
		r.Missing = true
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer node.Stop()
	hashes, _ := node.Fill(o.nodeBlocks, nodeTxs, nodeSeed)
	from := node.Height() - int64(len(hashes)) + 1
	for _, j := range nodeJobs[kind] {
		if j.args != nil {
			node.Restart(j.args...)
		}
		if err := o.describe(node, from, hashes); err != nil {
			return r, err
		}
		o.way = j.way
		res, err := o.child(ctx, j.job)
		if err != nil {
			return r, err
		}
		r.Rows = append(r.Rows, nodeRow{nodeJob: j, result: res})
	}
	r.compare()
	return r, nil
}

// describe writes what the jobs must know of a node.
func (o *options) describe(n *nodetest.Node, from int64, hashes []chains.BlockHash) error {
	opt := n.Options()
	text, err := json.Marshal(filled{ //nolint:gosec // the word of a node that runs for this measurement alone
		Chain: n.Chain, URL: n.URL, CookieFile: opt.CookieFile, CAFile: opt.CAFile, User: opt.User, Password: opt.Password,
		BlocksDir: n.BlocksDir, PID: n.PID(), From: from, Hashes: hashes,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(o.nodeFile(), text, 0o600)
}

// readNode returns what describe wrote.
func (o *options) readNode() (f filled, err error) {
	text, err := os.ReadFile(o.nodeFile())
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}

// dial reaches the node as the command does.
func (f *filled) dial(ctx context.Context, inFlight int) (*bitcoin.Node, error) {
	return bitcoin.Dial(ctx, f.Chain, f.URL, bitcoin.Options{CookieFile: f.CookieFile, Options: rpc.Options{
		User: f.User, Password: f.Password, CAFile: f.CAFile, Connections: inFlight,
	}})
}

// compare sets each row beside those that it is measured by.
func (r *nodeResult) compare() {
	rates := map[string]int64{}
	for _, row := range r.Rows {
		rates[row.name+" "+row.way] = row.rate()
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		for _, way := range row.of {
			row.beside = append(row.beside, fmt.Sprintf("%s of dropping %s", percent(row.rate(), rates[nodeDrop.name+" "+way]), way))
		}
		if row.twice != "" {
			row.beside = append(row.beside, fmt.Sprintf("%s of the sync by %s", percent(row.rate(), rates[nodeSync.name+" "+row.twice]), row.twice))
		}
	}
}

// What says what the row is of.
func (r nodeRow) What() string {
	switch {
	case r.name == nodeSync.name && r.way == byFiles:
		return "**sync** from the block files"
	case r.name == nodeSync.name:
		return "**sync** by " + r.way
	case r.way == byFiles:
		return "block files read and dropped"
	}
	return "answers to " + r.way + " dropped"
}

// Beside returns the row's ratios.
func (r nodeRow) Beside() string { return strings.Join(r.beside, ", ") }

// Share returns how much of all cores the node and the job took, while it was measured.
func (r nodeRow) Share() string {
	whole := int64(r.Took) * int64(cores())
	return fmt.Sprintf("%s, %s", percent(int64(r.NodeCPU), whole), percent(int64(r.CPU), whole))
}

// Rate returns transactions a second.
func (r nodeRow) Rate() int64 { return r.rate() }
