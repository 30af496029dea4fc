package main

import (
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"strings"

	"duly/internal/act"
	"duly/internal/assessment"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/triage"
	"duly/internal/workspace"
)

type triageCmd struct {
	Pack string `help:"The rules." default:"base"`
	As   string `help:"Who runs it." placeholder:"PERSON"`
}

// Run puts every account into a lane.
func (c *triageCmd) Run(a *app) error {
	p, err := findPack("triage", c.Pack)
	if err != nil {
		return err
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Load)
		if err != nil {
			return err
		}
		s, err := triage.Run(a.ctx, w.DB, actor.Key, w.Today(), p, a.count("accounts"))
		if err != nil {
			return err
		}
		return a.print(s, func(out io.Writer) { printTriage(out, s) })
	})
}

func printTriage(out io.Writer, s *triage.Summary) {
	fmt.Fprintf(out, "billed and mapped to no customer or product: %d of %d accounts (%s), %s\n",
		s.Spine.Unmapped, s.Accounts, percent(s.UnmappedAccounts), unmappedMoney(&s.Spine))
	for _, lane := range []triage.Lane{triage.Stop, triage.Person, triage.Desk, triage.Auto} {
		fmt.Fprintf(out, "%-7s %d\n", lane, s.Lanes[lane])
	}
	fmt.Fprintf(out, "by default, because no rule spoke: %d\n", s.ByDefault)
	printCounts(out, "accounts by the first rule that put them there", s.Reasons)
}

// countsShown is how many counts of a kind are printed for people.
const countsShown = 12

// printCounts writes counts, the largest first.
func printCounts(out io.Writer, title string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	names := make([]string, 0, len(counts))
	for n := range counts {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		if counts[names[i]] != counts[names[j]] {
			return counts[names[i]] > counts[names[j]]
		}
		return names[i] < names[j]
	})
	fmt.Fprintln(out, title+":")
	for _, n := range names[:min(countsShown, len(names))] {
		fmt.Fprintf(out, "  %6d  %s\n", counts[n], n)
	}
	if more := len(names) - countsShown; more > 0 {
		fmt.Fprintf(out, "  and %d more; --json has all\n", more)
	}
}

type assessCmd struct {
	IDs  []string      `arg:"" optional:"" name:"id" help:"Deployments by record id, or accounts, for all their deployments, by account number or record id."`
	Lane []triage.Lane `help:"Assess all accounts of a lane: STOP, PERSON, DESK or AUTO." placeholder:"LANE"`
	// Changed is for after a change of method or of facts that many share.
	Changed bool   `help:"Rate again all that is rated, and record only what comes out otherwise."`
	Move    bool   `help:"Rate under the method in force also what keeps an earlier one until its review."`
	As      string `help:"In whose name it is prepared; that person cannot decide on it." placeholder:"PERSON"`
}

// Run rates deployments. Without ids and lanes it takes the lanes STOP and PERSON.
func (c *assessCmd) Run(a *app) error {
	standard, err := findPack("methods", standardMethod)
	if err != nil {
		return err
	}
	which := assessment.Which{}
	for _, lane := range c.Lane {
		if _, err := triage.ParseLane(string(lane)); err != nil {
			return err
		}
		which.Lanes = append(which.Lanes, lane)
	}
	which.Changed = c.Changed
	if c.Changed && (len(c.IDs) > 0 || len(which.Lanes) > 0) {
		return fault.New(fault.Invalid, "--changed looks at all that is rated", "leave out the lanes and the ids, or leave out --changed")
	}
	if len(c.IDs) == 0 && len(which.Lanes) == 0 && !c.Changed {
		which.Lanes = []triage.Lane{triage.Stop, triage.Person}
	}
	return a.write(func(w *workspace.Workspace) error {
		actor, err := a.may(w, c.As, act.Judge)
		if err != nil {
			return err
		}
		if which.Prohibitions, err = prohibitions(w); err != nil {
			return err
		}
		for _, text := range c.IDs {
			found, err := register.Find(a.ctx, w.DB, text)
			if err != nil {
				return err
			}
			which.IDs = append(which.IDs, found.ID)
		}
		decided, err := decision.Reviews(a.ctx, w.DB)
		if err != nil {
			return err
		}
		reviews := assessment.Reviews{Decided: decided, Move: c.Move}
		s, err := assessment.Reassess(a.ctx, w.DB, actor.Key, w.Today(), standard, which, reviews, a.count("deployments"))
		if err != nil {
			return err
		}
		e, err := assessment.ReviewExposures(a.ctx, w.DB, actor.Key, w.Today())
		if err != nil {
			return err
		}
		return a.print(assessedAndExposed{s, e}, func(out io.Writer) {
			printAssess(out, s)
			printExposures(out, e)
		})
	})
}

