package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The guess behind the table of pools holds for what is seen: as many deposits as a payment is worth
// come behind it, within hours.
func TestPoolsBehindPayments(t *testing.T) {
	repo := filepath.Join(root, "testdata")
	pools, err := readPools(repo)
	require.NoError(t, err)
	for i, want := range [][2]int{{5186, 4625}, {7693, 7450}} {
		require.Equal(t, want, [2]int{len(pools[i].in), len(pools[i].out)})
		for k := 1; k < len(pools[i].out); k++ {
			require.LessOrEqual(t, pools[i].out[k-1].Time, pools[i].out[k].Time)
		}
	}
	all, err := readPaid(repo)
	require.NoError(t, err)
	require.Len(t, all, 47)
	got, ok := try(pools, all[20].time, []int{2, 2})
	require.True(t, ok)
	require.Equal(t, 2, got.deposits)
	require.Positive(t, got.run.Expected)
	require.Greater(t, got.behind, got.day)
	_, ok = try(pools, all[20].time, []int{1 << 20, 0})
	require.False(t, ok, "there are not as many")
}
