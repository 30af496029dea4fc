package gate

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"time"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// maxChanges is how many rows a notice carries; where more changed it says that the whole
// has to be read.
const maxChanges = 1000

// Feed tells one receiver what changed at a gate, in signed notices over HTTP, each until
// it is acknowledged. That a notice was taken is no confirmation that anything was switched.
type Feed struct {
	Gate   *Gate
	Key    *ledger.NoteKey
	Origin string
	URL    string
	Stream string           // names this run of the sender; numbers begin anew with it
	Every  time.Duration    // how often it looks for changes; 0 is a quarter of a second
	First  time.Duration    // how long it waits after a failure, doubled each time; 0 is a second
	Most   time.Duration    // how long it waits at most; 0 is a minute
	Failed func(int, error) // told of each failure, with how many there were in a row

	sent   notice  // the last one that was acknowledged
	open   *notice // one that is not acknowledged yet
	number int64   // of the last one made
}

// notice is a notice and the world that it brings its receiver to.
type notice struct {
	world *world
	at    time.Time
	body  []byte
}

// changes is the head of a notice.
type changes struct {
	Origin string `json:"origin"`
	Stream string `json:"stream"`
	Number int64  `json:"sequence"` // one more with each notice of the stream
	Whole  bool   `json:"read_all"` // it holds no rows: read the entitlements as a whole
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Made   string `json:"made"`
	Count  int    `json:"rows"`
}

// CheckReceiver refuses an address to which notices must not go: what is sent to another
// machine is encrypted.
func CheckReceiver(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return fault.Newf(fault.Invalid, "%q is no address of a receiver", address).WithFix("give https://HOST/PATH")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback() {
		return nil
	}
	return fault.New(fault.Refused, "notices to another machine have to be encrypted", "give an address that begins with https://")
}

// Run sends until the context ends.
func (f *Feed) Run(ctx context.Context) {
	every, first, most := orElse(f.Every, 250*time.Millisecond), orElse(f.First, time.Second), orElse(f.Most, time.Minute)
	for failed := 0; ; {
		wait := every
		if err := f.next(ctx); err == nil {
			failed = 0
		} else if ctx.Err() == nil {
			wait = min(first<<min(failed, 16), most)
			failed++
			if f.Failed != nil {
				f.Failed(failed, err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return d
}

// next sends what changed since the last notice that was acknowledged, if anything did. A
// notice that failed is sent again as it was, since it may have arrived. If more changed
// meanwhile, one that says to read the whole takes its place.
func (f *Feed) next(ctx context.Context) error {
	w := f.Gate.world.Load()
	if f.open == nil || f.open.world != w {
		if err := f.make(w, f.Gate.options.Now().UTC()); err != nil || f.open == nil {
			return err
		}
	}
	if err := f.post(ctx, f.open.body); err != nil {
		return err
	}
	f.sent, f.open = *f.open, nil
	f.sent.body = nil
	return nil
}

// make makes the notice that is to be sent now, or none.
func (f *Feed) make(w *world, now time.Time) error {
	var rows []Row
	whole := f.sent.world == nil || f.open != nil
	if !whole {
		if rows = f.changed(w, now); len(rows) == 0 {
			f.sent.world, f.sent.at = w, now
			return nil
		}
	}
	if whole = whole || len(rows) > maxChanges; whole {
		rows = nil
	}
	f.number++
	body, err := sign(f.Key, changesTitle, changes{
		Origin: f.Origin, Stream: f.Stream, Number: f.number, Whole: whole,
		Size: w.size, Root: base64.StdEncoding.EncodeToString(w.root[:]), Made: now.Format(time.RFC3339), Count: len(rows),
	}, rows)
	f.open = &notice{w, now, body}
	return err
}

// changed gives the rows that differ from what was acknowledged. Only accounts that were
// read again are compared.
func (f *Feed) changed(w *world, now time.Time) []Row {
	accounts, before := map[string]bool{}, f.sent.world
	if before == w {
		return nil
	}
	for id, u := range w.units {
		if before.units[id] != u {
			accounts[u.account] = true
		}
	}
	for id, u := range before.units {
		if w.units[id] != u {
			accounts[u.account] = true
		}
	}
	var out []Row
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		was := map[string]Row{}
		for _, r := range before.rows(account, f.sent.at) {
			was[r.Capability] = r
		}
		for _, r := range w.rows(account, now) {
			if old, ok := was[r.Capability]; !ok || !reflect.DeepEqual(old, r) {
				out = append(out, r)
			}
			delete(was, r.Capability)
		}
		for _, name := range slices.Sorted(maps.Keys(was)) {
			out = append(out, Row{ID: account, Account: was[name].Account, Capability: name, Code: Undeclared, Removed: true})
		}
	}
	return out
}

// post sends a notice once. Any answer of 2xx acknowledges it.
func (f *Feed) post(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, bytes.NewReader(body))
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot send the notice")
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "the notice did not arrive")
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	if answer.StatusCode/100 != 2 {
		return fault.New(fault.Failed, fmt.Sprintf("the receiver answered %d", answer.StatusCode), "")
	}
	return nil
}
