package gate

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/ledger"
)

const origin = "test.example/log"

func gateKey(t testing.TB) *ledger.NoteKey {
	key, err := ledger.NewNoteKey(strings.NewReader(strings.Repeat("k", 64)), origin+"/gate")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// stranger reads what a gate signed as docs/entitlements.md says, with a signature check
// of its own. It gives nothing of a text that is not whole, signed and in time.
func stranger(signed []byte, vkey, title string, now time.Time) (head map[string]any, rows []map[string]any, err error) {
	cut := bytes.LastIndex(signed, []byte("\n\n"))
	if cut < 0 {
		return nil, nil, fmt.Errorf("no signature")
	}
	text, tail := signed[:cut+1], string(signed[cut+2:])
	name, rest, _ := strings.Cut(vkey, "+")
	_, public, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		return nil, nil, err
	}
	signature, ok := strings.CutPrefix(strings.TrimSuffix(tail, "\n"), "— "+name+" ")
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !ok || len(raw) != 68 || !ed25519.Verify(ed25519.PublicKey(key[1:]), text, raw[4:]) {
		return nil, nil, fmt.Errorf("not signed by %s", name)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if lines[0] != title {
		return nil, nil, fmt.Errorf("%q is another text", lines[0])
	}
	if err := json.Unmarshal([]byte(lines[1]), &head); err != nil {
		return nil, nil, err
	}
	for _, line := range lines[2:] {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, nil, err
		}
		rows = append(rows, r)
	}
	if int(head["rows"].(float64)) != len(rows) {
		return nil, nil, fmt.Errorf("%d rows are not %v", len(rows), head["rows"])
	}
	if expires, ok := head["expires"].(string); ok && now.Format(time.RFC3339) >= expires {
		return nil, nil, fmt.Errorf("it expired at %s", expires)
	}
	return head, rows, nil
}

// may looks an answer up in rows.
func may(rows []map[string]any, account, capability string, now time.Time) bool {
	for _, name := range []string{capability, AnyCapability} {
		for _, r := range rows {
			if (r["id"] == account || r["account"] == account) && r["capability"] == name {
				until, _ := r["until"].(string)
				return r["allowed"].(bool) && (until == "" || now.Format(time.RFC3339) < until)
			}
		}
	}
	return false
}

// drawn gives a gate over a world that rapid draws; grow replaces the units of some of its
// accounts by others, or none, as new records do.
type drawn struct {
	*rapid.T
	*Gate
	clock time.Time
}

func drawGate(rt *rapid.T) *drawn {
	d := &drawn{T: rt, Gate: &Gate{}, clock: time.Date(2026, 3, 2, rapid.IntRange(0, 23).Draw(rt, "hour"), 30, 0, 0, time.UTC)}
	d.options = Options{Now: func() time.Time { return d.clock }, Stale: MaxLife}
	d.looked.Store(d.clock.UnixNano())
	d.world.Store(&world{day: "2026-03-02", units: map[string]*unit{}, by: map[string][]*unit{}})
	for i := range 4 {
		d.grow(i)
	}
	return d
}

func (d *drawn) grow(number int) {
	account := fmt.Sprint("account", number)
	old := d.world.Load()
	w := &world{size: old.size + 1, day: old.day, units: maps.Clone(old.units), by: maps.Clone(old.by)}
	w.drop(account)
	codes := []Code{Approved, ScreenedOnly, Undecided, Declined}
	for i := range rapid.IntRange(0, 3).Draw(d.T, "units") {
		u := &unit{id: fmt.Sprint(account, i), account: account, billed: "billing:" + fmt.Sprint(number), keys: []string{"account " + account, "account billing:" + fmt.Sprint(number)}}
		u.capabilities = rapid.SampledFrom([][]string{nil, {"face_search"}, {"storage"}, {"face_search", "storage"}}).Draw(d.T, "capabilities")
		s := standing{code: rapid.SampledFrom(codes).Draw(d.T, "today"), decision: int64(i), lawful: rapid.Bool().Draw(d.T, "lawful"),
			until: rapid.SampledFrom([]string{"", "2026-03-03", "2026-03-05"}).Draw(d.T, "until")}
		u.standing = [2]standing{s, s}
		if s.until == "2026-03-03" || rapid.Bool().Draw(d.T, "otherwise") {
			u.standing[1] = standing{code: rapid.SampledFrom(codes[2:]).Draw(d.T, "tomorrow"), decision: -1}
		}
		if rapid.Bool().Draw(d.T, "glass") {
			u.glass = []glass{{d.clock.Add(time.Duration(rapid.IntRange(1, 30).Draw(d.T, "hours")) * time.Hour).Format(time.RFC3339), 7}}
		}
		w.units[u.id] = u
		for _, key := range u.keys {
			w.by[key] = append(w.by[key], u)
		}
	}
	d.world.Store(w)
}

