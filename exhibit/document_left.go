package exhibit

import (
	"crypto/sha256"
	"fmt"
)

// untraced is how many hops move no value under the drawn rule.
func (v *viewer) untraced() int {
	n := 0
	for i := range v.t.Hops {
		if !v.carries(&v.t.Hops[i]) {
			n++
		}
	}
	return n
}

// leftOut names the file that has the rows which schedule A leaves out, by its hash.
func (v *viewer) leftOut() (string, error) {
	const name = "schedule_a_hops.csv"
	sum := sha256.New()
	if err := v.x.CSV(sum, name); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s of %s move no traced value under %s and are not printed. Each is a row of the file %s, SHA-256 %x.",
		groupThousands(fmt.Sprint(v.untraced())), count(len(v.t.Hops), "hop"), v.rule, name, sum.Sum(nil)), nil
}
