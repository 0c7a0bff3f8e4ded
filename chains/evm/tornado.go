package evm

import (
	"fmt"
	"strconv"
	"strings"

	"clew/chains"
)

// poolSource is where tables/tornado_pools.csv comes from.
const poolSource = "list of Tornado Cash pools, chains/evm/tables/tornado_pools.csv"

// Pool is a Tornado Cash pool: everybody who deposits gives the same amount, so that
// withdrawals cannot be told apart by amount. One address is another pool on another chain.
type Pool struct {
	Chain        chains.Chain
	Symbol       string        // of what it takes, as the list writes it: "eth"
	Denomination string        // in whole coins
	Asset        chains.Asset  // Native, or the token
	Units        chains.Amount // the denomination in the smallest units
	FirstBlock   int64         // in which it was deployed
}

// Says names the pool: "100 matic".
func (p *Pool) Says() string { return p.Denomination + " " + p.Symbol }

// PoolAt returns the Tornado Cash pool at a.
func PoolAt(chain chains.Chain, a chains.Address) (Pool, bool) {
	p, ok := tables().pools[placeKey{chain, a}]
	return p, ok
}

// readPools reads tables/tornado_pools.csv.
func (t *eventTables) readPools() error {
	t.pools = map[placeKey]Pool{}
	return eachRow("tornado_pools.csv", 7, func(row []string) error {
		chain, err := chainCell(row[0])
		if err != nil {
			return err
		}
		if row[3] == "" {
			return nil // announced, never deployed
		}
		a, err := ParseAddress(chain, row[3])
		if err != nil {
			return err
		}
		p := Pool{Chain: chain, Symbol: row[1], Denomination: row[2], Asset: chains.Native}
		if row[5] != "" {
			token, err := ParseAddress(chain, row[5])
			if err != nil {
				return err
			}
			contract, _ := Account(token)
			p.Asset = AssetOf(contract)
		}
		if p.Units, err = inUnits(row[2], row[4]); err != nil {
			return err
		}
		if row[6] != "" {
			if p.FirstBlock, err = strconv.ParseInt(row[6], 10, 64); err != nil {
				return err
			}
		}
		t.pools[placeKey{chain, a}] = p
		t.register("tornado", chain, a)
		return nil
	})
}

// inUnits turns whole coins with a decimal point into the smallest units.
func inUnits(coins, decimals string) (chains.Amount, error) {
	n, err := strconv.Atoi(decimals)
	if err != nil || n < 0 {
		return chains.Amount{}, fmt.Errorf("decimals %q: want a whole number", decimals)
	}
	whole, part, _ := strings.Cut(coins, ".")
	if len(part) > n {
		return chains.Amount{}, fmt.Errorf("%s has more than %d decimals", coins, n)
	}
	digits := strings.TrimLeft(whole+part+strings.Repeat("0", n-len(part)), "0")
	return chains.ParseAmount(digits)
}

// tornadoPool adds what the pool at the emitter takes: pool.asset, pool.units, pool.says.
func tornadoPool(s *scope) error {
	pool, ok := s.tables.pools[placeKey{s.at.Chain, s.vars["@emitter"].account()}]
	if !ok {
		return nil // any contract can say it: the event names no amount then
	}
	asset := abiValue{kindAddress, make([]byte, 20)}
	if contract, _, ok := AssetAddress(pool.Asset); ok && pool.Asset != chains.Native {
		asset.bytes = contract[:]
	}
	s.vars["pool.asset"] = asset
	s.vars["pool.units"] = abiValue{kindUint, pool.Units.AppendBytes(nil)}
	s.vars["pool.says"] = abiValue{kindText, []byte(pool.Says())}
	return nil
}
