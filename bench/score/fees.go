package main

import (
	"fmt"
	"io"
	"strings"

	"clew/chains"
	"clew/chains/evm"
)

// scoreFees compares the fee of each transaction with the accounting's row SPEND/FEE that names
// gas as what was paid for.
func scoreFees(shared string, out io.Writer) error {
	txs, err := transactions(shared)
	if err != nil {
		return err
	}
	list, err := expectations(shared)
	if err != nil {
		return err
	}
	var all, whole tally
	var misses []string
	for _, x := range list {
		tx := txs[key(x.ChainID, x.Tx)]
		for _, row := range x.Events {
			if row.kind() != "SPEND/FEE" || !strings.EqualFold(strings.TrimPrefix(row.Counterparty, "CPT_"), "gas") {
				continue
			}
			account, err := evm.ParseAddress(chains.EVM(x.ChainID), row.Account)
			if err != nil {
				return fmt.Errorf("account of %s: %w", x.Tx, err)
			}
			want, _ := units(row.Amount, 18)
			payer, paid := feeOf(&tx.tx)
			ok := account == payer && paid == want
			all.add(ok)
			if tx.lacksL1 {
				continue
			}
			whole.add(ok)
			if !ok {
				misses = append(misses, fmt.Sprintf("- %s `%s`: the accounting says %s, the receipt %s wei", chains.EVM(x.ChainID), x.Tx, row.Amount, paid))
			}
		}
	}
	fmt.Fprint(out, "| fees, to the wei, and who paid | n | right | rate |\n|---|---|---|---|\n")
	fmt.Fprintf(out, "| all | %d | %d | %s |\n", all.n, all.right, rate(all.right, all.n))
	fmt.Fprintf(out, "| of receipts that say what the L1 took | %d | %d | %s |\n", whole.n, whole.right, rate(whole.right, whole.n))
	return writeMisses(out, "of the latter", misses)
}

// tally counts what is right.
type tally struct{ n, right int }

func (t *tally) add(right bool) {
	t.n++
	if right {
		t.right++
	}
}

// feeOf returns who paid the fee of a transaction and how much.
func feeOf(tx *chains.Tx) (chains.Address, chains.Amount) {
	for i := range tx.Exec.Moves {
		if m := &tx.Exec.Moves[i]; m.Kind == chains.MoveFee {
			return m.From, m.Amount
		}
	}
	return tx.Exec.Sender, chains.Amount{}
}

// rate writes n of total in percent, with one digit behind the point, rounded down.
func rate(n, total int) string {
	if total == 0 {
		return "–"
	}
	tenths := n * 1000 / total
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

// writeMisses writes a list behind a table.
func writeMisses(out io.Writer, of string, misses []string) error {
	if len(misses) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\nMissed, %s:\n\n%s\n", of, strings.Join(misses, "\n"))
	return err
}
