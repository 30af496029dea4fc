package packet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/ownership"
	"duly/internal/page"
	"duly/internal/register"
	"duly/internal/screening"
	"duly/internal/store"
	"duly/internal/triage"
	"duly/internal/voice"
)

// records are those of the register that a deployment is about.
type records struct {
	account    *store.Revision[register.Account]
	deployment *store.Revision[register.Deployment] // nil for an account without one
	product    *store.Revision[register.Product]    // nil where none is mapped
}

// look reads a deployment, its newest rating and what explains it.
func (b *builder) look(subject string) (*look, error) {
	ratings, err := store.Select(b.ctx, b.q, assessment.Ratings, "r.subject = $1", subject)
	if err != nil {
		return nil, err
	}
	if len(ratings) == 0 {
		return nil, fault.Newf(fault.NotFound, "%s has not been assessed", subject).WithFix("run `duly assess " + subject + "` first")
	}
	l := &look{builder: b, rated: ratings[len(ratings)-1]}
	if l.x, err = assessment.Explain(b.ctx, b.q, b.schemas, l.rated.Seq); err != nil {
		return nil, err
	}
	if l.about.account, err = store.Get(b.ctx, b.q, register.Accounts, l.x.Account); err != nil {
		return nil, err
	}
	product, d := l.about.account.Record.Product, (*register.Deployment)(nil)
	if l.x.Subject != l.x.Account {
		if l.about.deployment, err = store.Get(b.ctx, b.q, register.Deployments, l.x.Subject); err != nil {
			return nil, err
		}
		d = l.about.deployment.Record
		product = cmp.Or(d.Product, product)
	}
	if product != "" {
		if l.about.product, err = store.Get(b.ctx, b.q, register.Products, product); fault.CodeOf(err) == fault.NotFound {
			err = nil
		}
	}
	l.chain = b.parties.Chain(l.about.account.Record, d)
	return l, err
}

