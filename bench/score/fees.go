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
	rows := []string{all.row("all"), whole.row("of receipts that say what the L1 took")}
	return writeTable(out, "fees, to the wei, and who paid", rows, "of the latter", misses)
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

// row returns the line of a table.
func (t *tally) row(what string) string {
	return fmt.Sprintf("| %s | %d | %d | %s |", what, t.n, t.right, rate(t.right, t.n))
}

// writeTable writes a table and the misses behind it.
func writeTable(out io.Writer, what string, rows []string, of string, misses []string) error {
	text := fmt.Sprintf("| %s | n | right | rate |\n|---|---|---|---|\n%s\n", what, strings.Join(rows, "\n"))
	if len(misses) > 0 {
		text += fmt.Sprintf("\nMissed, %s:\n\n%s\n", of, strings.Join(misses, "\n"))
	}
	_, err := io.WriteString(out, text)
	return err
}