// prohibitions gives the bans and moratoria that count in a workspace. Its configuration
// names what is its own: providers whose moratoria ship, or files, from its directory on.
func prohibitions(w *workspace.Workspace) (*assessment.Prohibitions, error) {
	var providers []string
	var own []*pack.Pack
	for _, name := range w.Config.Moratoria {
		if !isPackFile(name) {
			providers = append(providers, name)
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(w.Dir, name)
		}
		p, err := findPack("frameworks", name)
		if err != nil {
			return nil, err
		}
		own = append(own, p)
	}
	return assessment.ReadProhibitions(providers, own...)
}

// assessedAndExposed is what assessing prints: the ratings, and where deployments add up.
type assessedAndExposed struct {
	*assessment.Summary
	Exposures *assessment.ExposureSummary `json:"exposures"`
}

// named says what was rated: a deployment and whose it is, or an account without one.
func named(s assessment.Assessed) string {
	if s.Subject == s.Account {
		return "account " + s.Account
	}
	return "deployment " + s.Subject + " of account " + s.Account
}

// firstOf lists the first few of many ids.
func firstOf(ids []string) string {
	const told = 5
	text := strings.Join(ids[:min(told, len(ids))], ", ")
	if n := len(ids) - told; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

func printAssess(out io.Writer, s *assessment.Summary) {
	fmt.Fprintf(out, "assessed %d, pending %d (required facts are unknown: nothing is activated)\n", s.Assessed, s.Pending)
	if s.Kept > 0 {
		fmt.Fprintf(out, "%d of them under the method of their standing rating, until their review; --move takes the one in force\n", s.Kept)
	}
	printCounts(out, "outcomes", s.Outcomes)
	printCounts(out, "worst residual band", s.Worst)
	printCounts(out, "best residual band", s.Best)
	for _, one := range s.Subjects {
		fmt.Fprintln(out, named(one)+":")
		fmt.Fprint(out, wrap("  ", fmt.Sprintf("%s to %s, tier %s, %s; %d of %d facts known; rating %s", one.Best, one.Worst, one.Tier, one.Decision, one.Known, one.Facts, short(one.Leaf))))
		for _, r := range one.Rulings {
			fmt.Fprint(out, wrap("  ", r))
		}
		for _, f := range one.OutOfDate {
			fmt.Fprint(out, wrap("  ", f))
		}
		if n := len(one.Single); n > 0 {
			fmt.Fprint(out, wrap("  ", fmt.Sprintf("%d facts rest on fewer independent sources than the method asks for: %s", n, firstOf(one.Single))))
		}
		for _, q := range one.Ask[:min(3, len(one.Ask))] {
			fmt.Fprint(out, wrap("  ask next: ", q.Question+" ("+q.Fact+")"))
		}
	}
	if len(s.Subjects) == 0 {
		printCounts(out, "ratings by required fact that is missing", s.Missing)
	}
	fmt.Fprintf(out, "recorded %d, the others as before\n", s.Changed)
}