// ids gives the records that something may be said about for it to be said of the
// deployment: the deployment, its account and product, and the parties of the chain.
func (l *look) ids() []string {
	ids := append([]string{l.x.Subject, l.x.Account}, l.chain.Parties()...)
	if l.about.product != nil {
		ids = append(ids, l.about.product.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// title names the end user, or who is billed, and the capability.
func (l *look) title() Cell {
	name := Cell{}
	if who := cmp.Or(l.chain.EndUser, l.chain.Customer); who != nil {
		name = marked(ledger.Customer, who.Record.Name)
	}
	name = name.or("A customer that nobody has named")
	if d := l.about.deployment; d != nil {
		return joined(", ", name, field(l.builder, register.Deployments, d, "capability").said(""))
	}
	return joined(", ", name, plain("account without a deployment"))
}

// asked says what the rating calls for, and what each act would take.
func (l *look) asked() (Part, error) {
	heard, err := voice.On(l.ctx, l.q, l.x.Leaf)
	if err != nil {
		return Part{}, err
	}
	binding, _ := heard.Binding()
	against := heard.Objections() > 0 || binding != nil && binding.Record.Outcome == "against"
	r := l.rated.Record
	is := Table{Caption: "What there is to decide on"}
	is.say("Deployment", l.title())
	is.say("The rating calls for", plain("%s", page.Say("outcome", r.Outcome)))
	is.say("Rating", plain("%s", between(r.Best, r.Worst)))
	is.say("Diligence", plain("%s", page.Say("tier", r.Tier)))
	is.say("Experts on this rating", plain("%d, of whom %d object", len(heard.Opinions), heard.Objections()))
	vote := plain("no vote on this rating that binds")
	if binding != nil {
		vote = plain("%s", page.Say("referral", binding.Record.Outcome))
	}
	is.say("Panel", vote)
	takes := Table{Caption: "What may be decided, and what it takes", Head: []string{"Act", "On what basis", "Signatures", "Of people with the role", "An expert's opinion", "A panel's vote"}}
	for _, what := range []string{"approve", "approve_with_conditions", "escalate", "decline", "suspend", "exit"} {
		if !bundle.Allows(r.Outcome, what) {
			takes.Rows = append(takes.Rows, []Cell{plain("%s", page.Say("do", what)), plain("not on this rating: nobody may"), plain("-"), plain("-"), plain("-"), plain("-")})
			continue
		}
		d := bundle.Demands(r.Outcome, r.Tier, what, against)
		takes.Rows = append(takes.Rows, []Cell{plain("%s", page.Say("do", what)), plain("%s", page.Say("basis", d.Basis)), plain("%d", d.Signers),
			plain("%s", strings.ReplaceAll(strings.Join(d.Roles, " or "), "_", " ")), plain("%s", answer(d.Opinion)), plain("%s", answer(d.Panel))})
	}
	return Part{ID: "Asked", Title: "What is asked", Note: "A legal stop, a fact that is required and unknown, and an open hit let nothing run, whoever decides.",
		Tables: []Table{is, takes}}, nil
}

// who says who buys, passes on and uses, what, for which purpose and where.
func (l *look) who() (Part, error) {
	chain := Table{Caption: "The chain, from who is billed to who uses it", Head: []string{"Place in the chain", "Name", "Kind", "Sector", "Jurisdiction"}}
	place := func(what string, who *store.Revision[register.Customer]) {
		if who == nil {
			chain.Rows = append(chain.Rows, []Cell{plain("%s", what), plain("not known"), {}, {}, {}})
			return
		}
		one := func(text string) Cell { return marked(ledger.Customer, page.Say("", text)) }
		chain.Rows = append(chain.Rows, []Cell{plain("%s", what), marked(ledger.Customer, who.Record.Name), one(who.Record.Kind), one(who.Record.Sector), one(who.Record.Jurisdiction)})
	}
	place("is billed", l.chain.Customer)
	if l.chain.Between != nil {
		place("passes it on", l.chain.Between)
	}
	if l.chain.EndUserKnown {
		place("uses it", l.chain.EndUser)
	} else {
		place("uses it", nil)
	}
	link := Table{Caption: "What binds whoever stands in between", Empty: "Nobody is registered as standing in between."}
	if l.chain.Link != nil {
		link.say("Role", marked(ledger.Customer, page.Say("", l.chain.Link.Record.Role)))
		link.say("Our conditions bind the next in the chain", marked(ledger.Customer, l.chain.Link.Record.FlowDown))
		link.say("We may check the next in the chain", marked(ledger.Customer, l.chain.Link.Record.AuditRight))
	}
	what, err := l.what()
	if err != nil {
		return Part{}, err
	}
	lane, err := l.lane()
	return Part{ID: "Who and what", Title: "Who, what and what for", Tables: []Table{chain, link, what, lane}}, err
}

func (l *look) what() (Table, error) {
	t := Table{Caption: "What is used, what for and where"}
	a, d, p := l.about.account, l.about.deployment, l.about.product
	purpose := field(l.builder, register.Accounts, a, "purpose")
	if p != nil {
		t.say("Product", field(l.builder, register.Products, p, "name"))
		t.say("It is meant to do", field(l.builder, register.Products, p, "intended").said(""))
		t.say("It can also do", field(l.builder, register.Products, p, "unintended").said(""))
		t.say("Highest risk class", field(l.builder, register.Products, p, "risk"))
	} else {
		t.say("Product", plain("unknown: it counts as one that can do everything"))
	}
	if d != nil {
		t.say("Capability that is used", field(l.builder, register.Deployments, d, "capability").said(""))
		if own := field(l.builder, register.Deployments, d, "purpose"); own.Text != "" {
			purpose = own
		}
		t.say("Declared end use", field(l.builder, register.Deployments, d, "end_use"))
	}
	t.say("Purpose", purpose)
	t.say("Where it is used", marked(ledger.Customer, l.chain.Jurisdiction).or("not known"))
	t.say("Account", field(l.builder, register.Accounts, a, "name"))
	t.say("In the register since", field(l.builder, register.Accounts, a, "valid_from"))
	id := a.Record.Contract
	if id == "" {
		return t, nil
	}
	c, err := store.Get(l.ctx, l.q, register.Contracts, id)
	if fault.CodeOf(err) == fault.NotFound {
		return t, nil
	}
	if err == nil {
		t.say("Contract", field(l.builder, register.Contracts, c, "title"))
		t.say("The contract ends on", field(l.builder, register.Contracts, c, "valid_to"))
	}
	return t, err
}

func (l *look) lane() (Table, error) {
	t := Table{Caption: "Why somebody looks at it", Empty: "It was not sorted into a lane."}
	list, err := store.Select(l.ctx, l.q, triage.Triages, "r.account = $1", l.x.Account)
	for _, r := range list {
		t.say("Lane", plain("%s", r.Record.Lane))
		t.say("Reasons", field(l.builder, triage.Triages, r, "reasons").or("by default: no rule spoke"))
	}
	return t, err
}

// lists tells of hits on the chain and on those behind it, and of who stands behind whom.
func (l *look) lists() (Part, error) {
	tree := Table{Caption: "Who stands behind whom", Head: []string{"Party", "Who stands behind it", "As", "Sort and countries", "Screened"},
		Empty: "Nobody is registered as standing behind them. That says nothing about who does."}
	found := Table{Caption: "What the rules of ownership say", Head: []string{"Party", "Rule", "Outcome", "Listed parties hold", "Why"},
		Empty: "No rule has anything to say."}
	flags := Table{Caption: "Red flags", Head: []string{"Party", "Flag", "What it is"}, Empty: "None, as far as the register goes."}
	names := map[string]Cell{}
	for _, id := range l.chain.Parties() {
		name := marked(ledger.Customer, l.behind.Name(id))
		names[id] = name
		node := l.behind.Tree(id)
		above(&tree, names, name, node.Above)
		for _, f := range l.behind.Stand(id).Findings {
			outcome := plain("%s", f.Outcome)
			if f.IfOpen != f.Outcome {
				outcome = plain("%s; %s if all open hits were confirmed", f.Outcome, f.IfOpen)
			}
			found.Rows = append(found.Rows, []Cell{name, plain("%s (%s)", f.Title, page.Say("", f.State)), outcome, marked(ledger.Personal, f.Counted.String()), marked(ledger.Personal, f.Why)})
		}
		if len(node.Above) == 0 {
			continue
		}
		for _, f := range l.behind.Flags(id) {
			flags.Rows = append(flags.Rows, []Cell{name, plain("%s", page.Say("", f.Kind)), marked(ledger.Personal, f.Text)})
		}
	}
	hits, err := l.hits(names)
	return Part{ID: "Lists and owners", Title: "Watchlists and owners", Note: "A hit says that two names are alike. An open hit is nobody's verdict.", Tables: []Table{hits, tree, found, flags}}, err
}

// above writes the tree above a party, one row for each interest.
func above(t *Table, names map[string]Cell, below Cell, nodes []screening.Node) {
	for _, n := range nodes {
		name := marked(ledger.Personal, n.Name)
		if n.Record == "customer" {
			name = marked(ledger.Customer, n.Name)
		}
		if n.ID != "" {
			names[n.ID] = name
		}
		as := string(n.Role)
		if n.Role == ownership.Owns {
			as += " " + n.Share.String()
		}
		if n.Indirect {
			as += ", through others"
		}
		sort := joined(", ", marked(ledger.Customer, string(n.Sort)), marked(ledger.Customer, strings.Join(n.Countries, ", ")))
		t.Rows = append(t.Rows, []Cell{below, name, marked(ledger.Personal, as), sort.or("not known"), plain("%s", answer(n.Screened))})
		above(t, names, name, n.Above)
	}
}

func (l *look) hits(names map[string]Cell) (Table, error) {
	t := Table{Caption: "Hits on watchlists, and what people made of them",
		Head:  []string{"Party", "Listed as", "How the names met", "State", "Why it was closed so"},
		Empty: "None on the parties of the chain or on those who stand behind them."}
	var ids []string
	for id := range names {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var list []*store.Revision[screening.Hit]
	for _, id := range ids {
		of, err := store.Select(l.ctx, l.q, screening.Hits, "r.subject = $1", id)
		if err != nil {
			return t, err
		}
		list = append(list, of...)
	}
	slices.SortFunc(list, func(a, b *store.Revision[screening.Hit]) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, h := range list {
		one := func(name string) Cell { return field(l.builder, screening.Hits, h, name) }
		why := one("closed")
		if why.Text == "" {
			why = one("note")
		}
		met := joined("; ", one("reasons"), marked(ledger.Customer, fmt.Sprintf("likeness %d of 1000", h.Record.Probability)))
		t.Rows = append(t.Rows, []Cell{names[h.Record.Subject], joined(", ", one("matched"), one("list"), one("entry")), met, joined(", ", one("state"), one("grade")), why.or("nobody has closed it")})
	}
	return t, nil
}
