package usage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"duly/internal/conditions"
	"duly/internal/register"
	"duly/internal/store"
)

// Shown is how many calls of a deployment on a day showed one capability, in one region
// and for one purpose (RS-09).
type Shown struct {
	Deployment string `json:"deployment"`
	Day        string `json:"day"`
	Basis      string `json:"basis"`
	Capability string `json:"capability"`
	Region     string `json:"region,omitempty"`
	Purpose    string `json:"purpose,omitempty"` // where the log has one
	Shared     bool   `json:"shared,omitempty"`  // whether it may be the use of another deployment with the account
	Calls      int64  `json:"calls"`
}

// shownKey is what an object shows by.
type shownKey struct {
	deployment                  int
	day                         int64
	capability, region, purpose string
	shared                      bool
}

const (
	shows     = "shows "
	elsewhere = "other" // what is said of regions that are no names, or too many
	maxThings = 256     // different things that are kept of a deployment's day
)

// what says what was shown, as records hold it: no part of it has a space or a bar.
func (s *Shown) what() string {
	shared := "-"
	if s.Shared {
		shared = "account"
	}
	return strings.Join([]string{s.Capability, cmp.Or(s.Region, "-"), cmp.Or(s.Purpose, "-"), shared}, " ")
}

// parseWhat reads the text that [Shown.what] wrote.
func parseWhat(text string) (s Shown, ok bool) {
	parts := strings.Split(text, " ")
	if len(parts) != 4 {
		return s, false
	}
	for i := range parts {
		if parts[i] == "-" {
			parts[i] = ""
		}
	}
	return Shown{Capability: parts[0], Region: parts[1], Purpose: parts[2], Shared: parts[3] != ""}, true
}

// identity names what was shown among what an object adds to; see contribution.
func (s *Shown) identity() string { return identity(s.Deployment, shows+s.what(), s.Day, s.Basis) }

// parseShown reads what identity wrote, and says whether it is of something shown.
func parseShown(id string) (s Shown, ok bool) {
	where, day := scopeOf(id)
	text, ok := strings.CutPrefix(where.hash, shows)
	if !ok {
		return s, false
	}
	s, ok = parseWhat(text)
	s.Deployment, s.Day, s.Basis = where.deployment, day, where.basis
	return s, ok
}

// shows gives the capability that a call shows by the monitor's packs; the first of them
// that names one counts.
func (m *Monitor) shows(source, name string) string {
	for _, set := range m.sets {
		if c := set.Shows(source, name); c != "" {
			return c
		}
	}
	return ""
}

// declared says whether somebody declared what the deployment is for.
func (d *deployment) declared() bool {
	return !d.Inferred && conditions.Known(d.Capability)
}

// claim says how likely use of a capability is the deployment's: it declares it, it
// declares nothing, or it declares another.
func (d *deployment) claim(capability string) int {
	switch {
	case d.declared() && d.Capability == capability:
		return 2
	case !d.declared():
		return 1
	}
	return 0
}

// show counts a call for the deployments of its account whose use it most likely is.
func (j *judge) show(e *event, capability string) {
	if e.calls == 0 {
		return
	}
	best, n := -1, 0
	for _, d := range j.m.accounts[string(e.account)] {
		if own := &j.m.deployments[d]; own.active(e.time) {
			if claim := own.claim(capability); claim > best {
				best, n = claim, 1
			} else if claim == best {
				n++
			}
		}
	}
	region := elsewhere
	if named(e.region) {
		region = j.name(e.region)
	}
	for _, d := range j.m.accounts[string(e.account)] {
		if own := &j.m.deployments[d]; own.active(e.time) && own.claim(capability) == best {
			j.shown[shownKey{d, floor(e.time.Unix(), 24*hour), capability, region, e.purpose, n > 1}] += e.calls
		}
	}
}

