package labels

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// packFields are those of a TagPack's header alone, tagFields those of a tag or of the header for
// all tags, actorFields those of an actor: the schema of GraphSense's TagPacks and, at the end of
// each list, what this program adds to it. Those that say nothing of an address are read by nobody.
var (
	packFields = []string{
		"title", "creator", "owner", "description", "is_public", "uri", "header", "tags", "actors",
		"licence", "license", "dated", "retrieved", "retrieved_from",
	}
	tagFields = []string{
		"address", "label", "source", "currency", "asset", "network", "actor", "category", "abuse", "concepts", "confidence",
		"is_cluster_definer", "context", "created", "lastmod", "tag_type", "tag_subject", "tx_hash",
		"valid_from", "valid_to",
	}
	actorFields = []string{"id", "label", "uri", "categories", "jurisdictions", "aliases", "context", "lastmod"}
)

// known remarks on fields that are not among all. One that carries an anchor is there to be referred
// to.
func (b *builder) known(of map[string]*yaml.Node, address string, all []string) {
	var unknown []string
	for name, value := range of {
		if !slices.Contains(all, name) && value.Anchor == "" {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		b.remark(Remark{Line: of[name].Line, Address: address, What: fmt.Sprintf("%s: the form has no such field; it counts for nothing", name), Word: name, Known: all})
	}
}

func scalar(n *yaml.Node) string {
	if n = deref(n); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func typeOf(n *yaml.Node) string {
	if n.Kind == yaml.SequenceNode {
		return "list"
	}
	return "mapping"
}

// fields reads the fields of a tag, of which the header may have some. The first error stays.
type fields struct {
	own, header map[string]*yaml.Node
	remarks     []Remark
	err         error
}

func (f *fields) node(name string) *yaml.Node {
	if n := deref(f.own[name]); n != nil && n.Tag != "!!null" {
		return n
	}
	if n := deref(f.header[name]); n != nil && n.Tag != "!!null" {
		return n
	}
	return nil
}

// text returns a field as it is written: numbers and booleans too, lists and mappings as YAML.
func (f *fields) text(name string) string {
	n := f.node(name)
	if n == nil {
		return ""
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	f.remark(n, "%s: a %s, where the form has a text; it is kept as it is written", name, typeOf(n))
	text, err := yaml.Marshal(n)
	if err != nil {
		f.fail(n, name, err)
	}
	return strings.TrimSpace(string(text))
}

// category returns the one word of a category, and what else a list of them has.
func (f *fields) category() (word string, more []string) {
	n := f.node("category")
	if n == nil || n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return f.text("category"), nil
	}
	more = f.list("category")
	at := max(0, slices.IndexFunc(more, func(w string) bool { return KindOf(w, "", nil, nil).ends() }))
	if f.err != nil {
		return "", nil
	}
	word = more[at]
	more = slices.Delete(more, at, at+1)
	f.remark(n, "category: a list, where the form has one word: %q counts, the others stand among the concepts", word)
	return word, more
}

func (f *fields) remark(n *yaml.Node, format string, args ...any) {
	f.remarks = append(f.remarks, Remark{Line: n.Line, What: fmt.Sprintf(format, args...)})
}

func (f *fields) fail(n *yaml.Node, name string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("line %d: %s: %w", n.Line, name, err)
	}
}

// list returns a field that is a list of words, or one word.
func (f *fields) list(name string) []string {
	n := f.node(name)
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, item := range n.Content {
		if item = deref(item); n.Kind != yaml.SequenceNode || item.Kind != yaml.ScalarNode {
			f.fail(n, name, errors.New("want a list of words"))
			return nil
		}
		out = append(out, item.Value)
	}
	return out
}

// boolean returns "true", "false" or "", also where it is written as YAML 1.1 has it (yes, off).
func (f *fields) boolean(name string) string {
	n := f.node(name)
	if n == nil {
		return ""
	}
	var b bool
	if err := n.Decode(&b); err != nil {
		f.fail(n, name, fmt.Errorf("want true or false, got %q", n.Value))
		return ""
	}
	if b {
		return "true"
	}
	return "false"
}

// time returns a field that is a date or a time; without a zone it is UTC.
func (f *fields) time(name string) time.Time {
	n := f.node(name)
	if n == nil {
		return time.Time{}
	}
	t, err := parseTime(n.Value)
	if err != nil {
		f.fail(n, name, err)
	}
	return t
}
