package atlanta

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// Native is the asset of a chain's own coin.
const Native = "native"

// Notice stands on everything that is made from the replica.
const Notice = "REPLICA. A play on two local chains. The amounts, the order and the means of the theft are public; " +
	"every account, and everything behind step 3, is invented. Nothing is said about any person."

// Truth is who did what: what a trace of the replica can be compared with. Amounts are in
// smallest units. Lists are in the order in which things happened; accounts by name.
type Truth struct {
	Schema      string        `json:"schema"`
	Synthetic   bool          `json:"synthetic"`
	Notice      string        `json:"notice"`
	Seed        string        `json:"seed"`
	Chains      []ChainTruth  `json:"chains"`
	Accounts    []Person      `json:"accounts"`
	Contracts   []House       `json:"contracts"`
	Endowed     []Endowed     `json:"endowed"`
	Steps       []Step        `json:"steps"`
	Acts        []Acted       `json:"acts"`
	Stolen      []Stolen      `json:"stolen"`
	Swaps       []*Swapped    `json:"swaps"`
	Bridges     []*Bridged    `json:"bridges"`
	Mixers      []*Mixed      `json:"mixers"`
	Holdings    []Holding     `json:"holdings"`
	Unaccounted []Unaccounted `json:"unaccounted"`
}

// ChainTruth is one chain as it was played.
type ChainTruth struct {
	Chain        string `json:"chain"`
	CAIP2        string `json:"caip2"`
	First        int64  `json:"first"` // block, without transactions
	Last         int64  `json:"last"`
	LastHash     string `json:"last_hash"`
	Transactions int    `json:"transactions"`
}

// Person is an account with its owner. The key is the same on both chains.
type Person struct {
	Name    string `json:"name"`
	Owner   string `json:"owner"`
	Address string `json:"address"`
}

// House is a contract. Public says that its address is the one that the public chain has there,
// with the replica's own code.
type House struct {
	Chain   string `json:"chain"`
	Name    string `json:"name"`
	Address string `json:"address"`
	Public  bool   `json:"public_address"`
}

// Endowed is native coin that an account had from the start, without a transaction.
type Endowed struct {
	Chain   string `json:"chain"`
	Address string `json:"address"`
	Asset   string `json:"asset"`
	Units   string `json:"units"`
}

// Step is a step of the case.
type Step struct {
	Number int    `json:"number"`
	Says   string `json:"says"`
}

// Acted is one act of the script, in its words.
type Acted struct {
	Step   int    `json:"step"`
	Chain  string `json:"chain"`
	Height int64  `json:"height"`
	Time   string `json:"time"`
	TxID   string `json:"txid"`
	Who    string `json:"who"`
	Owner  string `json:"owner"`
	Says   string `json:"says"`
	Failed bool   `json:"failed,omitempty"`
}

// Stolen is what the thief received in one removal of liquidity.
type Stolen struct {
	ID      string `json:"id"`
	Chain   string `json:"chain"`
	TxID    string `json:"txid"`
	Address string `json:"address"`
	Asset   string `json:"asset"`
	Units   string `json:"units"`
}

// Leg is an amount of an asset.
type Leg struct {
	Asset string `json:"asset"`
	Units string `json:"units"`
}

// Swapped is a trade. Received is what the last pool paid.
type Swapped struct {
	Chain    string `json:"chain"`
	TxID     string `json:"txid"`
	Owner    string `json:"owner"`
	Giver    string `json:"giver"`
	Receiver string `json:"receiver"`
	Given    Leg    `json:"given"`
	Received Leg    `json:"received"`
}

// End is one end of a passage over the bridge.
type End struct {
	Chain   string `json:"chain"`
	TxID    string `json:"txid"` // "" where nobody has brought the message over
	Account string `json:"account"`
	Asset   string `json:"asset"`
	Units   string `json:"units"`
}

// Bridged is a passage. Key is the message's id, "" while it waits.
type Bridged struct {
	Protocol string `json:"protocol"`
	Key      string `json:"key"`
	Owner    string `json:"owner"` // of the sender
	Out      End    `json:"out"`
	In       End    `json:"in"`
}

