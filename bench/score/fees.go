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
	total, right := 0, 0
	var misses []string
	for _, x := range list {
		tx := txs[key(x.ChainID, x.Tx)]
		for _, row := range x.Events {
			if !row.is("SPEND", "FEE") || !strings.EqualFold(strings.TrimPrefix(row.Counterparty, "CPT_"), "gas") {
				continue
			}
			total++
			want, _ := units(row.Amount, 18)
			payer, paid := feeOf(&tx.tx)
			switch account, err := evm.ParseAddress(tx.chain(x), row.Account); {
			case err != nil:
				return fmt.Errorf("account of %s: %w", x.Tx, err)
			case account == payer && paid == want:
				right++
			default:
				misses = append(misses, fmt.Sprintf("- %d `%s`: the accounting says %s, here %s wei of %s", x.ChainID, x.Tx, row.Amount, paid, evm.FormatAddress("", payer)))
			}
		}
	}
	fmt.Fprintf(out, "| what | n | right | rate |\n|---|---|---|---|\n| fee of the transaction, to the wei, and who paid it | %d | %d | %s |\n", total, right, rate(right, total))
	return list2(out, misses)
}

func (k *known) chain(x expected) chains.Chain { return chains.EVM(x.ChainID) }

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

// list2 writes the misses behind a table.
func list2(out io.Writer, misses []string) error {
	if len(misses) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\nMissed:\n\n%s\n", strings.Join(misses, "\n"))
	return err
}
