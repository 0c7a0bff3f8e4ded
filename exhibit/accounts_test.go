package exhibit_test

import (
	"github.com/stretchr/testify/require"

	"clew/exhibit"
)

// requireBalance checks every box of d that is not outside of a frame, asset by asset.
func requireBalance(t require.TestingT, d *exhibit.Diagram) {
	for i := range d.Boxes {
		if k := d.Boxes[i].Kind; k == exhibit.BoxFrom || k == exhibit.BoxTo {
			continue
		}
		in, out, known := d.Balance(i)
		require.True(t, known, "box %d", i)
		require.Equal(t, byAsset(in), byAsset(out), "box %d", i)
	}
}
