package bundle

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/pack"
	"duly/internal/rating"
	"duly/internal/rule"
)

// InputValue turns a committed value into a fact of a method: a yes or no of the
// register into a truth value, a word that is none of the method's answers, an
// absent value or an unknown one into unknown. Rating and replaying a rating both
// use it, so that they cannot differ.
func InputValue(f rating.Fact, s ledger.Scalar) rating.Value {
	if reason, unknown := s.UnknownReason(); unknown {
		return rating.Unknown(reason)
	}
	switch v := s.Value().(type) {
	case string:
		if f.Type == rule.Bool && (v == "yes" || v == "no") {
			return rating.Known(v == "yes")
		}
		if f.Type != rule.Text || !slices.Contains(f.Values, v) {
			return rating.Unknown("the register says something else")
		}
	}
	return rating.Known(s.Value())
}

// Trace gives the trace of a rating as it is committed to: every step from the
// indicators to the decision, as one JSON object with its keys in a fixed order.
// An indicator, stop or requirement that is in neither list is false. What a method
// does not use is left out. The day stands in the record, so that a rating that comes
// out the same on another day has the same trace.
func Trace(r *rating.Rating) string {
	t := struct {
		Engine       string                 `json:"engine"`
		Indicators   trueOrUnknown          `json:"indicators"`
		Families     []rating.FamilyReading `json:"families"`
		Rights       []rating.RightReading  `json:"rights"`
		Vulnerable   rule.Tri               `json:"vulnerable_group"`
		Actual       rule.Tri               `json:"actual_harm"`
		Controls     rating.Controls        `json:"controls"`
		Stops        trueOrUnknown          `json:"stops"`
		Requirements trueOrUnknown          `json:"requirements"`
		Best         rating.End             `json:"best"`
		Worst        rating.End             `json:"worst"`
		Tier         string                 `json:"tier"`
		Decision     string                 `json:"decision"`
		Review       int                    `json:"review"`

		Second        []rating.RightReading `json:"second,omitempty"`
		Disputed      []string              `json:"disputed,omitempty"`
		Uses          *trueOrUnknown        `json:"prohibited_uses,omitempty"`
		Dormant       []string              `json:"dormant,omitempty"` // dated parts outside their days
		Participation []string              `json:"participation,omitempty"`
		Axes          *rating.Axes          `json:"axes,omitempty"`
	}{
		r.Engine, split(r.Indicators), r.Families, r.Rights, r.Vulnerable, r.Actual, r.Controls,
		split(r.Stops), split(r.Requirements), r.Best, r.Worst, r.Tier, r.Decision, r.Review,
		r.Second, r.Disputed, nil, nil, r.Participation, r.Axes,
	}
	if len(r.Uses) > 0 {
		uses := split(r.Uses)
		t.Uses = &uses
	}
	for _, list := range [][]rating.Reading{r.Indicators, r.Stops, r.Uses} {
		for _, x := range list {
			if x.Dormant {
				t.Dormant = append(t.Dormant, x.ID)
			}
		}
	}
	b, err := json.Marshal(t)
	if err != nil {
		panic("bundle: a trace of texts and whole numbers did not encode: " + err.Error())
	}
	return string(b)
}

type trueOrUnknown struct {
	True    []string `json:"true"`
	Unknown []string `json:"unknown"`
}

func split(list []rating.Reading) trueOrUnknown {
	out := trueOrUnknown{[]string{}, []string{}}
	for _, r := range list {
		switch r.State {
		case rule.True:
			out.True = append(out.True, r.ID)
		case rule.Unknown:
			out.Unknown = append(out.Unknown, r.ID)
		}
	}
	return out
}

type outcome int

const (
	notReplayed outcome = iota
	exact
	consistent
	contradicted
)

// String gives the outcome in a word.
func (o outcome) String() string {
	return [...]string{"not_replayed", "exact", "consistent", "contradicted"}[o]
}

func (r *Replays) add(o outcome) {
	switch o {
	case exact:
		r.Exact++
	case consistent:
		r.Consistent++
	case contradicted:
		r.Contradicted++
	default:
		r.NotReplayed++
	}
}

// replayer computes ratings again from their disclosed inputs.
type replayer struct {
	options Options
	methods map[string]*rating.Method
	entries map[int64]*seen // a few of the entries read last: a chain's facts share them
}

// seen is an earlier entry, read again for a rating.
type seen struct {
	leaf   *ledger.Leaf
	fields []Sealed
}

// entriesKept bounds the memory for entries read again.
const entriesKept = 2048

