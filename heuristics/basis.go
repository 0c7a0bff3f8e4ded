package heuristics

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"sync"
)

// Versions returns the version that each heuristic has now, by what stands before the first slash of
// its name; behind it are kinds, bands and signals. The map is the caller's.
func Versions() map[string]string {
	return map[string]string{
		"coinjoin": CoinJoinVersion, "mapping": MappingVersion, "mix-change": MixChangeVersion,
		"batch": BatchVersion, "consolidation": ConsolidationVersion,
		"change": ChangeVersion, "peel": PeelVersion, "dust": SpamVersion,
		"co-spend": JoinVersion, "wraps": JoinVersion,
		"deposit-address": DepositVersion, "mixer-candidates": MixerVersion,
	}
}

// SHA256 is the hash, hex, of what findings rest on beside the facts: the version of each heuristic,
// by name, and the measured errors as they are built in. Safe for concurrent use.
var SHA256 = sync.OnceValue(func() string {
	h := sha256.New()
	versions := Versions()
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		h.Write([]byte(name + " " + versions[name] + "\n")) // a hash never fails
	}
	h.Write(scoresJSON)
	return hex.EncodeToString(h.Sum(nil))
})