func (d *drawn) file(key *ledger.NoteKey) []byte {
	e, err := d.Entitlements(origin, MaxLife)
	if err != nil {
		d.Fatal(err)
	}
	signed, err := e.Sign(key)
	if err != nil {
		d.Fatal(err)
	}
	return signed
}

// TestTheFileAnswersAsTheGate protects those who enforce by the signed file: a stranger who
// reads it by its description gets the answers of the gate of that moment. As long as it
// holds, also over midnight, it lets nothing run that the gate refuses by then; and once
// it expired, nothing.
func TestTheFileAnswersAsTheGate(t *testing.T) {
	key := gateKey(t)
	rapid.Check(t, func(rt *rapid.T) {
		d := drawGate(rt)
		signed := d.file(key)
		made := d.clock
		for _, later := range []time.Duration{0, 90 * time.Minute, 10 * time.Hour, 23 * time.Hour} {
			d.clock = made.Add(later)
			_, rows, err := stranger(signed, key.Public(), entitlementsTitle, d.clock)
			if err != nil {
				rt.Fatal(err)
			}
			for _, account := range []string{"account0", "account1", "account2", "billing:3", "nobody"} {
				for _, capability := range []string{"face_search", "storage", "drone"} {
					a := d.Answer(Question{Kind: "account", ID: account, Capability: capability})
					if got := may(rows, account, capability, d.clock); got != a.Allowed && (later == 0 || got) {
						rt.Fatalf("%s %s after %s: the file says %v, the gate %+v\n%s", account, capability, later, got, a, signed)
					}
				}
			}
		}
		if _, _, err := stranger(signed, key.Public(), entitlementsTitle, made.Add(MaxLife)); err == nil {
			rt.Fatal("an expired file was read")
		}
	})
}

// TestTheFileTellsNoMore protects what is sealed: a file has codes and conditions, and
// none of the reasons, purposes and names behind them; and what is not allowed has no
// conditions at all.
func TestTheFileTellsNoMore(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search")
	v.decide(account, units[0], decision.Suspend)
	e, err := v.open().Entitlements(origin, time.Hour)
	v.ok(err)
	signed, err := e.Sign(gateKey(t))
	v.ok(err)
	for _, secret := range []string{"because", "suspend", "purpose 0", "Harbour", `"NZ"`, units[0], v.abe.ID()} {
		if bytes.Contains(signed, []byte(secret)) {
			t.Errorf("%q stands in\n%s", secret, signed)
		}
	}
	if len(e.Rows) != 1 || e.Rows[0].Code != Declined || e.Rows[0].Decision == nil || e.Root == "" {
		t.Errorf("%+v", e)
	}
}

