package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/workspace"
)

// An office is a directory with a generated portfolio, a watchlist and telemetry,
// all made up, and the workspaces that a test makes from them.
type office struct {
	dir     string
	program string
}

const officeMap = `source: shop
input: {format: csv}
row_id: [account, opened]
records:
  customer:
    kind: customer
    require: [name]
    identity: [{scheme: domain, column: domain}, name]
    fields:
      name: {column: name}
      kind: {column: kind}
      sector: {column: sector}
      jurisdiction: {column: country}
  product:
    kind: product
    require: [intended]
    identity: {scheme: shop-product, column: product}
    fields:
      name: {column: product}
      intended: {column: capability}
  account:
    kind: account
    main: true
    identity: {scheme: shop-account, column: account}
    fields:
      name: {column: name}
      billed_as: {column: product}
      customer: {record: customer}
      product: {record: product}
      amount: {column: monthly, money: "."}
      currency: EUR
      valid_from: {column: opened, date: YYYY-MM-DD}
  deployment:
    kind: deployment
    require: [customer, capability]
    identity: {scheme: shop-account, column: account}
    fields:
      customer: {record: customer}
      product: {record: product}
      account: {record: account}
      capability: {column: capability}
      jurisdiction: {column: country}
      telemetry: {column: telemetry}
`

const officeHeader = "account,name,domain,kind,sector,country,product,capability,monthly,opened,telemetry\n"

// newOffice writes the inputs and an empty workspace named "empty".
func newOffice(t *testing.T, rows, entries, objects int) *office {
	t.Helper()
	o := &office{dir: t.TempDir(), program: program(t, "duly")}
	r := rand.New(rand.NewPCG(1, 2))
	o.write(t, "map.yaml", officeMap)
	o.write(t, "accounts.csv", accounts(r, rows))
	o.write(t, "list.jsonl", entriesOf(r, entries))
	for i := range objects {
		o.write(t, fmt.Sprintf("telemetry/%03d.json", i), telemetryOf(r, i))
	}
	o.must(t, "init", "--origin", "example.com/log", o.path("empty"))
	return o
}

func (o *office) path(name string) string { return filepath.Join(o.dir, name) }

