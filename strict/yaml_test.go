package strict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/strict"
)

// read reads a file that may have a name, a number and a list of names.
func read(text string, near bool) error {
	root, err := strict.YAML("f.yaml", []byte(text), strict.Form{First: "name", Want: "want name: X", One: "one in a file", Near: near})
	if err != nil {
		return err
	}
	var name string
	var count int
	var flag bool
	fields := map[string]func(strict.Value) error{
		"name":  func(v strict.Value) error { return v.Text(&name) },
		"count": func(v strict.Value) error { return strict.Parse(v, &count, strict.Count) },
		"flag":  func(v strict.Value) error { return strict.Parse(v, &flag, strict.Bool) },
	}
	fields["list"] = func(v strict.Value) error {
		return v.List(func(v strict.Value) error { return v.Fields(fields) })
	}
	if err := root.Fields(fields); err != nil {
		return err
	}
	if name == "" {
		return root.Below("name").Errorf("missing")
	}
	if name == "bad" {
		return root.Below("name").Errorf("impossible")
	}
	return nil
}

func TestYAML(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"plain", "name: x\ncount: 3\nflag: true\nlist:\n  - {name: a}\n  - {name: b, count: 0}\n", ""},
		{"a field without a value is absent", "name: x\ncount:\nflag: ~\n", ""},
		{"empty", "", "f.yaml:1: field name: the file is empty: want name: X"},
		{"comments only", "# nothing\n", "f.yaml:1: field name: the file is empty: want name: X"},
		{"the mark of a document only", "---", "f.yaml:1: field name: the file is empty: want name: X"},
		{"no YAML", "name: x\nlist: [\n", "f.yaml:2: this is not YAML: "},
		{"two documents", "name: x\n---\nname: y\n", "f.yaml:2: field name: a second document begins here: one in a file"},
		{"unknown", "name: x\nlist:\n  - name: a\n    cuont: 3\n", "f.yaml:4: field list[0].cuont: unknown field (known: count, flag, list, name)"},
		{"twice", "name: x\nname: y\n", "f.yaml:2: field name: stands twice"},
		{"no mapping", "- name\n", "f.yaml:1: want fields, each as `name: value`"},
		{"no list", "name: x\nlist: y\n", "f.yaml:2: field list: want a list"},
		{"no text", "name: [x]\n", "f.yaml:1: field name: want a text"},
		{"no number", "name: x\ncount: -1\n", `f.yaml:2: field count: "-1": want a whole number from 0`},
		{"a sign", "name: x\ncount: +1\n", `f.yaml:2: field count: "+1": want a whole number from 0`},
		{"no truth value", "name: x\nflag: yes\n", `f.yaml:2: field flag: "yes": want true or false`},
		{"missing stands at the mapping", "\n\ncount: 1\n", "f.yaml:3: field name: missing"},
		{"impossible stands at the field", "count: 1\nname: bad\n", "f.yaml:2: field name: impossible"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := read(c.text, false)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			var at *strict.FieldError
			require.ErrorAs(t, err, &at)
			require.Equal(t, "f.yaml", at.File)
		})
	}
}

func TestYAMLNear(t *testing.T) {
	err := read("name: x\ncuont: 1\n", true)
	require.EqualError(t, err, "f.yaml:2: field cuont: unknown field: did you mean count? (known: count, flag, list, name)")
	err = read("name: x\nelsewhere: 1\n", true)
	require.EqualError(t, err, "f.yaml:2: field elsewhere: unknown field (known: count, flag, list, name)")
}

func TestNearest(t *testing.T) {
	known := []string{"fifo", "prorata", "poison"}
	for word, want := range map[string]string{"fifa": "fifo", "Prorat": "prorata", "poisom": "poison", "lifetime": "", "": ""} {
		require.Equal(t, want, strict.Nearest(word, known), word)
	}
}
