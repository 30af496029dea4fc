package packet_test

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"duly/internal/assessment"
	"duly/internal/bundle"
	"duly/internal/casework"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/packet"
	"duly/internal/page/pagetest"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/schemas"
)

var update = flag.Bool("update", false, "write the golden packet anew")

// outline writes a packet as lines: parts, tables, and a line for each row.
func outline(p *packet.Packet) string {
	var out strings.Builder
	table := func(t packet.Table) {
		fmt.Fprintf(&out, "  %s\n", t.Caption)
		if len(t.Rows) == 0 {
			fmt.Fprintf(&out, "    (%s)\n", t.Empty)
		}
		for _, row := range t.Rows {
			fmt.Fprintf(&out, "    %s\n", strings.ReplaceAll(strings.Join(texts(row), " | "), "\n", " / "))
		}
	}
	table(p.Front)
	for _, m := range p.Marks {
		fmt.Fprintf(&out, "  mark %s: %d\n", m.Class, m.Cells)
	}
	for _, item := range p.Items {
		fmt.Fprintln(&out, texts([]packet.Cell{item.Title})[0], item.Best, item.Worst)
		for _, part := range item.Parts {
			fmt.Fprintf(&out, "\n%s: %s\n", part.ID, part.Title)
			for _, t := range part.Tables {
				table(t)
			}
		}
	}
	return regexp.MustCompile(`\b[0-9a-f]{64}\b`).ReplaceAllString(out.String(), "HASH")
}

// texts writes cells with their marks.
func texts(row []packet.Cell) []string {
	out := make([]string, len(row))
	for i, c := range row {
		out[i] = c.Text
		if c.Text == "" {
			out[i] = "not stated"
		}
		for _, m := range c.Marks {
			out[i] += " [" + packet.Letter(m) + "]"
		}
	}
	return out
}

// tables gives all tables of a packet.
func tables(p *packet.Packet) []packet.Table {
	out := []packet.Table{p.Front}
	if p.Agenda != nil {
		out = append(out, *p.Agenda)
	}
	for _, item := range p.Items {
		for _, part := range item.Parts {
			out = append(out, part.Tables...)
		}
	}
	return out
}

// TestPacket protects what stands in a packet, where, and with which marks.
func TestPacket(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, rooms...), plainNames)
	got := outline(o.build("May it run?", o.subject))
	const path = "testdata/packet.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the packet is not the one of %s; run with -update and read the difference", path)
	}
}

// TestBothFormsHoldTheSame protects parity between members who print and members who
// work with a sheet: both forms hold every cell of the packet, in its order.
func TestBothFormsHoldTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		o := newOffice(t, storetest.Begin(t, dsn, rooms...), plainNames)
		p := o.build("May it run?", o.subject)
		same(t, o, p)
	})
}

// shown is a cell as the page shows it: its text, and behind it its marks.
var shown = regexp.MustCompile(`(?s)<bdi>([^<]*)</bdi>((?:&nbsp;<b class="mark [a-z_]+"><span class="hide">mark </span>[A-Z]</b>)*)`)

func same(t *testing.T, o *office, p *packet.Packet) {
	t.Helper()
	page := o.page(p)
	pagetest.Check(t, page)
	onPage := shown.FindAllStringSubmatch(page, -1)
	sheets := sheetsOf(t, p)
	inSheets := func(text string) {
		t.Helper()
		if !slices.ContainsFunc(sheets, func(s string) bool { return strings.Contains(s, text) }) {
			t.Errorf("no sheet has %.60q", text)
		}
	}
	at := 0
	for _, table := range tables(p) {
		inSheets(table.Caption)
		for _, row := range table.Rows {
			for i, c := range row {
				inSheets(texts(row)[i])
				if c.Text == "" {
					continue
				}
				next := slices.IndexFunc(onPage[at:], func(m []string) bool { return html.UnescapeString(m[1]) == c.Text })
				if next < 0 {
					t.Fatalf("the page lacks %.60q after its cell %d", c.Text, at)
				}
				at += next + 1
				for _, m := range c.Marks {
					if !strings.Contains(onPage[at-1][2], `"mark `+string(m)+`"`) {
						t.Errorf("%.60q lacks its mark %s on the page", c.Text, m)
					}
				}
			}
		}
	}
}