// Mixed is a deposit with the withdrawal that belongs to it.
type Mixed struct {
	Owner        string      `json:"owner"` // of the depositor
	Chain        string      `json:"chain"`
	Pool         string      `json:"pool"`
	Denomination string      `json:"denomination"`
	TxID         string      `json:"txid"`
	Depositor    string      `json:"depositor"`
	Withdrawal   *Withdrawal `json:"withdrawal"` // null: it lies there still
}

// Withdrawal is the way out of a mixer.
type Withdrawal struct {
	TxID          string `json:"txid"`
	Recipient     string `json:"recipient"`
	RecipientName string `json:"recipient_name"`
	Relayer       string `json:"relayer,omitempty"`
	Fee           string `json:"fee"`
}

// Holding is what an account has in the end.
type Holding struct {
	Owner   string `json:"owner"`
	Name    string `json:"name"`
	Chain   string `json:"chain"`
	Address string `json:"address"`
	Asset   string `json:"asset"`
	Units   string `json:"units"`
}

// Unaccounted is a part of what was stolen of which the victim's report says nothing, and where
// it lies in the replica.
type Unaccounted struct {
	Asset string `json:"asset"`
	Units string `json:"units"`
	Says  string `json:"says"`
}

func newTruth() *Truth {
	return &Truth{
		Schema: "clew.truth/1", Synthetic: true, Notice: Notice, Seed: Seed,
		Unaccounted: []Unaccounted{
			{Native, "28270" + strings.Repeat("0", 18), "beside clean coin in wallets of the thief, less fees (invented)"},
			{"START", "60000" + strings.Repeat("0", 18), "in thief.cold-start and thief.collector (invented)"},
			{"ELIXIR", "77" + strings.Repeat("0", 16), "in thief.collector, beside clean tokens (invented)"},
		},
	}
}

// acted writes down an act of the script.
func (t *Truth) acted(p *Play, d *doing) {
	t.Acts = append(t.Acts, Acted{
		p.step, d.chain, d.side.Height + 1, p.now.Format(time.RFC3339), d.tx.Hash.Hex(), d.who, owner(d.who),
		d.verb + " " + strings.Join(d.args, " "), d.tx.Fails,
	})
}

func (t *Truth) swapped(d *doing, given *big.Int, to common.Address) {
	t.Swaps = append(t.Swaps, &Swapped{
		Chain: d.chain, TxID: d.tx.Hash.Hex(), Owner: owner(d.who), Giver: d.from.Address.Hex(), Receiver: to.Hex(),
		Given: Leg{d.side.asset(d.args[1]), given.String()}, Received: Leg{Asset: d.side.asset(d.args[2])},
	})
}

func (t *Truth) bridging(d *doing, far *Side, to common.Address, amount *big.Int) *Bridged {
	b := &Bridged{
		Protocol: "nomad", Owner: owner(d.who),
		Out: End{d.chain, d.tx.Hash.Hex(), d.from.Address.Hex(), d.side.asset(d.args[1]), amount.String()},
		In:  End{far.Name, "", to.Hex(), far.asset(d.args[1]), amount.String()},
	}
	t.Bridges = append(t.Bridges, b)
	return b
}

func (t *Truth) mixing(d *doing, pool common.Address, amount *big.Int) *Mixed {
	m := &Mixed{
		Owner: owner(d.who), Chain: d.chain, Pool: pool.Hex(), Denomination: amount.String(), TxID: d.tx.Hash.Hex(),
		Depositor: d.from.Address.Hex(),
	}
	t.Mixers = append(t.Mixers, m)
	return m
}

// caip2 is the name that a chain's number has everywhere.
func caip2(id uint64) string { return "eip155:" + strconv.FormatUint(id, 10) }

// JSON returns the truth as a file.
func (t *Truth) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return nil, fmt.Errorf("truth: %w", err)
	}
	return append(data, '\n'), nil
}