func (r *replayer) entry(seq int64) (*seen, error) {
	if e := r.entries[seq]; e != nil {
		return e, nil
	}
	leafBytes, fields, err := r.options.Entry(seq)
	if err != nil {
		return nil, err
	}
	leaf, err := ledger.ParseLeaf(leafBytes)
	if err != nil {
		return nil, err
	}
	if r.entries == nil || len(r.entries) == entriesKept {
		r.entries = map[int64]*seen{}
	}
	e := &seen{leaf, fields}
	r.entries[seq] = e
	return e, nil
}

// rating computes one rating again. It is exact when all inputs are disclosed and
// the result is the same; consistent when some are withheld and what stands in the
// leaf is possible; contradicted otherwise, with an error that says where.
func (r *replayer) rating(seq int64, leaf *ledger.Leaf, values map[string][]byte) (outcome, error) {
	public := leaf.PublicValues()
	engine, _ := public["engine"].Value().(int64)
	if engine < 1 || engine > EngineNumber() {
		return contradicted, fault.Newf(fault.Broken, "the rating names version %d of the arithmetic, which was never released or is newer than this verifier", engine)
	}
	list, shown := values["inputs"]
	if !shown || engine < EngineNumber() { // this release cannot judge by an older arithmetic
		return notReplayed, nil
	}
	hash, _ := public["method"].Value().(string)
	m, err := r.method(hash)
	if err != nil {
		return contradicted, err
	}
	inputs, withheld, err := r.inputs(seq, m, list)
	if err != nil {
		return contradicted, err
	}
	day, _ := public["day"].Value().(string)
	again, err := m.RateOn(day, inputs)
	if err != nil {
		return contradicted, err
	}
	if withheld {
		return possible(&again, public)
	}
	return exact, same(&again, public, values)
}

func (r *replayer) method(hash string) (*rating.Method, error) {
	if m := r.methods[hash]; m != nil {
		return m, nil
	}
	data, err := r.options.Pack(hash)
	if err != nil {
		return nil, err
	}
	p, err := pack.Parse("packs/"+hash, data)
	if err != nil {
		return nil, err
	}
	if p.Hash != hash {
		return nil, fault.Newf(fault.Broken, "the pack %s has another hash", hash)
	}
	m, err := rating.Load(p)
	if err != nil {
		return nil, err
	}
	if r.methods == nil {
		r.methods = map[string]*rating.Method{}
	}
	r.methods[hash] = m
	return m, nil
}

// inputs reads the values that the rating at position at names by fact, entry,
// field and digest.
func (r *replayer) inputs(at int64, m *rating.Method, list []byte) (in rating.Inputs, withheld bool, err error) {
	var named ledger.Scalar
	if err := named.UnmarshalJSON(list); err != nil {
		return nil, false, err
	}
	in = rating.Inputs{}
	lines, _ := named.Value().([]string)
	for _, line := range lines {
		parts := strings.Split(line, " ")
		if len(parts) != 4 {
			return nil, false, fault.Newf(fault.Broken, "the rating's input %q is malformed", line)
		}
		seq, err := strconv.ParseInt(parts[1], 10, 64)
		f, known := m.Fact(parts[0])
		if err != nil || !known || seq >= at || parts[1] != strconv.FormatInt(seq, 10) {
			return nil, false, fault.Newf(fault.Broken, "the rating's input %q is malformed, or of a later entry", line)
		}
		value, shown, err := r.value(f, seq, parts[2], parts[3])
		if err != nil {
			return nil, false, err
		}
		if !shown {
			withheld = true
			continue
		}
		if _, twice := in[f.ID]; twice {
			return nil, false, fault.Newf(fault.Broken, "the rating names two inputs for %s", f.ID)
		}
		in[f.ID] = InputValue(f, value)
	}
	return in, withheld, nil
}

// value reads one field of an earlier entry and checks that it may state the fact
// and that its digest is the one that the rating names.
func (r *replayer) value(f rating.Fact, seq int64, field, digest string) (value ledger.Scalar, shown bool, err error) {
	e, err := r.entry(seq)
	if err != nil {
		return value, false, err
	}
	leaf, fields := e.leaf, e.fields
	if !r.states(e, f, field) {
		return value, false, fault.Newf(fault.Broken, "field %q of entry %d, a %s, does not state the rating's fact %s", field, seq, leaf.Kind, f.ID)
	}
	bad := fault.Newf(fault.Broken, "the rating's input from entry %d is not what that entry commits to", seq)
	if digest == "public" {
		raw := leaf.PublicField(field)
		if raw == nil {
			return value, false, bad
		}
		return value, true, value.UnmarshalJSON(raw)
	}
	i := r.sealed(e, field)
	if i < 0 || fields[i].Digest.String() != digest {
		return value, false, bad
	}
	if fields[i].Disclosure == "" {
		return value, false, nil
	}
	raw, err := r.options.Schemas[leaf.Schema].CheckDisclosure(i, fields[i].Disclosure)
	if err != nil {
		return value, false, err
	}
	return value, true, value.UnmarshalJSON(raw)
}