// sheetsOf writes a packet as a workbook and reads it back: a text for each sheet, in
// which pieces of one text are put together again. It fails for a cell that is no text.
func sheetsOf(t *testing.T, p *packet.Packet) []string {
	t.Helper()
	var file bytes.Buffer
	if err := packet.XLSX(p, &file); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for _, name := range f.GetSheetList() {
		columns, err := f.GetCols(name)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for c, column := range columns {
			for r, text := range column {
				if text == "" {
					continue
				}
				cell, err := excelize.CoordinatesToCellName(c+1, r+1)
				if err != nil {
					t.Fatal(err)
				}
				kind, err := f.GetCellType(name, cell)
				formula, ferr := f.GetCellFormula(name, cell)
				if err != nil || ferr != nil || formula != "" || kind != excelize.CellTypeSharedString {
					t.Errorf("%s!%s is no text: type %d, formula %q, %v, %v", name, cell, kind, formula, err, ferr)
				}
				all.WriteString(text)
				if len(text) < 30_000 {
					all.WriteString("\n")
				}
			}
		}
		out = append(out, all.String())
	}
	return out
}

// TestNoRevenue protects GC-03: what a customer pays stands in no form of a packet, and a
// packet is the same whatever it is.
func TestNoRevenue(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, rooms...), plainNames)
	p := o.build("", o.subject)
	page, sheets := o.page(p), strings.Join(sheetsOf(t, p), "\n")
	for _, amount := range revenue {
		if strings.Contains(page, amount) || strings.Contains(sheets, amount) {
			t.Errorf("the packet holds %s", amount)
		}
	}
	for _, hidden := range []string{"Nora Neighbour", "Heron", "Pia", "Otto"} {
		if strings.Contains(page, hidden) {
			t.Errorf("the packet names %s", hidden)
		}
	}
	if !strings.Contains(sheets, "honorarium paid 500.00 [T] EUR") && !strings.Contains(sheets, "honorarium paid 500.00 EUR [T]") {
		t.Error("what an expert was paid is not marked as proprietary")
	}
	if !strings.Contains(page, "What this packet does not show") || !strings.Contains(page, "Proprietary: a trade secret.") {
		t.Error("the packet does not say what its marks mean, or what it leaves out")
	}
}

// TestSameBytes protects the hash that a vote names: the same log, question and person
// give the same bytes, and another question others.
func TestSameBytes(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, rooms...), plainNames)
	form := func(question string, write func(*packet.Packet, *bytes.Buffer) error) string {
		var out bytes.Buffer
		if err := write(o.build(question, o.subject), &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for name, write := range map[string]func(*packet.Packet, *bytes.Buffer) error{
		"html": func(p *packet.Packet, out *bytes.Buffer) error { return packet.HTML(p, out) },
		"xlsx": func(p *packet.Packet, out *bytes.Buffer) error { return packet.XLSX(p, out) },
	} {
		first := form("May it run?", write)
		for range 3 {
			if form("May it run?", write) != first {
				t.Errorf("%s: other bytes of the same packet", name)
			}
		}
		if form("Must it stop?", write) == first {
			t.Errorf("%s: the same bytes for another question", name)
		}
	}
}

// TestHostileTexts protects readers from what others wrote: markup, formulas, marks that
// turn the writing round and texts of any length are shown as the texts that they are.
func TestHostileTexts(t *testing.T) {
	long := strings.Repeat("a", 10_000)
	for name, n := range map[string]names{
		"markup":   {`<script>alert("x")</script>`, `</bdi></td><img src=x onerror=1>`, `--><svg/onload=1>`, `{{.Root}}`, `&lt;b&gt;`, `"' style='x`, `<a href="http://x.example">x</a>`},
		"formulas": {`=HYPERLINK("http://x.example")`, "+1+1", "-2+3", "@SUM(A1)", "=1+1\n=2", "\t=3", `=cmd|' /C calc'!A0`},
		"turned":   {"abc\u202Edcba", "\u2067x\u2069", "مكتب\u200F الشرطة", "\u202Afive\u202C", "a\x1bb\x07c", "x\uFFFEy", "line\r\nbreak"},
		"long":     {long, long + "b", long + "c", long + "d", strings.Repeat("ä word ", 30_000), long, strings.Repeat("\U0001F600", 40_000)},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, storetest.SQLite(t, rooms...), n)
			p := o.build(n.opinion, o.subject)
			same(t, o, p)
			for _, table := range tables(p) {
				for _, row := range table.Rows {
					for _, c := range row {
						if strings.ContainsAny(c.Text, "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\x1b\x07\r\uFFFE") {
							t.Errorf("%.40q can look like something else", c.Text)
						}
					}
				}
			}
		})
	}
}

