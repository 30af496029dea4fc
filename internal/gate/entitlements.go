package gate

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// The first lines of the two texts that a gate signs; docs/entitlements.md has every line.
const (
	entitlementsTitle = "duly/entitlements/1"
	changesTitle      = "duly/entitlement-changes/1"
)

// AnyCapability stands in a row for every capability that has no row of its own.
const AnyCapability = "*"

// MaxLife is how long a file of entitlements may hold: a gate knows today and tomorrow.
const MaxLife = 24 * time.Hour

// Row is the answer about one capability of one account: what the API answers to a
// question that names neither purpose nor place, without its sentences.
type Row struct {
	ID          string   `json:"id"`                // record id of the account
	Account     string   `json:"account,omitempty"` // as it is billed, with its scheme
	Capability  string   `json:"capability"`
	Allowed     bool     `json:"allowed"`
	Code        Code     `json:"code"`
	Obligations []string `json:"obligations,omitempty"`
	Decision    *int64   `json:"decision_entry,omitempty"` // of the log
	Until       string   `json:"until,omitempty"`          // RFC 3339, UTC: from then on it is refused
	Removed     bool     `json:"removed,omitempty"`        // in changes: there is no such row any more
}

// Entitlements are all answers of a gate, and the log that they rest on.
type Entitlements struct {
	Origin  string `json:"origin"`
	Size    int64  `json:"size"` // entries of the log
	Root    string `json:"root"` // of its tree, as in a checkpoint
	Made    string `json:"made"`
	Expires string `json:"expires"` // from then on everything is refused
	Rows    []Row  `json:"-"`
	Count   int    `json:"rows"` // so that a part is not taken for the whole
}

// Entitlements gives all answers of now. They hold for a while, at most [MaxLife]; each
// that changes at midnight ends there by itself.
//
// Errors: Invalid for a while that is none; Failed when the gate is stale.
func (g *Gate) Entitlements(origin string, life time.Duration) (*Entitlements, error) {
	if life <= 0 || life > MaxLife {
		return nil, fault.Newf(fault.Invalid, "%s is not between nothing and %s", life, MaxLife)
	}
	w, now := g.world.Load(), g.options.Now().UTC()
	if reason := g.stale(w, now); reason != "" || !w.on(now) {
		return nil, fault.New(fault.Failed, "the gate is behind its log. "+reason, "look at the process that runs the gate")
	}
	e := &Entitlements{
		Origin: origin, Size: w.size, Root: base64.StdEncoding.EncodeToString(w.root[:]),
		Made: now.Format(time.RFC3339), Expires: now.Add(life).Format(time.RFC3339),
	}
	for _, id := range w.accounts() {
		e.Rows = append(e.Rows, w.rows(id, now)...)
	}
	e.Count = len(e.Rows)
	return e, nil
}

// Sign gives entitlements as a signed note.
func (e *Entitlements) Sign(key *ledger.NoteKey) ([]byte, error) {
	return sign(key, entitlementsTitle, e, e.Rows)
}

// EntitlementsPath is where a gate that signs gives its entitlements as a whole.
const EntitlementsPath = "/entitlements"

// ServeEntitlements gives the entitlements of the moment, signed, to whoever asks.
func (g *Gate) ServeEntitlements(origin string, key *ledger.NoteKey, life time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		e, err := g.Entitlements(origin, life)
		var signed []byte
		if err == nil {
			signed, err = e.Sign(key)
		}
		if err != nil {
			refuse(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(signed) // who asked may be gone
	}
}

// sign writes a title, a head and rows, a line each, and signs them.
func sign(key *ledger.NoteKey, title string, head any, rows []Row) ([]byte, error) {
	var text strings.Builder
	text.WriteString(title + "\n")
	lines := json.NewEncoder(&text)
	lines.SetEscapeHTML(false)
	err := lines.Encode(head)
	for i := range rows {
		if err == nil {
			err = lines.Encode(&rows[i])
		}
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot write the entitlements")
	}
	return key.SignText(text.String())
}

// accounts gives the record ids of all accounts, sorted.
func (w *world) accounts() []string {
	ids := map[string]bool{}
	for _, u := range w.units {
		ids[u.account] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// rows gives the answers about an account, by capability.
func (w *world) rows(account string, now time.Time) []Row {
	units := w.by["account "+account]
	var names []string
	for _, u := range units {
		if u.capabilities == nil {
			names = append(names, AnyCapability)
		}
		names = append(names, u.capabilities...)
	}
	slices.Sort(names)
	var out []Row
	for _, name := range slices.Compact(names) {
		out = append(out, row(meant(units, Question{Capability: name}), name, now))
	}
	return out
}

// row gives the answer about some units of an account. What is answered otherwise from
// midnight on ends at midnight.
func row(units []*unit, capability string, now time.Time) Row {
	next := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	a, b, midnight := strictest(units, 0, now), strictest(units, 1, next), next.Format(time.RFC3339)
	r := Row{ID: units[0].account, Account: units[0].billed, Capability: capability, Allowed: a.Allowed, Code: a.Code, Obligations: a.Obligations}
	if a.Decision >= 0 {
		r.Decision = &a.Decision
	}
	if !a.Allowed {
		return r
	}
	if len(a.Until) == len(time.DateOnly) {
		a.Until += "T00:00:00Z"
	}
	r.Until = a.Until
	changes := a.Code != b.Code || a.Decision != b.Decision || !slices.Equal(a.Obligations, b.Obligations)
	if changes && (r.Until == "" || midnight < r.Until) {
		r.Until = midnight
	}
	return r
}