func (o *office) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(o.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// copy copies a workspace and gives the new one's path.
func (o *office) copy(t *testing.T, from, to string) string {
	t.Helper()
	if err := os.RemoveAll(o.path(to)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(o.path(to), os.DirFS(o.path(from))); err != nil {
		t.Fatal(err)
	}
	return o.path(to)
}

// run runs duly in the office's directory.
func (o *office) run(args ...string) (status int, stdout, stderr string) {
	var out, messages bytes.Buffer
	c := o.command(args...)
	c.Stdout, c.Stderr = &out, &messages
	err := c.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode(), out.String(), messages.String()
	}
	if err != nil {
		return -1, "", err.Error()
	}
	return 0, out.String(), messages.String()
}

func (o *office) command(args ...string) *exec.Cmd {
	c := exec.Command(o.program, args...)
	c.Dir = o.dir
	return c
}

func (o *office) must(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := o.run(args...)
	if status != 0 {
		t.Fatalf("duly %s: status %d\n%s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

// accounts makes rows of every outcome: new records, records that many rows share
// and fill, accounts that come on several days, names that tell nobody apart, and
// values that cannot be read.
func accounts(r *rand.Rand, rows int) string {
	var b strings.Builder
	b.WriteString(officeHeader)
	sectors := []string{"policing", "commercial", "schools", "health", "military", ""}
	capabilities := []string{"face_search", "compute", "plate_reader", "storage"}
	for i := range rows {
		n, account, sector := r.IntN(rows/2+1), i, sectors[r.IntN(len(sectors))]
		if i%10 == 9 {
			account = r.IntN(i) // an account that was billed before
		}
		capability, telemetry := capabilities[n%len(capabilities)], ""
		if i < 5 {
			capability, telemetry = "face_search", telemetryAccount(i)
		}
		domain := fmt.Sprintf("c%d.example", n)
		if i%37 == 0 {
			domain = "" // known by a name that others may have too
		}
		opened := fmt.Sprintf("2019-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28))
		if i%53 == 7 {
			opened = "yesterday"
		}
		fmt.Fprintf(&b, "A-%d,%s,%s,company,%s,XA,P%d,%s,%d.%02d,%s,%s\n",
			account, name(n), domain, sector, n%7, capability, r.IntN(9000), r.IntN(100), opened, telemetry)
	}
	return b.String()
}

// name gives the n-th made-up name.
func name(n int) string {
	first := []string{"Tamarind", "Quill", "Otter", "Harbor", "Grey", "Lantern", "Copper", "Juniper", "Marsh", "Velvet", "Anvil"}
	second := []string{"Anvil", "Road", "Baths", "Fish", "Pallet", "Foundry", "Creek", "Meadow", "Signal", "Orchard"}
	third := []string{"Ltd", "Works", "Trading", "Office", "Services", "Logistics", "Union"}
	a, b, c := n%len(first), n/len(first)%len(second), n/len(first)/len(second)%len(third)
	text := first[a] + " " + second[b] + " " + third[c]
	if n >= len(first)*len(second)*len(third) {
		text += " " + strconv.Itoa(n)
	}
	return text
}

func entriesOf(r *rand.Rand, entries int) string {
	var b strings.Builder
	for i := range entries {
		n := name(r.IntN(900))
		fmt.Fprintf(&b, `{"id":"x-%d","schema":"Organization","caption":%q,"properties":{"name":[%q]},"datasets":["made_up"]}`+"\n", i, n, n)
	}
	return b.String()
}

func telemetryAccount(i int) string { return fmt.Sprintf("11112222%04d", i) }

// telemetryOf makes one object of constructed events; they are not real.
func telemetryOf(r *rand.Rand, object int) string {
	var b strings.Builder
	b.WriteString(`{"Records":[`)
	for i := range 40 {
		if i > 0 {
			b.WriteByte(',')
		}
		parameters := fmt.Sprintf(`{"collectionId":"c","faceMatchThreshold":%d}`, 75+r.IntN(25))
		if i%9 == 0 {
			parameters = `{"collectionId":"c"}`
		}
		account := telemetryAccount(r.IntN(6)) // the sixth maps to nothing
		fmt.Fprintf(&b, `{"eventVersion":"1.08","eventTime":"2020-03-%02dT10:%02d:00Z","eventSource":"rekognition.amazonaws.com",`+
			`"eventName":"SearchFacesByImage","awsRegion":"us-east-1","requestParameters":%s,"responseElements":null,"eventID":"e-%d-%d",`+
			`"eventType":"AwsApiCall","recipientAccountId":%q,"userIdentity":{"type":"AssumedRole","accountId":%q}}`,
			1+object%20, i, parameters, object, i, account, account)
	}
	b.WriteString("]}\n")
	return b.String()
}

// gzipped gives text compressed.
func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// entry is one entry of a log without what chance decides: what it says of whom.
type entry struct{ kind, id, text string }

var recordID = regexp.MustCompile(`\b[a-z2-7]{24}\b`)

// content gives all entries of a workspace's log as sorted lines of kind,
// revision and values, public and sealed. Ids, which are random, are replaced by a
// hash of what their record says, so that two workspaces to which the same
// happened have the same content. Runs are left out: each is recorded, so a run
// that goes on after a kill, or is done again, stands there too.
func content(t *testing.T, dir string) []string {
	t.Helper()
	entries := entriesIn(t, dir)
	names := map[string]string{}
	for _, e := range entries {
		if names[e.id] == "" {
			sum := ledger.LeafHash([]byte(recordID.ReplaceAllString(e.text, "*")))
			names[e.id] = e.kind + ":" + sum.String()[:16]
		}
	}
	lines := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.kind == "run" {
			continue
		}
		lines = append(lines, e.kind+" "+recordID.ReplaceAllStringFunc(e.text, func(id string) string {
			if n := names[id]; n != "" {
				return n
			}
			return id
		}))
	}
	slices.Sort(lines)
	return lines
}

// inLog opens a workspace as every command does, and reads its log.
func inLog(t *testing.T, dir string, read func(ctx context.Context, q store.Queryer, size int64) error) {
	t.Helper()
	ctx := context.Background()
	w, err := workspace.Open(ctx, dir, options())
	if err != nil {
		t.Fatal(err)
	}
	head, err := store.Head(ctx, w.DB)
	if err == nil {
		err = read(ctx, w.DB, head.Size)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
}

// size gives the number of entries in a workspace's log.
func size(t *testing.T, dir string) (n int) {
	t.Helper()
	inLog(t, dir, func(_ context.Context, _ store.Queryer, size int64) error {
		n = int(size)
		return nil
	})
	return n
}

func entriesIn(t *testing.T, dir string) (entries []entry) {
	t.Helper()
	inLog(t, dir, func(ctx context.Context, q store.Queryer, size int64) error {
		return store.Entries(ctx, q, 0, size, func(e store.Entry) error {
			leaf, err := ledger.ParseLeaf(e.Leaf)
			if err != nil {
				return err
			}
			text := []string{"rev " + strconv.FormatInt(leaf.Rev, 10), string(leaf.Public)}
			_, disclosures, err := store.Split(e.Digests, e.Disclosures)
			if err != nil {
				return err
			}
			for _, d := range disclosures {
				field, value, err := d.Open()
				if err != nil {
					return err
				}
				text = append(text, field+"="+string(value))
			}
			entries = append(entries, entry{leaf.Kind, leaf.ID, strings.Join(text, " ")})
			return nil
		})
	})
	return entries
}

// sameContent fails with the first lines in which two contents differ.
func sameContent(t *testing.T, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	count := map[string]int{}
	for _, line := range got {
		count[line]++
	}
	for _, line := range want {
		count[line]--
	}
	shown := 0
	for _, line := range slices.Sorted(func(yield func(string) bool) {
		for line, n := range count {
			if n != 0 && !yield(line) {
				return
			}
		}
	}) {
		if shown++; shown <= 6 {
			t.Logf("%+d  %s", count[line], line)
		}
	}
	t.Errorf("%d entries, a clean run has %d; %d lines differ", len(got), len(want), shown)
}

// rejects gives what imports into a workspace rejected, file after file.
func rejects(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "rejects-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, name := range found {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	return text
}