// TestAFileIsWholeOrNothing protects consumers from a file that somebody changed, cut,
// signed with another key, or made for a time that a gate cannot see.
func TestAFileIsWholeOrNothing(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search")
	v.decide(account, units[0], decision.Approve)
	g, key := v.open(), gateKey(t)
	e, err := g.Entitlements(origin, time.Hour)
	v.ok(err)
	signed, err := e.Sign(key)
	v.ok(err)
	if text, name, err := ledger.OpenNote(signed, key.Public()); err != nil || name != key.Name() || !strings.HasPrefix(text, entitlementsTitle) {
		t.Errorf("%s, %v", name, err)
	}
	if _, err := ledger.OpenCheckpoint(signed, key.Public()); fault.CodeOf(err) != fault.Broken {
		t.Errorf("a file of entitlements passes for a checkpoint: %v", err)
	}
	for i := range bytes.LastIndex(signed, []byte("\n\n")) {
		bad := slices.Clone(signed)
		bad[i] ^= 1
		if _, _, err := ledger.OpenNote(bad, key.Public()); err == nil {
			t.Fatalf("byte %d was changed and nobody saw it", i)
		}
	}
	other, err := ledger.NewNoteKey(strings.NewReader(strings.Repeat("x", 64)), key.Name())
	v.ok(err)
	if _, _, err := stranger(signed, other.Public(), entitlementsTitle, v.clock); err == nil {
		t.Error("another key opened it")
	}
	for _, life := range []time.Duration{0, -time.Second, MaxLife + 1} {
		if _, err := g.Entitlements(origin, life); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", life, err)
		}
	}
	v.clock = v.clock.Add(time.Minute)
	if _, err := g.Entitlements(origin, time.Hour); fault.CodeOf(err) != fault.Failed {
		t.Errorf("a stale gate made a file: %v", err)
	}
}

// TestAllConditionsBind protects that where several deployments may run, a question that
// does not tell them apart gets the conditions of all and the first end.
func TestAllConditionsBind(t *testing.T) {
	units := []*unit{
		{standing: [2]standing{{code: Approved, obligations: []string{"b", "a"}, until: "2026-05-01"}}},
		{standing: [2]standing{{code: ScreenedOnly, obligations: []string{"c", "a"}, until: "2026-04-01"}}},
		{standing: [2]standing{{code: Approved}}},
	}
	for range 3 {
		units = append(units[1:], units[0])
		if a := strictest(units, 0, time.Time{}); !a.Allowed || a.Code != ScreenedOnly || a.Until != "2026-04-01" || !slices.Equal(a.Obligations, []string{"a", "b", "c"}) {
			t.Errorf("%+v", a)
		}
	}
	units[1].standing[0].code = Declined
	if a := strictest(units, 0, time.Time{}); a.Allowed || a.Code != Declined {
		t.Errorf("%+v", a)
	}
}

