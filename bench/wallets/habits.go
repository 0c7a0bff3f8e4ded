package wallets

import (
	"slices"

	"clew/chains"
)

// position says where a program puts the change.
type position uint8

const (
	anywhere position = iota // Bitcoin Core: at random
	last
	first
	sorted // BIP 69: inputs by outpoint, outputs by value and script
)

// locking says what a program writes as locktime.
type locking uint8

const (
	never    locking = iota
	atHeight         // against fee sniping: the height, in one of ten up to 100 below
)

// habit is what the transactions of a program have in common.
type habit struct {
	version      int32
	locking      locking
	sequence     uint32
	lowR         bool // signatures are made again until r is small
	uncompressed bool
	position     position
	form         chains.ScriptType // of the addresses that it gives out
	m, n         uint8             // of its scripts, where several keys sign
	// likePayment: the change has the type of the payment (Bitcoin Core, where the wallet has such keys).
	likePayment bool
	// oneAddress: everything comes to one address, the change too.
	oneAddress bool
	again      int // of a hundred payers, so many are given an address that was given out before
	choose     chooser
	fee        int // percent of the block's rate that it pays
	round      int // of a hundred payments, so many are of a round amount
}

// The final sequence, that of a locktime in force, and that of a replaceable transaction.
const (
	final       = 0xffffffff
	lockable    = 0xfffffffe
	replaceable = 0xfffffffd
)

// lockTime returns the locktime of a transaction made now.
func (h habit) lockTime(p *play) uint32 {
	if h.locking == never {
		return 0
	}
	at := p.height - 1
	if p.rng.IntN(10) == 0 {
		at -= int64(p.rng.IntN(100))
	}
	return uint32(at)
}

// kinds of wallets, and how many of each there are.
type population struct {
	name  string
	n     int
	role  role
	habit habit
}

// role is what a wallet does beside being paid.
type role uint8

const (
	person role = iota
	exchange
	custodian
	processor
	launderer
	joinMarket
	wasabi1
	wasabi2
	whirlpool
	coordinator
)

// populations are the wallets of a world, in order.
func populations() []population {
	core := habit{version: 2, locking: atHeight, sequence: replaceable, lowR: true, form: chains.ScriptP2WPKH, likePayment: true, again: 3, choose: knapsack, fee: 100, round: 25}
	quiet := core
	quiet.sequence = lockable
	taproot := core
	taproot.form = chains.ScriptP2TR
	old := habit{version: 1, locking: atHeight, sequence: lockable, form: chains.ScriptP2PKH, again: 10, choose: knapsack, fee: 120, round: 30}
	electrum := habit{version: 2, locking: atHeight, sequence: replaceable, lowR: true, position: sorted, form: chains.ScriptP2WPKH, again: 10, choose: buckets, fee: 90, round: 35}
	electrumOld := electrum
	electrumOld.form, electrumOld.version, electrumOld.lowR, electrumOld.sequence = chains.ScriptP2PKH, 1, false, lockable
	mobile := habit{version: 1, sequence: final, position: last, form: chains.ScriptP2PKH, again: 30, choose: oldest, fee: 150, round: 40}
	phone := habit{version: 1, sequence: final, position: first, form: chains.ScriptP2SH, again: 10, choose: largest, fee: 110, round: 30}
	hardware := habit{version: 1, sequence: replaceable, position: last, form: chains.ScriptP2SH, again: 5, choose: oldest, fee: 100, round: 30}
	web := habit{version: 1, sequence: final, uncompressed: true, position: last, form: chains.ScriptP2PKH, oneAddress: true, again: 100, choose: largest, fee: 130, round: 40}
	market := habit{version: 2, sequence: lockable, position: anywhere, form: chains.ScriptP2WPKH, choose: buckets, locking: atHeight, fee: 100, round: 10}
	wasabi := habit{version: 1, sequence: final, position: anywhere, form: chains.ScriptP2WPKH, choose: largest, fee: 100, round: 10, lowR: true}
	samourai := habit{version: 1, sequence: final, position: sorted, form: chains.ScriptP2WPKH, choose: largest, fee: 110, round: 10}
	return append(services(), []population{
		{"core", 8, person, core}, {"core without replacement", 8, person, quiet}, {"core taproot", 4, person, taproot},
		{"core of 2016", 6, person, old}, {"electrum", 12, person, electrum}, {"electrum of 2017", 5, person, electrumOld},
		{"mobile, change last", 14, person, mobile}, {"mobile, change first", 7, person, phone},
		{"hardware", 10, person, hardware}, {"web, one address", 8, person, web},
		{"joinmarket", 14, joinMarket, market}, {"wasabi 1", 26, wasabi1, wasabi}, {"wasabi 2", 22, wasabi2, wasabi},
		{"whirlpool", 9, whirlpool, samourai}, {"coordinator", 1, coordinator, wasabi},
	}...)
}

