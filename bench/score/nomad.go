package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"clew/chains"
	"clew/chains/evm"
)

// nomadChains are the two ends of the data, by the bridge's own numbers.
var nomadChains = map[string]chains.Chain{"6648936": "ethereum", "1650811245": "eip155:1284"}

// The bridge's contracts on Ethereum and Moonbeam.
var (
	nomadRouter = common.HexToAddress("0x88A69B4E698A4B090DF6CF5Bd7B2D47325Ad30A3")
	nomadFar    = common.HexToAddress("0xD3dfD3eDe74E0DCEBC1AA685e151332857efCe2d")
	nomadHome   = common.HexToAddress("0x8F184D6Aa1977fd2F9d9024317D0ea5cF5815b6f")
)

// nomadRow is one side of a transfer as the data's tables have it.
type nomadRow struct{ tx, id, token, recipient, amount, sender, from, to string }

// scoreNomad writes the rows of both sides back as the logs that they were read from, decodes
// those, and compares what joins with the list of matched withdrawals.
func scoreNomad(shared string, out io.Writer) error {
	var b bytes.Buffer
	dir := filepath.Join(shared, "bridges", "nomad")
	matched, err := tabs(dir, "CCTX_Withdrawal")
	if err != nil {
		return err
	}
	sent, arrived, err := nomadSides(dir)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, s := range sent {
		have[s.tx+" "+s.event.Key] = true
	}
	want, only := map[string]string{}, 0
	for _, r := range matched {
		row := nomadRow{tx: r[2], id: r[6], token: r[7], recipient: r[10], amount: r[11], sender: r[9], from: r[0], to: r[3]}
		s, err := row.departure()
		if err != nil {
			return err
		}
		at := s.tx + " " + s.event.Key
		want[at] = r[5]
		if !have[at] {
			only++
			sent = append(sent, s)
		}
	}
	joined := join(sent, arrived)
	right, wrong, missing := 0, 0, 0
	for at, tx := range want {
		switch joined[at] {
		case tx:
			right++
		case "":
			missing++
		default:
			wrong++
		}
	}
	fmt.Fprintf(&b, "| what | n |\n|---|---|\n| matched withdrawals | %d |\n| joined with the same transaction | %d |\n| missing | %d |\n| joined with another one | %d |\n", len(want), right, missing, wrong)
	fmt.Fprintf(&b, "| joined beyond the list | %d |\n| of the matched, whose departure stands only in the list itself | %d |\n", len(joined)-right-wrong, only)
	if err := nomadTheft(dir, sent, joined, &b); err != nil {
		return err
	}
	_, err = out.Write(b.Bytes())
	return err
}

// nomadSides reads the events of both sides, those without a match among them.
func nomadSides(dir string) (sent, arrived []side, err error) {
	source, err := tabs(dir, "TC_ValidERC20TokenWithdrawal")
	if err != nil {
		return nil, nil, err
	}
	for _, r := range source {
		row := nomadRow{tx: r[1], id: r[2], token: r[6], recipient: r[5], amount: r[11], sender: r[3], from: r[9], to: r[8]}
		s, err := row.departure()
		if err != nil {
			return nil, nil, err
		}
		sent = append(sent, s)
	}
	target, err := tabs(dir, "SC_ValidERC20TokenWithdrawal")
	if err != nil {
		return nil, nil, err
	}
	for _, r := range target {
		row := nomadRow{tx: r[1], id: r[2], token: r[4], recipient: r[3], amount: r[6], from: "1650811245", to: r[5]}
		s, err := row.arrival()
		if err != nil {
			return nil, nil, err
		}
		arrived = append(arrived, s)
	}
	return sent, arrived, nil
}

// nomadTheft reports how many withdrawals of the theft join with a message that was sent.
func nomadTheft(dir string, sent []side, joined map[string]string, b *bytes.Buffer) error {
	rows, err := commas(filepath.Join(dir, "attacks.csv"))
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, s := range sent {
		ids[s.event.Key] = true
	}
	taken := map[string]bool{}
	for _, tx := range joined {
		taken[tx] = true
	}
	reused, hops := 0, 0
	for _, r := range rows[1:] {
		if ids["1650811245/6648936/"+r[3]] {
			reused++
		}
		if taken[r[2]] {
			hops++
		}
	}
	fmt.Fprintf(b, "| withdrawals of the theft | %d |\n| of these with the id of a message that was sent | %d |\n| of these joined | %d |\n", len(rows)-1, reused, hops)
	return nil
}