// named says whether a text may be the name of a region, or is empty.
func named(region []byte) bool {
	for _, c := range region {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(region) <= 32 && string(region) != "-"
}

// shownCalls gives what the object showed, in a fixed order.
func (j *judge) shownCalls() (out []Shown) {
	for k, calls := range j.shown {
		out = append(out, Shown{j.m.deployments[k.deployment].ID, dayText(k.day), j.m.basis(), k.capability, k.region, k.purpose, k.shared, calls})
	}
	slices.SortFunc(out, func(a, b Shown) int { return cmp.Compare(a.identity(), b.identity()) })
	return out
}

// seen gives what a record says was shown.
func (r *ShownRecord) seen() map[string]int64 {
	out := map[string]int64{}
	for _, line := range r.Seen {
		at := strings.LastIndexByte(line, ' ')
		n, err := strconv.ParseInt(line[at+1:], 10, 64)
		if at > 0 && err == nil {
			out[line[:at]] = n
		}
	}
	return out
}

// see adds calls. Beyond so many different things, what is new is counted together.
func (r *ShownRecord) see(s *Shown, calls int64) {
	seen := r.seen()
	what := s.what()
	if _, known := seen[what]; !known && len(seen) >= maxThings {
		what = (&Shown{Capability: s.Capability, Region: elsewhere, Shared: s.Shared}).what()
	}
	if seen[what] += calls; seen[what] <= 0 {
		delete(seen, what)
	}
	r.Calls += calls
	r.Seen = nil
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		r.Seen = append(r.Seen, k+" "+strconv.FormatInt(seen[k], 10))
	}
}

