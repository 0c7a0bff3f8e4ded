package labels

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Options of an importer.
type Options struct {
	Codec Codec
	// Edition says what whoever imports a file knows of it. What the file says of itself wins,
	// but for Title, Source, Licence and Retrieved where they are given. Form is set by the importer.
	Edition Edition
	// Today is when a file was retrieved of which neither Edition nor the file says it.
	Today time.Time
	// Include returns a file that the imported one names; nil: it may name none.
	Include func(name string) ([]byte, error)

	sum func() (string, error) // of a file whose hash is known once all of it was read
}

// ErrForm means that a file is not of the form that it is read as. The text says what is wrong,
// with the line.
var ErrForm = errors.New("not of this form")

// ErrWhichChain means that a list or table has to be told on which chain its addresses are.
var ErrWhichChain = errors.New("nothing says it")

// TagPack reads a TagPack of GraphSense: YAML with a header and a list of tags. Any field of a tag
// may stand in the header instead, for all tags that lack it; anchors and merges work; `header:`
// may name a file (`!include FILE`). A currency or network that the program does not know is kept
// by its own name.
//
// A field that the form does not have is a remark with its line, and so is one of another type than
// the form's: nothing of it is lost without a word. Of a category that is a list the first word counts
// that ends a trace, else the first, and the others stand among the concepts.
func TagPack(data []byte, o Options) (*Pack, Report, error) {
	p, err := openPack(data, FormTagPack, "tags", tagFields, &o)
	if err != nil {
		return nil, Report{}, err
	}
	b := p.builder
	for i, tag := range p.list.Content {
		own := mapping(tag)
		if own == nil {
			b.report.refuse(tag.Line, "", errors.New("a tag is a mapping of fields"))
			continue
		}
		b.known(own, scalar(own["address"]), tagFields)
		b.tag(tag, own, p.header, entryText(p.lines, p.list, i))
	}
	return b.pack()
}

// yamlPack is a pack of GraphSense with its list of entries, not read yet.
type yamlPack struct {
	builder *builder
	header  map[string]*yaml.Node
	list    *yaml.Node
	lines   []string
}

// openPack reads the header of a pack whose entries stand under the given name and have those fields.
func openPack(data []byte, form Form, name string, entries []string, o *Options) (*yamlPack, error) {
	root, lines, err := yamlRoot(data)
	if err != nil {
		return nil, err
	}
	header, err := packHeader(root, o.Include)
	if err != nil {
		return nil, err
	}
	list := deref(header[name])
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%w: a pack of this form has a list of %s, `%s:`", ErrForm, name, name)
	}
	e, err := editionOf(form, header, o)
	if err != nil {
		return nil, err
	}
	b := newBuilder(o.Codec, e)
	b.known(header, "", slices.Concat(packFields, entries))
	return &yamlPack{b, header, list, lines}, nil
}

// tag adds one tag, with what it lacks taken from the header.
func (b *builder) tag(node *yaml.Node, own, header map[string]*yaml.Node, raw string) {
	f := fields{own: own, header: header}
	category, more := f.category()
	s := said{
		address: f.text("address"), text: f.text("label"), context: f.text("context"), raw: raw, line: node.Line,
		claim: Claim{
			Actor: f.text("actor"), Category: category, Abuse: f.text("abuse"), Concepts: append(f.list("concepts"), more...), Source: f.text("source"),
			Confidence: f.text("confidence"), ClusterDefiner: f.boolean("is_cluster_definer"), Asset: f.text("currency"), Network: f.text("network"),
			LastMod: f.time("lastmod"), ValidFrom: f.time("valid_from"), ValidTo: f.time("valid_to"),
		},
	}
	if f.err != nil {
		b.report.refuse(node.Line, s.address, f.err)
		return
	}
	if s.claim.Asset == "" {
		s.claim.Asset = f.text("asset")
	}
	for _, r := range f.remarks {
		r.Address = s.address
		b.remark(r)
	}
	b.add(&s)
}