// services are the wallets of firms, and those of launderers.
func services() []population {
	hot := habit{version: 2, sequence: final, position: last, form: chains.ScriptP2PKH, oneAddress: true, again: 100, choose: largest, fee: 200, round: 20}
	nested := habit{version: 1, sequence: final, position: first, form: chains.ScriptP2SH, again: 100, choose: oldest, fee: 180, round: 20}
	native := habit{version: 2, locking: atHeight, sequence: replaceable, lowR: true, form: chains.ScriptP2WPKH, again: 100, choose: smallest, fee: 100, round: 20}
	vault := habit{version: 1, sequence: final, position: anywhere, form: chains.ScriptP2SH, m: 2, n: 3, choose: knapsack, fee: 120, round: 40}
	vaultSegwit := vault
	vaultSegwit.form, vaultSegwit.lowR = chains.ScriptP2WSH, true
	pays := habit{version: 2, sequence: replaceable, position: last, form: chains.ScriptP2SH, choose: smallest, fee: 80, round: 10}
	peels := habit{version: 2, locking: atHeight, sequence: lockable, lowR: true, form: chains.ScriptP2WPKH, choose: largest, fee: 130, round: 50}
	peelsOld := habit{version: 1, sequence: final, position: last, form: chains.ScriptP2PKH, choose: largest, fee: 130, round: 50}
	return []population{
		{"exchange, one hot address", 1, exchange, hot}, {"exchange, nested segwit", 1, exchange, nested}, {"exchange, segwit", 1, exchange, native},
		{"custodian, 2 of 3", 3, custodian, vault}, {"custodian, 2 of 3 segwit", 3, custodian, vaultSegwit},
		{"payment processor", 2, processor, pays}, {"launderer", 3, launderer, peels}, {"launderer of 2016", 2, launderer, peelsOld},
	}
}

// wallet is one owner's program and purse.
type wallet struct {
	id    int
	role  role
	habit habit
	coins []coin
	given []*lock // addresses that it gave out
	desk  *lock   // the one address, of a wallet that has one
	// payers are an exchange's customers with the address at which each pays in.
	payers map[int]*lock
}

// settle makes the wallets.
func (p *play) settle() {
	for _, k := range populations() {
		for range k.n {
			w := &wallet{id: len(p.wallets), role: k.role, habit: k.habit, payers: map[int]*lock{}}
			p.wallets = append(p.wallets, w)
			p.world.Names = append(p.world.Names, k.name)
		}
	}
}

// begin lets every wallet mine what it starts with: firms more than people.
func (p *play) begin() {
	for _, w := range p.wallets {
		n := 2
		if w.role == exchange || w.role == custodian {
			n = 12
		}
		for range n {
			p.open(w)
		}
	}
}

// receive returns an address of w for somebody who pays.
func (w *wallet) receive(p *play) *lock {
	h := w.habit
	if h.oneAddress {
		if w.desk == nil {
			w.desk = p.lock(w.id, h.form, h.m, h.n)
		}
		return w.desk
	}
	if len(w.given) > 0 && p.rng.IntN(100) < h.again {
		return w.given[p.rng.IntN(len(w.given))]
	}
	l := p.lock(w.id, h.form, h.m, h.n)
	w.given = append(w.given, l)
	return l
}

// back returns where w's change goes in a transaction that pays outs.
func (w *wallet) back(p *play, outs []pay) *lock {
	h := w.habit
	switch {
	case h.oneAddress:
		return w.receive(p)
	case h.likePayment && len(outs) > 0:
		if form := outs[0].lock.form; form == chains.ScriptP2WPKH || form == chains.ScriptP2TR || form == chains.ScriptP2PKH {
			return p.lock(w.id, form, 0, 0)
		}
	}
	return p.lock(w.id, h.form, h.m, h.n)
}

// balance is what lies in an account of the wallet, in coins that are in a block before this one.
func (w *wallet) balance(p *play, depth int) (sum uint64) {
	for _, c := range w.coins {
		if c.depth == depth && c.height < p.height {
			sum += c.value
		}
	}
	return sum
}

// drop takes coins out of the purse.
func (w *wallet) drop(spent []coin) {
	w.coins = slices.DeleteFunc(w.coins, func(c coin) bool {
		return slices.ContainsFunc(spent, func(s coin) bool { return s.out == c.out })
	})
}