// states says whether a field of an entry is where a fact of the method is stated:
// the value of a statement of that fact, or the field of the register that the
// method names. Which statement's fact is withheld cannot be told.
func (r *replayer) states(e *seen, f rating.Fact, field string) bool {
	if e.leaf.Kind == "fact" {
		i := r.sealed(e, "fact")
		if field != "value" || i < 0 {
			return false
		}
		_, value, err := e.fields[i].Disclosure.Open()
		return e.fields[i].Disclosure == "" || err == nil && scalar(value).Value() == any(f.ID)
	}
	party, named, _ := strings.Cut(f.Register, ".")
	if party == "end_user" || party == "integrator" {
		party = "customer"
	}
	return party == e.leaf.Kind && named == field
}

// sealed gives the place of a sealed field of an entry, or -1.
func (r *replayer) sealed(e *seen, name string) int {
	schema := r.options.Schemas[e.leaf.Schema]
	if schema == nil || len(e.fields) != len(schema.Sealed) {
		return -1
	}
	return slices.IndexFunc(schema.Sealed, func(f ledger.Field) bool { return f.Name == name })
}

// outcomes gives what a rating shows in clear, as JSON by name, so that the two
// can be compared without knowing the record's Go type.
func outcomes(r *rating.Rating) map[string]string {
	encode := func(v any) string {
		b, _ := json.Marshal(v)
		return string(b)
	}
	stops := r.HardStops
	out := map[string]string{
		"best": encode(r.Best.Residual.String()), "worst": encode(r.Worst.Residual.String()), "inherent": encode(r.Worst.Inherent.String()),
		"severity": encode(r.Worst.S), "sum": encode(r.Worst.Sum), "likelihood": encode(r.Worst.LR), "tier": encode(r.Tier),
		"hard_stops": encode(stops), "pending": encode(r.Pending), "known": encode(r.Known), "facts": encode(r.Total),
		"review_months": encode(r.Review), "outcome": encode(Outcome(r.Decision)),
	}
	return out
}

func same(again *rating.Rating, public map[string]ledger.Scalar, values map[string][]byte) error {
	for name, want := range outcomes(again) {
		got, err := public[name].MarshalJSON()
		if err != nil || string(got) != want {
			return fault.Newf(fault.Broken, "the rating says %s %s, its inputs give %s", name, got, want)
		}
	}
	if missing, ok := values["missing"]; ok && !slices.Equal(texts(missing), again.Missing) {
		return fault.New(fault.Broken, "the facts that the rating says are missing are not those that its inputs leave open", "")
	}
	if trace, ok := values["trace"]; ok {
		var s ledger.Scalar
		if err := s.UnmarshalJSON(trace); err != nil || s.Value() != Trace(again) {
			return fault.New(fault.Broken, "the rating's trace is not what its inputs give", "")
		}
	}
	return nil
}

var bands = []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}

func texts(value []byte) []string {
	list, _ := scalar(value).Value().([]string)
	return list
}

// possible says whether a rating can be right when the withheld inputs may be
// anything: with them unknown, the interval must contain the one that is shown, and
// the hard stops that are shown are all that hold and none that cannot.
func possible(again *rating.Rating, public map[string]ledger.Scalar) (outcome, error) {
	best, _ := public["best"].Value().(string)
	worst, _ := public["worst"].Value().(string)
	b, w := slices.Index(bands, best), slices.Index(bands, worst)
	low, high := slices.Index(bands, again.Best.Residual.String()), slices.Index(bands, again.Worst.Residual.String())
	if b < low || w > high || b > w {
		return contradicted, fault.Newf(fault.Broken, "the rating says %s to %s, its disclosed inputs allow only %s to %s", best, worst, bands[low], bands[high])
	}
	shown, _ := public["hard_stops"].Value().([]string)
	for _, stop := range again.HardStops {
		if !slices.Contains(shown, stop) {
			return contradicted, fault.Newf(fault.Broken, "the rating does not show the hard stop %s, which its disclosed inputs raise", stop)
		}
	}
	for _, stop := range shown {
		if !slices.Contains(again.HardStops, stop) && !slices.Contains(again.PossibleStops, stop) {
			return contradicted, fault.Newf(fault.Broken, "the rating shows the hard stop %s, which its disclosed inputs rule out", stop)
		}
	}
	return consistent, nil
}
