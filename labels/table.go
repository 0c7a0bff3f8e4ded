package labels

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"clew/chains"
)

// TableOptions says what a list or table does not say of itself.
type TableOptions struct {
	Options
	// Chain is the source's word, or the program's name, for the chain of all addresses; "" where
	// a column names it, or the name of the file ends in it (addresses_XBT.txt).
	Chain string
	// Text, Category and Confidence are those of all labels that have none of their own.
	Text, Category, Confidence string
	// Columns says which column is which: role to the name of a column; nil: they are recognised.
	Columns map[string]string
}

// List reads a list: an address a line, empty lines and lines that begin with # left out. What
// stands behind the address and white space, a comma or a semicolon is the label's text.
func List(data []byte, o TableOptions) (*Pack, Report, error) {
	chain := cmp.Or(o.Chain, chainOfFile(o.Edition.File))
	if chain == "" {
		return nil, Report{}, fmt.Errorf("%w: a list of addresses, which is what it is where it is nothing else: on which chain? %w, and the name of the file does not end in a coin's code, such as addresses_XBT.txt", ErrForm, ErrWhichChain)
	}
	b := newBuilder(o.Codec, o.edition(FormList))
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		address, text := line, ""
		if at := strings.IndexAny(line, " \t,;"); at > 0 {
			address, text = line[:at], strings.Trim(line[at:], " \t,;")
		}
		b.add(&said{claim: o.claim(chain), address: address, text: cmp.Or(text, o.Text, b.edition.Title), raw: line, line: i + 1})
	}
	return b.pack()
}

// chainOfFile returns the end of a file's name behind the last underscore, hyphen or point, where
// that is a word for a chain.
func chainOfFile(name string) string {
	name = strings.TrimSuffix(path.Base(name), path.Ext(name))
	word := name[strings.LastIndexAny(name, "_-.")+1:]
	if _, keep := chainsOf(word); keep && chainByWord()[strings.ToUpper(word)].chains == nil && strings.ToUpper(word) != word {
		return ""
	}
	return word
}

func (o *TableOptions) edition(form Form) Edition {
	e := o.Edition
	e.Form = form
	e.Retrieved = cmp.Or(e.Retrieved, o.Today)
	e.Title = cmp.Or(e.Title, strings.TrimSuffix(e.File, path.Ext(e.File)))
	return e
}

func (o *TableOptions) claim(chain string) Claim {
	c := Claim{Category: o.Category, Confidence: o.Confidence, Asset: chain, Source: o.Edition.Source}
	if known, err := chains.ParseChain(chain); err == nil {
		// Said in the words of a TagPack: the coin, and the network where the coin is not enough.
		c.Asset = known.Info().Symbol
		if tried, _ := chainsOf(c.Asset); len(tried) == 0 || tried[0] != known {
			c.Network = string(known)
		}
	}
	return c
}

// The roles that a column can have. A creator is another address, of whoever made the contract
// of the row.
const (
	roleAddress       = "address"
	roleLabel         = "label"
	roleCategory      = "category"
	roleAbuse         = "abuse"
	roleActor         = "actor"
	roleSource        = "source"
	roleConfidence    = "confidence"
	roleChain         = "chain"
	roleContext       = "context"
	roleCreator       = "creator"
	roleCreatorLabel  = "creator_label"
	roleLastMod       = "lastmod"
	roleCreatorSource = "creator_category"
)

// columnNames are the names by which a column is known, in the order in which they are looked for.
// They are compared in lower case, with spaces and hyphens as underscores.
var columnNames = []struct {
	role  string
	names []string
}{
	{roleAddress, []string{"address", "banned_address", "contract_address", "wallet_address", "account", "wallet", "addr"}},
	{roleLabel, []string{"label", "name_tag", "nametag", "etherscan_tag", "wallet_tag", "contract_tag", "public_name_tag", "tag", "name", "entity"}},
	{roleCategory, []string{"category", "etherscan_labels", "labels", "type", "contract_creator_etherscan_label", "data_source"}},
	{roleAbuse, []string{"abuse"}},
	{roleActor, []string{"actor"}},
	{roleSource, []string{"source", "url", "uri", "reference"}},
	{roleConfidence, []string{"confidence"}},
	{roleChain, []string{"chain", "network", "blockchain", "currency", "asset"}},
	{roleContext, []string{"notes", "note", "comment", "description", "context"}},
	{roleCreator, []string{"contract_creator"}},
	{roleCreatorLabel, []string{"contract_creator_tag"}},
	{roleCreatorSource, []string{"contract_creator_etherscan_label"}},
	{roleLastMod, []string{"lastmod", "last_modified", "date", "updated", "updated_at"}},
}

