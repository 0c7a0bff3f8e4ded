package screen_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/screen"
)

// fill gives every field of a value something, at random: empty, or with what JSON must escape in it.
func fill(t *rapid.T, v reflect.Value, depth int) {
	if a, ok := v.Addr().Interface().(*chains.Amount); ok {
		n := rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "amount")
		got, err := chains.BytesAmount(n)
		require.NoError(t, err)
		*a = got
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "plain", "<b>&\"\\", "\x00\u2028ü", "bad \xff", strings.Repeat("x", 70)}).Draw(t, "text"))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(rapid.IntRange(-3, 3).Draw(t, "number")))
	case reflect.Uint32:
		v.SetUint(uint64(rapid.IntRange(0, 3).Draw(t, "number")))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "some") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), depth)
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 2).Draw(t, "many"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(t, v.Index(i), depth+1)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), depth)
			}
		}
	default:
		require.Fail(t, fmt.Sprintf("a verdict has a %s", v.Type()))
	}
}

// Whatever a verdict holds, its bytes are those of encoding/json.
func TestVerdictBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := new(screen.Verdict)
		fill(t, reflect.ValueOf(v).Elem(), 0)
		got, err := v.JSON()
		require.NoError(t, err)
		want, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		require.Regexp(t, `^\{"schema":"clew.screening/1","id":"scr-[0-9a-f]{32}",`, string(got))
	})
}
