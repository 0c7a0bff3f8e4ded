// Package wasmcache keeps the compiled layout engine in a folder of the user's own.
//
// The Graphviz module compiles its WebAssembly when the process starts, and keeps the
// machine code in a fixed folder below os.TempDir(). That is shared by all users of a
// computer: the second one cannot open what the first one wrote, and code that anybody may
// have put there would be run. So os.TempDir() is pointed at the user's cache folder, which
// nobody else can write, until that module has started. Packages start in the order of
// their import paths as soon as all their imports have, and this one comes before every
// path with a host in it.
//
// It does nothing else. Where there is no such folder, nothing is kept, and a start takes
// about a second longer.
package wasmcache

import (
	"os"
	"path/filepath"
	"runtime"
)

const variable = "TMPDIR"

var before, wasSet = enter()

func enter() (string, bool) {
	old, set := os.LookupEnv(variable) //nolint:forbidigo // before main runs; Leave puts it back
	if runtime.GOOS == "windows" {     // the temporary folder is the user's own there
		return old, set
	}
	dir := "/nonexistent" // no cache is kept below a folder that cannot be made
	if cache, err := os.UserCacheDir(); err == nil {
		own := filepath.Join(cache, "clew")
		if os.MkdirAll(own, 0o700) == nil {
			dir = own
		}
	}
	put(dir, true)
	return old, set
}

// put sets the variable, or removes it. A name without NUL and "=" can always be set.
func put(value string, set bool) {
	err := os.Unsetenv(variable)
	if set {
		err = os.Setenv(variable, value)
	}
	if err != nil {
		panic("wasmcache: " + err.Error())
	}
}

// Leave gives os.TempDir() back its meaning. Whoever imports the module calls it once, from a
// package variable.
func Leave() struct{} {
	put(before, wasSet)
	return struct{}{}
}
