package labels

import "errors"

// ActorPack reads an ActorPack of GraphSense: who the actors are that TagPacks name by id. An
// actor without an id or a label is refused in the report; of one that stands there twice the
// first counts.
func ActorPack(data []byte, o Options) (*Pack, Report, error) {
	p, err := openPack(data, FormActorPack, "actors", actorFields, &o)
	if err != nil {
		return nil, Report{}, err
	}
	b, seen := p.builder, map[string]bool{}
	for i, node := range p.list.Content {
		f := fields{own: mapping(node)}
		b.known(f.own, "", actorFields)
		a := Actor{
			ID: f.text("id"), Label: f.text("label"), URI: f.text("uri"), Categories: f.list("categories"),
			Jurisdictions: f.list("jurisdictions"), Aliases: f.list("aliases"), Raw: entryText(p.lines, p.list, i),
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
