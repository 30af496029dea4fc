package casework_test

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"duly/internal/casework"
	"duly/internal/pack"
	"duly/internal/register"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/triage"
)

// severities are what a deployment of each capability is rated, however it is billed.
var severities = map[string]int64{"face_search": 5, "plate_reader": 4, "data_fusion": 3, "compute": 2, "video_storage": 1}

// cut says how what one end user has is cut into parts.
type cut struct {
	sector string
	has    []string // capabilities
	at     []int    // of each capability, the account that has it
	via    []bool   // of each account, whether a reseller is billed for it
	child  []bool   // of each account, whether a company uses it that the end user holds
	cents  []int64  // of each account
}

// TestNoCutGainsAnything protects the queue from those who cut a customer into parts:
// however accounts, purposes, resellers and companies are cut, the gravest part has no
// milder lane or place than the whole had, a company has none that is milder than who
// holds it, and no part is without a case.
func TestNoCutGainsAnything(t *testing.T) {
	text := strings.Replace(string(shipped(t, "triage/base.yaml").Bytes), "rules:\n",
		"rules:\n  - {id: PERSON-LARGE, lane: PERSON, text: It is large., when: 'scale == \"large\"'}\n", 1)
	lanes, err := pack.Parse("lanes.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		c := cut{sector: rapid.SampledFrom([]string{"policing", "commercial", "schools", "immigration"}).Draw(r, "sector")}
		c.has = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"face_search", "plate_reader", "data_fusion", "compute", "video_storage"}), 1, 3, rapid.ID).Draw(r, "has")
		n, total := rapid.IntRange(2, 4).Draw(r, "accounts"), int64(0)
		for range c.has {
			c.at = append(c.at, rapid.IntRange(0, n-1).Draw(r, "at"))
		}
		for range n {
			c.via, c.child = append(c.via, rapid.Bool().Draw(r, "via")), append(c.child, rapid.Bool().Draw(r, "child"))
			c.cents = append(c.cents, rapid.Int64Range(0, 600000).Draw(r, "cents"))
		}
		for i, cents := range c.cents {
			if slices.Contains(c.at, i) { // the others are no accounts
				total += cents
			}
		}
		made := func(c cut) *portrait {
			return c.portray(t, filepath.Join(dir, strconv.FormatUint(rand.Uint64(), 36)+".db"), lanes)
		}
		whole := made(cut{c.sector, c.has, make([]int, len(c.has)), []bool{false}, []bool{false}, []int64{total}})
		parts := made(c)
		if parts.bare > 0 {
			r.Fatalf("%d parts are in no case", parts.bare)
		}
		if parts.lane < whole.lane || parts.severity < whole.severity || parts.hard < whole.hard {
			r.Fatalf("the parts come to lane %d, severity %d, the whole to lane %d, severity %d", parts.lane, parts.severity, whole.lane, whole.severity)
		}
		for _, x := range parts.children {
			if p := parts.parent; p != nil && (rank(x.Lane) < rank(p.Lane) || x.Severity < p.Severity || x.Harm < p.Harm || x.Irremediable < p.Irremediable) {
				r.Fatalf("a company is in %s, severity %d, and who holds it in %s, severity %d", x.Lane, x.Severity, p.Lane, p.Severity)
			}
		}
	})
}

func rank(lane string) int { return slices.Index([]string{"AUTO", "DESK", "PERSON", "STOP"}, lane) }

// portrait is what casework makes of a register: the worst of its cases, and each.
type portrait struct {
	lane           int
	severity, hard int64
	parent         *casework.Review
	children       []*casework.Review
	bare           int // deployments in no case
}

func (c cut) portray(t *testing.T, dsn string, lanes *pack.Pack) *portrait {
	o := newOffice(t, dsn)
	user := o.customer(c.sector)
	reseller := o.customer("commercial")
	var units []string
	for i := range c.via {
		owner := user
		if c.child[i] {
			owner = o.customer("commercial")
			put(o, register.Interests, register.Interest{Origin: active, Owner: user, Owned: owner, Role: "owns"})
		}
		account := register.Account{Origin: active, Name: "account", Customer: owner, Amount: &c.cents[i], Currency: "USD"}
		if c.via[i] {
			account.Via = put(o, register.Relationships, register.Relationship{Origin: active, Customer: reseller, Party: owner, Role: "end_user"})
			account.Customer = reseller
		}
		var has []string
		for k, at := range c.at {
			if at == i {
				has = append(has, c.has[k])
			}
		}
		if len(has) == 0 {
			continue
		}
		account.Product = o.product(has...)
		id := put(o, register.Accounts, account)
		for _, capability := range has {
			d := put(o, register.Deployments, register.Deployment{Origin: active, Customer: owner, Product: account.Product, Account: id, Capability: capability, Jurisdiction: "US"})
			o.rate(d, id, "HIGH", severities[capability])
			units = append(units, d)
		}
	}
	if _, err := triage.Run(ctx, o.db, storetest.Actor, o.today, lanes, nil); err != nil {
		t.Fatal(err)
	}
	o.sweep()
	all, err := store.Select(ctx, o.db, casework.Reviews, "r.state = 'open'")
	o.ok(err)
	p := &portrait{}
	covered := map[string]bool{}
	for _, r := range all {
		x := r.Record
		p.lane, p.severity, p.hard = max(p.lane, rank(x.Lane)), max(p.severity, x.Severity), max(p.hard, x.Irremediable)
		for _, id := range x.Covers {
			covered[id] = true
		}
		if x.Subject == user {
			p.parent = x
		} else {
			p.children = append(p.children, x)
		}
	}
	for _, id := range units {
		if !covered[id] {
			p.bare++
		}
	}
	o.ok(o.db.Close())
	return p
}
