package tracer

import (
	"context"

	"clew/chains"
)

// Label is a claim by somebody else about an address. It never moves value; it stops a trace
// where Stops says so.
type Label struct {
	Text   string // as its source writes it
	Entity string // who it is, one name for all labels of one actor; "" where the source names none
	// Stops is what the address is, where a trace ends there: service, mixer or bridge; "" where
	// the label says nothing of the kind.
	Stops  NodeKind
	Source string // who says so, and when it was retrieved
}

// Labels tells what others claim of addresses, at the time that the trace looks at them.
type Labels interface {
	// Labels returns what is claimed of an address on a chain, in a fixed order; none where
	// nobody says anything. Labels that contradict each other are all returned.
	Labels(chain chains.Chain, a chains.Address) []Label
	// SHA256 is the hash of everything that the answers rest on, hex.
	SHA256() string
}

// Clusters is a Source that knows which addresses belong together, for incidents whose pots are
// clusters. Errors: chains.ErrIncomplete where the source has not clustered what it read.
type Clusters interface {
	// ClusterOf returns a number that the addresses of the cluster of a have as of AsOf, and no
	// other, and how many they are; 0 and 1 for an address that nothing joined to another.
	ClusterOf(ctx context.Context, a chains.Address) (cluster uint64, size int, err error)
	// Cluster returns the addresses of the cluster of a as of AsOf, a itself among them, in a
	// fixed order. It is asked only for clusters that are followed (MostMembers).
	Cluster(ctx context.Context, a chains.Address) ([]chains.Address, error)
}

// MostMembers is how many addresses a cluster has at most that is followed as one pot. One of more
// is hardly one thief's: a branch ends there, as a limit.
const MostMembers = 50_000
