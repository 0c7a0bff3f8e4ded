package tracer

import (
	"fmt"

	"clew/chains"
)

// needsClusters is an error where pots are clusters and the source does not know them.
func (s *sweep) needsClusters() error {
	if s.inc.Accounts != AccountsCluster {
		return nil
	}
	if _, ok := s.src.(Clusters); !ok {
		return fmt.Errorf("accounts: cluster: %w: which addresses belong together is known from a synced store alone: run clew sync --chain %s first and trace without --rpc, or use accounts: address",
			chains.ErrUnsupported, s.chain)
	}
	return nil
}
