package labels

import (
	_ "embed"
	"fmt"
	"sync"
)

// builtIn is an archive of the sets that the program carries: builtin/sources.yaml says which
// they are, under which licence and of when, builtin/contents.csv what is in it. `make labels`
// writes it.
//
//go:embed builtin/set.zst
var builtIn []byte

var unarchived = sync.OnceValues(func() ([]*Pack, error) {
	packs, err := Unarchive(builtIn)
	if err != nil {
		return nil, fmt.Errorf("labels that the program carries: %w", err)
	}
	return packs, nil
})

// BuiltIn returns the packs that the program carries. They are unpacked when they are first asked
// for, which takes some 20 ms and 10 MB, and shared: do not write to the slice.
func BuiltIn() ([]*Pack, error) { return unarchived() }
