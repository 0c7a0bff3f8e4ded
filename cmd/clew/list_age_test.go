package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/labels"
)

// TestAgedLists: the newest list that is in force counts, from the ninety-first day on.
func TestAgedLists(t *testing.T) {
	t.Parallel()
	packs, err := labels.BuiltIn()
	require.NoError(t, err)
	set, err := labels.NewSet(packs...)
	require.NoError(t, err)
	carried := newestSanctions(set)
	require.Equal(t, "2024-09-01", carried.Format(time.DateOnly), "other sources that the program carries are newer, and list nobody")
	require.Empty(t, agedLists(carried, carried.Add(listAge)))
	said := agedLists(carried, carried.Add(listAge+24*time.Hour))
	require.Len(t, said, 1)
	require.Contains(t, said[0], "is of 2024-09-01, 91 days ago")
	none, err := labels.NewSet()
	require.NoError(t, err)
	require.Contains(t, agedLists(newestSanctions(none), carried)[0], "no list of sanctions")
}
