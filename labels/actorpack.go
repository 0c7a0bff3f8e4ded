package labels

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// ActorPack reads an ActorPack of GraphSense: who the actors are that TagPacks name by id. An
// actor without an id or a label is refused in the report; of one that stands there twice the
// first counts.
func ActorPack(data []byte, o Options) (*Pack, Report, error) {
	root, lines, err := yamlRoot(data)
	if err != nil {
		return nil, Report{}, err
	}
	header, err := packHeader(root, o.Include)
	if err != nil {
		return nil, Report{}, err
	}
	actors := deref(header["actors"])
	if actors == nil || actors.Kind != yaml.SequenceNode {
		return nil, Report{}, fmt.Errorf("%w: an ActorPack has a list of actors, `actors:`", ErrForm)
	}
	e, err := editionOf(FormActorPack, header, &o)
	if err != nil {
		return nil, Report{}, err
	}
	b := newBuilder(o.Codec, e)
	seen := map[string]bool{}
	b.known(header, "", slices.Concat(packFields, actorFields))
	for i, node := range actors.Content {
		f := fields{own: mapping(node)}
		b.known(f.own, "", actorFields)
		a := Actor{
			ID: f.text("id"), Label: f.text("label"), URI: f.text("uri"), Categories: f.list("categories"),
			Jurisdictions: f.list("jurisdictions"), Aliases: f.list("aliases"), Raw: entryText(lines, actors, i),
		}
		switch {
		case f.err != nil:
			b.report.refuse(node.Line, a.ID, f.err)
		case a.ID == "" || a.Label == "":
			b.report.refuse(node.Line, a.ID, errors.New("an actor has an id and a label"))
		case seen[a.ID]:
			b.report.refuse(node.Line, a.ID, errors.New("this id stands there twice"))
		default:
			seen[a.ID] = true
			for _, r := range f.remarks {
				b.remark(r)
			}
			b.actors = append(b.actors, a)
		}
	}
	return b.pack()
}