// editionOf reads what the header of a pack says of the pack.
func editionOf(form Form, header map[string]*yaml.Node, o *Options) (Edition, error) {
	f := fields{own: header}
	e := o.Edition
	e.Form = form
	e.Title = cmp.Or(e.Title, f.text("title"), e.File)
	e.Creator = cmp.Or(f.text("creator"), e.Creator)
	e.Description = cmp.Or(f.text("description"), e.Description)
	e.Source = cmp.Or(e.Source, f.text("retrieved_from"), f.text("source"))
	e.Licence = cmp.Or(e.Licence, f.text("licence"), f.text("license"))
	e.Retrieved = cmp.Or(e.Retrieved, f.time("retrieved"), o.Today)
	for _, name := range []string{"dated", "lastmod"} {
		if t := f.time(name); !t.IsZero() {
			e.Dated = t
			break
		}
	}
	if f.err != nil {
		return e, fmt.Errorf("%w: the header: %w", ErrForm, f.err)
	}
	return e, nil
}

// packHeader returns the fields of the file, and those of `header:` which it may have.
func packHeader(root *yaml.Node, include func(string) ([]byte, error)) (map[string]*yaml.Node, error) {
	top := mapping(root)
	if top == nil {
		return nil, fmt.Errorf("%w: a pack is a mapping of fields", ErrForm)
	}
	h := deref(top["header"])
	if h == nil {
		return top, nil
	}
	if h.Tag == "!include" {
		if include == nil {
			return nil, fmt.Errorf("%w: line %d: the header is in the file %q, which cannot be read from here", ErrForm, h.Line, h.Value)
		}
		data, err := include(h.Value)
		if err != nil {
			return nil, fmt.Errorf("line %d: the file of the header: %w", h.Line, err)
		}
		if h, _, err = yamlRoot(data); err != nil {
			return nil, err
		}
	}
	for key, value := range mapping(h) {
		if top[key] == nil {
			top[key] = value
		}
	}
	return top, nil
}

// yamlRoot parses a file of one document.
func yamlRoot(data []byte) (root *yaml.Node, lines []string, err error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if len(doc.Content) != 1 {
		return nil, nil, fmt.Errorf("%w: the file is empty", ErrForm)
	}
	return doc.Content[0], strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"), nil
}

// entryText returns the lines of item i of a list, without the dash and what stands before it.
func entryText(lines []string, list *yaml.Node, i int) string {
	from, to := list.Content[i].Line, len(lines)+1
	for _, later := range list.Content[i+1:] {
		to = later.Line
		break
	}
	text := ""
	if from >= 1 && to <= len(lines)+1 && from < to {
		indent := list.Content[i].Column - 1
		part := slices.Clone(lines[from-1 : to-1])
		for k, line := range part {
			part[k] = line[min(indent, len(line)):]
			if k > 0 && strings.TrimSpace(line) != "" && len(line)-len(strings.TrimLeft(line, " ")) < indent { // behind the list
				part = part[:k]
				break
			}
		}
		text = strings.TrimRight(strings.Join(part, "\n"), " \n-")
	}
	if text == "" || list.Style&yaml.FlowStyle != 0 {
		if again, err := yaml.Marshal(list.Content[i]); err == nil {
			text = strings.TrimSpace(string(again))
		}
	}
	return text
}

// parseTime reads a date or a time as sources write them.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-1-2"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date: want 2024-12-31, or 2024-12-31T23:59:59Z", text)
}

// deref follows an alias; nil stays nil.
func deref(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// mapping returns the fields of a mapping, those that it merges (<<) among them; nil for
// anything else.
func mapping(n *yaml.Node) map[string]*yaml.Node {
	return merged(n, 0)
}

func merged(n *yaml.Node, depth int) map[string]*yaml.Node {
	const deepest = 20 // anchors may lead in circles
	if n = deref(n); n == nil || n.Kind != yaml.MappingNode || depth > deepest {
		return nil
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Tag != "!!merge" {
			out[key.Value] = n.Content[i+1]
			continue
		}
		parts := []*yaml.Node{n.Content[i+1]}
		if from := deref(parts[0]); from.Kind == yaml.SequenceNode {
			parts = from.Content
		}
		for _, part := range parts {
			for key, value := range merged(part, depth+1) {
				if out[key] == nil {
					out[key] = value
				}
			}
		}
	}
	return out
}