// Roles lists what Columns can name.
func Roles() []string {
	var out []string
	for _, c := range columnNames {
		out = append(out, c.role)
	}
	return out
}

// CSV reads a table with a header line, as explorers and those who copy from them write it: a
// column of addresses, and columns of what is said of each. A row that names the creator of a
// contract and says something of them is two labels. The separator is a comma, a semicolon or
// a tab, whichever the header has.
func CSV(data []byte, o TableOptions) (*Pack, Report, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	head, _, _ := bytes.Cut(data, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	for _, c := range ",;\t" {
		if bytes.ContainsRune(head, c) {
			r.Comma = c
			break
		}
	}
	names, err := r.Read()
	if err != nil {
		return nil, Report{}, fmt.Errorf("%w: its header: %w", ErrForm, err)
	}
	columns, err := columnsOf(names, o.Columns)
	if err != nil {
		return nil, Report{}, err
	}
	t := &table{builder: newBuilder(o.Codec, o.edition(FormCSV)), o: &o, columns: columns}
	if _, ok := columns[roleChain]; !ok && t.chain(nil) == "" {
		return nil, Report{}, fmt.Errorf("%w: on which chain are these addresses? %w, and no column", ErrForm, ErrWhichChain)
	}
	for {
		from := r.InputOffset()
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t.builder.pack()
		}
		if err != nil {
			return nil, Report{}, fmt.Errorf("%w: %w", ErrForm, err)
		}
		line, _ := r.FieldPos(0)
		t.row(row, strings.Trim(string(data[from:r.InputOffset()]), "\r\n"), line)
	}
}

// columnsOf finds the column of each role, as wanted says or by its name.
func columnsOf(names []string, wanted map[string]string) (map[string]int, error) {
	var known []string
	for _, name := range names {
		known = append(known, strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(name))))
	}
	out := map[string]int{}
	if wanted != nil {
		for role, name := range wanted {
			at := slices.Index(names, name)
			if at < 0 || !slices.Contains(Roles(), role) {
				return nil, fmt.Errorf("%w: no column %q, or no role %q; columns are %s, roles are %s", ErrForm, name, role, strings.Join(names, ", "), strings.Join(Roles(), ", "))
			}
			out[role] = at
		}
	} else {
		for _, c := range columnNames {
			for _, name := range c.names {
				if at := slices.Index(known, name); at >= 0 {
					out[c.role] = at
					break
				}
			}
		}
	}
	if _, ok := out[roleAddress]; !ok {
		return nil, fmt.Errorf("%w: none of its columns is known to hold addresses: %s", ErrForm, strings.Join(names, ", "))
	}
	return out, nil
}

// table is a CSV that is read.
type table struct {
	*builder
	o       *TableOptions
	columns map[string]int
}

// cell returns what a row has in the column of a role.
func (t *table) cell(row []string, role string) string {
	if at, ok := t.columns[role]; ok && at < len(row) {
		return strings.TrimSpace(row[at])
	}
	return ""
}

// chain returns the word for the chain of a row; of nil, of rows that name none.
func (t *table) chain(row []string) string {
	return cmp.Or(t.cell(row, roleChain), t.o.Chain, chainOfFile(t.o.Edition.File))
}

// row adds what a row says; raw is its text and line where it begins.
func (t *table) row(row []string, raw string, line int) {
	c := t.o.claim(t.chain(row))
	c.Category = cmp.Or(t.cell(row, roleCategory), c.Category)
	c.Abuse, c.Actor = t.cell(row, roleAbuse), t.cell(row, roleActor)
	c.Source = cmp.Or(t.cell(row, roleSource), c.Source)
	c.Confidence = cmp.Or(t.cell(row, roleConfidence), c.Confidence)
	address := t.cell(row, roleAddress)
	if text := t.cell(row, roleLastMod); text != "" {
		at, err := parseTime(text)
		if err != nil {
			t.report.refuse(line, address, err)
			return
		}
		c.LastMod = at
	}
	t.add(&said{
		claim: c, address: address, text: cmp.Or(t.cell(row, roleLabel), t.o.Text, c.Abuse, c.Category, t.edition.Title),
		context: t.cell(row, roleContext), raw: raw, line: line,
	})
	t.creator(row, c, raw, line)
}

// creator adds what a row says of whoever made its contract.
func (t *table) creator(row []string, c Claim, raw string, line int) {
	who, text, category := t.cell(row, roleCreator), t.cell(row, roleCreatorLabel), t.cell(row, roleCreatorSource)
	if who == "" || text+category == "" {
		return
	}
	c.Category = cmp.Or(category, c.Category)
	t.add(&said{claim: c, address: who, text: cmp.Or(text, category), context: "created the contract " + t.cell(row, roleAddress), raw: raw, line: line})
}