// departure is the row as the logs Dispatch and Send, decoded.
func (r *nomadRow) departure() (side, error) {
	from, to, nonce, amount, err := r.numbers()
	if err != nil {
		return side{}, err
	}
	wide := func(a string) []byte { return common.LeftPadBytes(common.FromHex(a), 32) }
	message := slices.Concat(from, common.LeftPadBytes(nomadFar[:], 32), nonce, to, common.LeftPadBytes(nomadRouter[:], 32),
		to, wide(r.token), []byte{3}, wide(r.recipient), amount, make([]byte, 32))
	dispatch := evm.Log{Address: nomadHome, Topics: [][32]byte{
		topic("Dispatch(bytes32,uint256,uint64,bytes32,bytes)"), hashOf(message), {}, [32]byte(common.LeftPadBytes(slices.Concat(to, nonce), 32)),
	}}
	size := common.LeftPadBytes([]byte{byte(len(message))}, 32)
	dispatch.Data = slices.Concat(make([]byte, 32), common.LeftPadBytes([]byte{64}, 32), size, common.RightPadBytes(message, (len(message)+31)/32*32))
	send := evm.Log{Address: nomadFar, Index: 1, Topics: [][32]byte{
		topic("Send(address,address,uint32,bytes32,uint256,bool)"), [32]byte(wide(r.token)), [32]byte(wide(r.sender)), [32]byte(common.LeftPadBytes(to, 32)),
	}}
	send.Data = slices.Concat(wide(r.recipient), amount, make([]byte, 32))
	return r.read(nomadChains[r.from], dispatch, send)
}

// arrival is the row as the log Receive, decoded.
func (r *nomadRow) arrival() (side, error) {
	from, _, nonce, amount, err := r.numbers()
	if err != nil {
		return side{}, err
	}
	l := evm.Log{Address: nomadRouter, Topics: [][32]byte{
		topic("Receive(uint64,address,address,address,uint256)"), [32]byte(common.LeftPadBytes(slices.Concat(from, nonce), 32)),
		[32]byte(common.LeftPadBytes(common.FromHex(r.token), 32)), [32]byte(common.LeftPadBytes(common.FromHex(r.recipient), 32)),
	}}
	l.Data = slices.Concat(make([]byte, 32), amount)
	return r.read(nomadChains[r.to], l)
}

// read decodes the logs of a row, which must give one event.
func (r *nomadRow) read(chain chains.Chain, logs ...evm.Log) (side, error) {
	at := evm.Scene{Chain: chain, Tx: chains.TxID(common.HexToHash(r.tx))}
	events := evm.Events(at, logs)
	if len(events) != 1 {
		return side{}, fmt.Errorf("withdrawal %s in %s: %d events were read, want 1", r.id, r.tx, len(events))
	}
	return side{r.tx, events[0]}, nil
}

// numbers are the row's domains, id and amount as bytes of their width.
func (r *nomadRow) numbers() (from, to, nonce, amount []byte, err error) {
	fixed := func(text string, n int) []byte {
		v, bad := uint256.FromDecimal(text)
		if bad != nil || len(v.Bytes()) > n {
			err = errors.Join(err, fmt.Errorf("withdrawal %s in %s: %q is no number of %d bytes", r.id, r.tx, text, n))
			return make([]byte, n)
		}
		return common.LeftPadBytes(v.Bytes(), n)
	}
	from, to, nonce, amount = fixed(r.from, 4), fixed(r.to, 4), fixed(r.id, 4), fixed(r.amount, 32)
	return from, to, nonce, amount, err
}

func topic(event string) [32]byte { return hashOf([]byte(event)) }

func hashOf(b []byte) [32]byte { return crypto.Keccak256Hash(b) }

// tabs reads a packed table of the data.
func tabs(dir, name string) (rows [][]string, err error) {
	err = lines(filepath.Join(dir, name+".tsv.gz"), func(line []byte) error {
		rows = append(rows, strings.Split(string(line), "\t"))
		return nil
	})
	return rows, err
}