// TestErased protects that what nobody can show any more is said to be erased, and does
// not read as if nothing had been stated.
func TestErased(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, rooms...), plainNames)
	err := o.db.Write(ctx, storetest.Actor, func(tx *store.Tx) error {
		_, err := store.Erase(tx, register.Deployments.Schema(), o.deployment.Seq, "end_use", "court_order", "an order")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := outline(o.build("", o.subject)); !strings.Contains(got, "Declared end use | erased from the log\n") {
		t.Error("an erased field does not say so")
	}
}

// TestMeeting protects the order of an agenda: live alleged harm, severity, irremediability
// and likelihood, whatever anybody pays and in whatever order they were named (UNGP 24).
func TestMeeting(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, rooms...), plainNames)
	var ids []string
	o.write(func(tx *store.Tx) {
		for _, one := range []struct {
			severity, likelihood, amount int64
			name                         string
		}{{3, 5, 1 << 40, "Third"}, {5, 1, 1, "Second"}, {5, 4, 2, "First"}, {1, 1, 3, "Harmful"}} {
			c := put(o, tx, register.Customers, register.Customer{Origin: origin(), Identity: one.name, Name: one.name, Kind: "company", Sector: "commercial", Jurisdiction: "US"})
			a := put(o, tx, register.Accounts, register.Account{Origin: origin(), Identity: "m" + one.name, Name: one.name, Customer: c.ID, Amount: &one.amount, Currency: "XTS"})
			was := o.rating().Record
			r := *was
			r.Severity, r.Left, r.Subject, r.Account = one.severity, one.likelihood, a.ID, a.ID
			put(o, tx, assessment.Ratings, r)
			ids = append(ids, a.ID)
		}
		put(o, tx, casework.Signals, casework.Signal{State: "unread", Day: day, Sort: "incident", Subject: ids[3], Text: "Somebody was hurt."})
	})
	for _, order := range [][]string{ids, {ids[2], ids[0], ids[3], ids[1]}} {
		p := o.build("", order...)
		var got []string
		for _, row := range p.Agenda.Rows {
			got = append(got, row[1].Text)
		}
		if want := []string{"Harmful", "First", "Second", "Third"}; !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("the agenda is %q", got)
		}
		if len(p.Items) != 4 || p.Items[0].Subject != ids[3] {
			t.Errorf("the items do not stand in the order of the agenda")
		}
		same(t, o, p)
	}
}

// TestRefusedPackets protects that a packet is about something rated, named once, in a
// log that is signed to its end.
func TestRefusedPackets(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, rooms...), plainNames)
	known, err := bundle.ReadSchemas(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	head, err := store.Head(ctx, o.db)
	if err != nil {
		t.Fatal(err)
	}
	whole := ledger.Checkpoint{Origin: head.Origin, Size: head.Size}
	behind, foreign := whole, whole
	behind.Size--
	foreign.Origin = "other.example/log"
	for name, c := range map[string]struct {
		subjects []string
		at       ledger.Checkpoint
		want     fault.Code
	}{
		"nothing": {nil, whole, fault.Invalid}, "twice": {[]string{o.subject, o.subject}, whole, fault.Invalid},
		"not rated": {[]string{o.user.ID}, whole, fault.NotFound}, "not signed": {[]string{o.subject}, behind, fault.Failed},
		"another log": {[]string{o.subject}, foreign, fault.Broken},
	} {
		if _, err := packet.Build(ctx, o.db, known, c.at, packet.Asked{Subjects: c.subjects}); fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
