package demo

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"duly/internal/fault"
)

// What [WriteAccounts] writes.
const (
	Accounts   = 5000 // billing accounts, each with its own number
	Duplicates = 2    // lines at the end that repeat an earlier line exactly
	Faulty     = 6    // accounts with a value that cannot be read
	Nameless   = 4    // accounts with a name that another customer has too, and no identifier
)

// The columns, in the order of accounts-by-hand.csv.
const (
	colAccount = iota
	colName
	colDomain
	colLEI
	colORI
	colKind
	colSector
	colCountry
	colRegion
	colIntegrator
	colIntegratorDomain
	colRole
	colFlowDown
	colAuditRight
	colEndUser
	colEndUserDomain
	colProduct
	colCapability
	colPurpose
	colMonthly
	colOpened
	colTelemetry
	columns
)

// WriteAccounts writes the vendor's billing accounts as CSV: a header, [Accounts]
// accounts and [Duplicates] repeated lines. The first accounts are those of
// accounts-by-hand.csv; the rest follow from the seed. About one account in
// seventeen names no customer or a product that maps to no capability, and these
// are dearer than the others. The error is the writer's.
func WriteAccounts(w io.Writer, seed uint64) error {
	hand, err := Files.Open("accounts-by-hand.csv")
	if err != nil {
		return err
	}
	defer hand.Close()
	rows, err := csv.NewReader(hand).ReadAll()
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the accounts by hand cannot be read").At("accounts-by-hand.csv", 0, "")
	}
	g := &generator{r: stream(seed, "accounts")}
	for len(rows) <= Accounts {
		rows = append(rows, g.account(len(rows)))
	}
	spoil(rows)
	for i := range Duplicates {
		rows = append(rows, rows[1+len(rows)/(i+2)])
	}
	out := csv.NewWriter(w)
	if err := out.WriteAll(rows); err != nil {
		return fault.Wrap(fault.Failed, err, "the accounts cannot be written")
	}
	return nil
}

// spoil puts values that cannot be read into [Faulty] accounts, and takes the
// identifiers from all but one of the [Nameless]; the other one is written by hand.
// They are the same accounts whatever the seed.
func spoil(rows [][]string) {
	for i, bad := range [Faulty]struct {
		column int
		value  string
	}{
		{colOpened, "2025-02-30"}, {colOpened, "31/12/24"},
		{colSector, "surveillance"}, {colSector, "gov"},
		{colMonthly, "12OO.00"}, {colKind, "agency"},
	} {
		rows[700*(i+1)][bad.column] = bad.value
	}
	for i := range Nameless - 1 {
		at := 1000 * (i + 1)
		row, known := rows[at+50], at
		for rows[known][colDomain] == "" {
			known--
		}
		copy(row[colName:colIntegrator], rows[known][colName:])
		clear(row[colDomain : colORI+1])
		clear(row[colIntegrator : colEndUserDomain+1])
	}
}

type generator struct {
	r       *rand.Rand
	earlier [][]string // accounts whose customers may have another account
}

func (g *generator) account(number int) []string {
	row := make([]string, columns)
	if len(g.earlier) > 0 && g.r.IntN(100) < 14 {
		copy(row, g.earlier[g.r.IntN(len(g.earlier))][:colIntegrator])
	} else {
		g.customer(row, number)
		g.earlier = append(g.earlier, slices.Clone(row))
	}
	row[colAccount] = fmt.Sprintf("LHC-%06d", number)
	p := productsOf(row[colSector]).pick(g.r)
	row[colProduct], row[colCapability], row[colPurpose] = p.name, p.capability, one(g.r, p.purposes)
	cents := p.cents(g.r)
	switch n := g.r.IntN(1000); {
	case n < 40: // an old product that nobody has mapped to a capability
		row[colProduct], row[colCapability] = fmt.Sprintf("LH-OLD-%03d", g.r.IntN(60)), ""
		row[colPurpose] = ""
		cents += cents * 4 / 10
	case n < 60: // nobody recorded who this is
		clear(row[colName : colRegion+1])
		cents += cents * 4 / 10
	default:
		g.chain(row, number)
	}
	row[colMonthly] = fmt.Sprintf("%d.%02d", cents/100, cents%100)
	row[colOpened] = time.Date(2014, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, g.r.IntN(4650)).Format(time.DateOnly)
	return row
}

// chain puts an integrator between the vendor and some customers; of one in
// six of these the end user is not known.
func (g *generator) chain(row []string, number int) {
	share := 2
	if row[colKind] == "public_body" {
		share = 22
	}
	if g.r.IntN(100) >= share {
		return
	}
	role, trade := "integrator", one(g.r, []string{"Systems Integration", "Analytics", "Resale Partners"})
	if trade == "Resale Partners" {
		role = "reseller"
	}
	name := place(g.r) + " " + trade
	row[colIntegrator], row[colIntegratorDomain], row[colRole] = name, domain(name, number), role
	row[colFlowDown] = one(g.r, []string{"yes", "yes", "yes", "no", "unknown"})
	row[colAuditRight] = one(g.r, []string{"yes", "yes", "no", "no", "unknown"})
	if g.r.IntN(6) > 0 {
		row[colEndUser], row[colEndUserDomain] = row[colName], row[colDomain]
	}
}

func (g *generator) customer(row []string, number int) {
	sector := sectors.pick(g.r)
	home := countries.pick(g.r)
	town := place(g.r)
	row[colSector], row[colCountry] = sector.name, home.code
	row[colKind] = sector.kind
	row[colName] = strings.NewReplacer("{place}", town, "{trade}", one(g.r, trades), "{form}", home.form).
		Replace(one(g.r, sector.names))
	if row[colKind] == "public_body" {
		row[colRegion] = town
	}
	row[colDomain] = domain(row[colName], number)
	switch n := g.r.IntN(100); {
	case sector.name == "policing" && n < 80:
		row[colORI] = fmt.Sprintf("ZZ%05d00", 10000+number)
	case n < sector.registered:
		row[colLEI] = lei(number)
	}
}