// show adds to the days of deployments what an object shows, and takes out what it showed
// by another mapping.
func (k *keeper) show(tx *store.Tx, fresh []Shown, replaced []contribution) error {
	changed := map[string]*ShownRecord{}
	ids := map[string]string{}
	add := func(s Shown, calls int64) error {
		id := identity(s.Deployment, s.Day, s.Basis)
		if changed[id] == nil {
			known, err := store.Select(k.ctx, tx, ShownRecords, "r.identity = $1", id)
			if err != nil {
				return err
			}
			changed[id] = &ShownRecord{Day: s.Day, Basis: s.Basis, Deployment: s.Deployment, Identity: id}
			if len(known) > 0 {
				changed[id], ids[id] = known[0].Record, known[0].ID
			}
		}
		changed[id].see(&s, calls)
		return nil
	}
	for _, s := range fresh {
		if err := add(s, s.Calls); err != nil {
			return err
		}
	}
	for _, c := range replaced {
		if s, ok := parseShown(c.identity); ok {
			if err := add(s, -c.exposures); err != nil {
				return err
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		var err error
		if ids[id] == "" {
			_, err = store.Create(tx, ShownRecords, changed[id])
		} else {
			_, _, err = store.Revise(tx, ShownRecords, ids[id], changed[id])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Compared says of how many deployments, of which a run saw use, what is declared. Use is
// held to what is declared, and to nothing where nothing is.
type Compared struct {
	Deployments  int `json:"deployments"`
	NoCapability int `json:"no_capability"` // of them, with no capability declared
	NoRegions    int `json:"no_regions"`
	NoVolume     int `json:"no_volume"`
	NoPurpose    int `json:"no_purpose"` // and the log shows purposes
}

func undeclared(id, text string) watch {
	w := newWatch(id, "medium", text)
	w.kind = Undeclared
	return w
}

var (
	capabilityWatch = undeclared("USE-CAPABILITY", "Calls show a capability that was not declared.")
	regionWatch     = undeclared("USE-REGION", "Calls were made in a region that was not declared.")
	purposeWatch    = undeclared("USE-PURPOSE", "A log says that calls were made for a purpose that was not declared.")
	volumeWatch     = undeclared("USE-VOLUME", "There were more calls in a month than were declared at most.")
)

// compare holds the use that a run saw to what is declared now, on the days and in the
// months of which it saw any. It goes by all that is recorded of them.
func (k *keeper) compare(tx *store.Tx) error {
	for i := range k.m.deployments {
		d := &k.m.deployments[i]
		days := k.shown[d.ID]
		if len(days) == 0 {
			continue
		}
		records, err := store.Select(k.ctx, tx, ShownRecords, "r.deployment = $1", d.ID)
		if err != nil {
			return err
		}
		use := used(records)
		k.s.Compared.add(d, use, days)
		months := map[string]bool{}
		for _, day := range slices.Sorted(maps.Keys(days)) {
			months[day[:len("2006-01")]] = true
			for _, w := range d.otherThanDeclared(day, use[day]) {
				if err := k.state(tx, &w); err != nil {
					return err
				}
			}
		}
		for _, month := range slices.Sorted(maps.Keys(months)) {
			w := d.beyondVolume(month, use)
			if err := k.state(tx, &w); err != nil {
				return err
			}
		}
	}
	return nil
}

// used gives what was shown by day: of events where there are any, since a meter's are
// the same calls.
func used(records []*store.Revision[ShownRecord]) map[string][]Shown {
	use, from := map[string][]Shown{}, map[string]string{}
	for _, r := range records {
		day := r.Record.Day
		if from[day] == Events || r.Record.Calls == 0 {
			continue
		}
		from[day], use[day] = r.Record.Basis, nil
		for _, what := range slices.Sorted(maps.Keys(r.Record.seen())) {
			if s, ok := parseWhat(what); ok {
				s.Calls = r.Record.seen()[what]
				use[day] = append(use[day], s)
			}
		}
	}
	return use
}

func (c *Compared) add(d *deployment, use map[string][]Shown, days map[string]bool) {
	c.Deployments++
	missing := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	missing(&c.NoCapability, !d.declared())
	missing(&c.NoRegions, len(d.Regions) == 0)
	missing(&c.NoVolume, d.Volume == nil)
	purposes := false
	for day := range days {
		purposes = purposes || slices.ContainsFunc(use[day], func(s Shown) bool { return s.Purpose != "" })
	}
	missing(&c.NoPurpose, purposes && !conditions.Known(d.Purpose))
}

// otherThanDeclared gives for each sort of thing that is declared what a day shows beside
// it; without evidence where that is nothing.
func (d *deployment) otherThanDeclared(day string, use []Shown) []watched {
	find := func(w watch, declared []string, part func(*Shown) string) watched {
		out := watched{watch: w, deployment: d.ID, day: day}
		calls := map[string]int64{}
		for i := range use {
			if is := part(&use[i]); len(declared) > 0 && is != "" && is != elsewhere && !slices.Contains(declared, is) {
				calls[is] += use[i].Calls
				out.calls += use[i].Calls
				if use[i].Shared {
					out.assumed = []string{"account"}
				}
			}
		}
		for _, is := range slices.Sorted(maps.Keys(calls)) {
			out.evidence = append(out.evidence, fmt.Sprintf("shown = %s: %d calls", is, calls[is]))
		}
		if out.evidence != nil {
			out.evidence = append(out.evidence, "declared = "+strings.Join(declared, ", "))
		}
		return out
	}
	var capability, purpose []string
	if d.declared() {
		capability = []string{d.Capability}
	}
	if conditions.Known(d.Purpose) {
		purpose = []string{d.Purpose}
	}
	grave := capabilityWatch
	grave.grade = "low"
	for i := range use {
		if use[i].Capability != d.Capability {
			grave.grade = graver(grave.grade, graded(use[i].Capability, d.Capability))
		}
	}
	purposed := purposeWatch
	purposed.grade = "high"
	return []watched{
		find(grave, capability, func(s *Shown) string { return s.Capability }),
		find(regionWatch, d.Regions, func(s *Shown) string { return s.Region }),
		find(purposed, purpose, func(s *Shown) string { return s.Purpose }),
	}
}

// graded says how grave it is that one capability shows where another is declared: by
// whether its class of risk is higher, the same, or lower.
func graded(shown, declared string) string {
	switch class := register.RiskClass(declared); {
	case register.RiskClass(shown) == class:
		return "medium"
	case register.HighestRisk(shown, declared) == class:
		return "low"
	}
	return "high"
}

var grades = []string{"low", "medium", "high", "critical"}

func graver(a, b string) string {
	return grades[max(slices.Index(grades, a), slices.Index(grades, b))]
}

// beyondVolume holds the calls of a month, YYYY-MM, to the most that is declared: low up
// to twice as many, medium up to ten times, high beyond. Its day is the month's first.
func (d *deployment) beyondVolume(month string, use map[string][]Shown) watched {
	out := watched{watch: volumeWatch, deployment: d.ID, day: month + "-01"}
	if d.Volume == nil {
		return out
	}
	var calls int64
	for day, list := range use {
		for _, s := range list {
			if strings.HasPrefix(day, month) {
				calls += s.Calls
				if s.Shared {
					out.assumed = []string{"account"}
				}
			}
		}
	}
	most := *d.Volume
	if calls <= most {
		out.assumed = nil
		return out
	}
	switch {
	case calls <= 2*most:
		out.grade = "low"
	case calls > 10*most:
		out.grade = "high"
	}
	out.calls = calls - most
	out.evidence = []string{fmt.Sprintf("declared = at most %d calls a month", most), fmt.Sprintf("shown = %d calls in %s", calls, month)}
	return out
}