// receiver keeps entitlements as docs/entitlements.md says that one does.
type receiver struct {
	sync.Mutex
	vkey   string
	whole  func() []byte
	broken func() (before, after bool) // whether it fails before it took a notice, or after
	stream string
	number float64
	size   float64
	rows   map[string]map[string]any
	taken  int
	gaps   int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.Lock()
	defer r.Unlock()
	before, after := r.broken()
	body, err := io.ReadAll(q.Body)
	if before || err != nil || !r.take(body) || after {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) take(body []byte) bool {
	head, rows, err := stranger(body, r.vkey, changesTitle, time.Time{})
	if err != nil {
		return false
	}
	r.taken++
	number := head["sequence"].(float64)
	switch {
	case head["stream"] == r.stream && number <= r.number:
		return true // it came again
	case head["stream"] != r.stream || number != r.number+1 || head["read_all"].(bool):
		if !head["read_all"].(bool) {
			r.gaps++
		}
		all, rows, err := stranger(r.whole(), r.vkey, entitlementsTitle, time.Time{})
		if err != nil {
			return false
		}
		r.rows, r.size = map[string]map[string]any{}, all["size"].(float64)
		for _, row := range rows {
			r.put(row)
		}
	case head["size"].(float64) > r.size:
		r.size = head["size"].(float64)
		for _, row := range rows {
			r.put(row)
		}
	}
	r.stream, r.number = head["stream"].(string), number
	return true
}

func (r *receiver) put(row map[string]any) {
	key := fmt.Sprint(row["id"], " ", row["capability"])
	if row["removed"] == true {
		delete(r.rows, key)
		return
	}
	r.rows[key] = row
}

// TestTheReceiverEndsRight protects those who follow notices: whatever changes, and however
// notices get lost before or after they were taken, once the receiver answers again it
// holds what the whole file says.
func TestTheReceiverEndsRight(t *testing.T) {
	key := gateKey(t)
	rapid.Check(t, func(rt *rapid.T) {
		d := drawGate(rt)
		quiet := false
		r := &receiver{vkey: key.Public(), whole: func() []byte { return d.file(key) }, broken: func() (bool, bool) {
			way := rapid.IntRange(0, 3).Draw(rt, "way")
			return !quiet && way == 0, !quiet && way == 1
		}}
		server := httptest.NewServer(r)
		defer server.Close()
		f := &Feed{Gate: d.Gate, Key: key, Origin: origin, URL: server.URL, Stream: "one"}
		for range rapid.IntRange(1, 8).Draw(rt, "looks") {
			if rapid.IntRange(0, 5).Draw(rt, "restart") == 0 {
				f = &Feed{Gate: d.Gate, Key: key, Origin: origin, URL: server.URL, Stream: f.Stream + "'"}
			}
			if rapid.IntRange(0, 3).Draw(rt, "changes") > 0 {
				d.grow(rapid.IntRange(0, 5).Draw(rt, "account"))
			}
			_ = f.next(ctx) // it may fail: that is what is tried
		}
		quiet = true
		if err := f.next(ctx); err != nil {
			rt.Fatal(err)
		}
		taken := r.taken
		if err := f.next(ctx); err != nil || r.taken != taken {
			rt.Fatalf("a notice was sent of nothing: %v", err)
		}
		_, rows, err := stranger(d.file(key), key.Public(), entitlementsTitle, d.clock)
		if err != nil {
			rt.Fatal(err)
		}
		want := map[string]map[string]any{}
		for _, row := range rows {
			want[fmt.Sprint(row["id"], " ", row["capability"])] = row
		}
		if !reflect.DeepEqual(r.rows, want) || r.gaps > 0 {
			rt.Fatalf("the receiver holds\n%v\nand the gate says\n%v\n%d gaps", r.rows, want, r.gaps)
		}
	})
}

// TestTheFeedTriesAgain protects that a notice is sent until it is acknowledged, ever more
// slowly, and with the same bytes, and that a redirection is not followed with it.
func TestTheFeedTriesAgain(t *testing.T) {
	v := newVendor(t)
	v.account("1", "PERSON", "face_search")
	var bodies []string
	done := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		switch len(bodies) {
		case 1:
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case 2, 3:
			w.WriteHeader(http.StatusBadGateway)
		case 4:
			close(done)
		}
	}))
	defer server.Close()
	var failures []int
	f := &Feed{Gate: v.open(), Key: gateKey(t), Origin: origin, URL: server.URL, Stream: "one", Every: time.Millisecond, First: time.Millisecond, Most: 2 * time.Millisecond,
		Failed: func(n int, err error) { failures = append(failures, n) }}
	running, stop := context.WithCancel(ctx)
	ended := make(chan bool)
	go func() { f.Run(running); close(ended) }()
	<-done
	stop()
	<-ended
	if len(slices.Compact(bodies)) != 1 || !slices.Equal(failures, []int{1, 2, 3}) {
		t.Errorf("%d bodies, failures %v", len(bodies), failures)
	}
}

// TestReceiversAreTold protects what is sent from being read on its way.
func TestReceiversAreTold(t *testing.T) {
	for address, code := range map[string]fault.Code{
		"https://enforce.example/hook": "", "http://127.0.0.1:9/hook": "", "http://[::1]:9/": "",
		"http://enforce.example/hook": fault.Refused, "http://127.0.0.1.example/": fault.Refused, "ftp://127.0.0.1/": fault.Refused,
		"": fault.Invalid, "enforce": fault.Invalid, "https://user:word@enforce.example/": fault.Invalid, "https://%zz/": fault.Invalid,
	} {
		if err := CheckReceiver(address); err == nil && code != "" || err != nil && fault.CodeOf(err) != code {
			t.Errorf("%q: %v", address, err)
		}
	}
}
