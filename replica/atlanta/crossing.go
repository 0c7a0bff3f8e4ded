package atlanta

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"clew/replica/stage"
)

// domains are the numbers of the two chains in messages: the letters "poly" and "bsc", as such
// bridges form them.
var domains = map[string]uint32{"polygon": 1886350457, "bsc": 6452067}

// other is the chain at the other end of the bridge.
func other(chain string) string {
	if chain == "polygon" {
		return "bsc"
	}
	return "polygon"
}

func (p *Play) bridge(ctx context.Context, d *doing) error {
	amount, err := d.side.units(d.args[0], d.args[1])
	if err != nil {
		return err
	}
	far := p.Chains[other(d.chain)]
	to, err := far.place(d.args[2])
	if err != nil {
		return err
	}
	name := d.args[3]
	if p.notes[name] != nil {
		return fmt.Errorf("note %q stands already", name)
	}
	d.tx = d.side.Do(ctx, d.from, nil, d.side.contracts["bridge"], "send",
		d.side.contracts[d.args[1]].Address, amount, domains[far.Name], common.BytesToHash(to.Bytes()), false)
	p.notes[name] = &note{chain: d.chain, bridged: p.Truth.bridging(d, far, to, amount)}
	return nil
}

// relay brings a message that was mined over to the other chain.
func (p *Play) relay(ctx context.Context, d *doing) error {
	n := p.notes[d.args[0]]
	if n == nil || n.bridged == nil || n.chain == d.chain || n.bridged.Key != "" {
		return fmt.Errorf("no message %q waits for %s", d.args[0], d.chain)
	}
	message, err := p.message(n)
	if err != nil {
		return err
	}
	d.tx = d.side.Do(ctx, d.from, nil, d.side.contracts["bridge"], "process", message)
	n.bridged.Key, n.bridged.In.TxID = crypto.Keccak256Hash(message).Hex(), d.tx.Hash.Hex()
	return nil
}

// message is what the log of the sending transaction carries.
func (p *Play) message(n *note) ([]byte, error) {
	side := p.Chains[n.chain]
	dispatch := crypto.Keccak256Hash([]byte("Dispatch(bytes32,uint256,uint64,bytes32,bytes)"))
	for _, tx := range side.Txs {
		if tx.Hash.Hex() != n.bridged.Out.TxID {
			continue
		}
		for _, log := range tx.Logs {
			if log.Topics[0] == dispatch {
				// committed root, offset, length, bytes
				size := new(big.Int).SetBytes(log.Data[64:96]).Int64()
				return log.Data[96 : 96+size], nil
			}
		}
	}
	return nil, fmt.Errorf("transaction %s sent no message", n.bridged.Out.TxID)
}

func (p *Play) mix(ctx context.Context, d *doing) error {
	name := d.args[1]
	if p.notes[name] != nil {
		return fmt.Errorf("note %q stands already", name)
	}
	pool, err := d.side.contract("pool-" + d.args[0])
	if err != nil {
		return err
	}
	amount, err := stage.Units(d.args[0], 18)
	if err != nil {
		return err
	}
	d.tx = d.side.Do(ctx, d.from, amount, d.side.contracts["mixer-router"], "deposit",
		pool.Address, secret(name, "commitment"), []byte("REPLICA"))
	p.notes[name] = &note{chain: d.chain, pool: d.args[0], mixed: p.Truth.mixing(d, pool.Address, amount)}
	return nil
}

// unmix pays a note out. A fee makes the sender its relayer; without one the sender acts for
// itself, as wallets do that pay their own gas.
func (p *Play) unmix(ctx context.Context, d *doing) error {
	n := p.notes[d.args[0]]
	if n == nil || n.mixed == nil || n.mixed.Withdrawal != nil {
		return fmt.Errorf("no deposit %q waits", d.args[0])
	}
	to, err := d.side.place(d.args[1])
	if err != nil {
		return err
	}
	fee, err := stage.Units(d.args[2], 18)
	if err != nil {
		return err
	}
	var relayer common.Address
	if fee.Sign() > 0 {
		relayer = d.from.Address
	}
	pool := d.side.contracts["pool-"+n.pool]
	d.tx = d.side.Do(ctx, d.from, nil, d.side.contracts["mixer-router"], "withdraw", pool.Address, []byte{}, secret("", "root"),
		secret(d.args[0], "nullifier"), to, relayer, fee, new(big.Int))
	n.mixed.Withdrawal = &Withdrawal{TxID: d.tx.Hash.Hex(), Recipient: to.Hex(), RecipientName: d.args[1], Fee: fee.String()}
	if fee.Sign() > 0 {
		n.mixed.Withdrawal.Relayer = relayer.Hex()
	}
	return nil
}

// secret is a value that only the owner of a note would know.
func secret(parts ...string) [32]byte {
	return crypto.Keccak256Hash([]byte(Seed + "/" + strings.Join(parts, "/")))
}
