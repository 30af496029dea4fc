package triage

import (
	"slices"
	"strings"

	"duly/internal/register"
	"duly/internal/rule"
)

// Account is what triage looks at of one billing account and the deployment that
// it maps to. The zero Account is one of which nothing is known. A text that is
// "" or "unknown" is not known, and so is a rule.Tri that was never set.
type Account struct {
	Sector string // of the customer, in the register's words
	Kind   string // of the customer: public_body, company, nonprofit, person

	EndUserKnown  rule.Tri // is it known who operates the product in the end
	EndUserSector string   // sector of that one; the customer's own when it is the customer

	Integrator       rule.Tri // does an integrator or a reseller stand in between
	IntegratorSector string

	Country  string   // ISO 3166-1 alpha-2, or a 3166-2 code, whose first part is used
	Conflict rule.Tri // a fact that states armed conflict, coup or emergency rule

	// Capabilities lists all that the product can do, meant or not, in the
	// register's words. None means that the account maps to no product, and a
	// blank one that part of the product is not mapped.
	Capabilities []string

	Registry     rule.Tri // a public registry confirms who the customer is
	OpenHit      rule.Tri // a watchlist hit nobody has decided on; unknown until screened
	ConfirmedHit rule.Tri // a watchlist hit that a person confirmed; unknown until screened
	Owned        rule.Tri // counts as listed because of who owns it, as far as owners are registered; unknown until they are screened
	Owners       rule.Tri // may count so, or a red flag or an open hit is on those behind it; unknown until they are screened
	Ban          rule.Tri // law forbids this capability for this customer and use
	Moratorium   rule.Tri // the vendor has stopped this capability for this customer and use

	Scale string // small, medium or large; see [Rules.Scale]
}

func (a *Account) mapped() bool {
	return len(a.Capabilities) > 0 && !slices.Contains(a.Capabilities, "") && !slices.Contains(a.Capabilities, "unknown")
}

func (a *Account) classes() []string {
	var out []string
	for _, c := range a.Capabilities {
		out = append(out, register.RiskClass(c))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// conflict says whether the country is one of those in conflict. A pack's list is
// closed: a country that is not on it is not on it. A fact adds to the list and
// takes nothing from it.
func (a *Account) conflict(list map[string]bool) rule.Tri {
	country, _, _ := strings.Cut(strings.ToUpper(a.Country), "-")
	switch {
	case a.Conflict == rule.True, list[country]:
		return rule.True
	case a.Conflict == rule.False, isKnown(a.Country):
		return rule.False
	}
	return rule.Unknown
}

// integratorCoercive is no where nobody stands in between.
func (a *Account) integratorCoercive() rule.Tri {
	if a.Integrator == rule.False && !register.Coercive(a.IntegratorSector) {
		return rule.False
	}
	return coercive(a.IntegratorSector)
}

func coercive(sector string) rule.Tri {
	switch {
	case !isKnown(sector):
		return rule.Unknown
	case register.Coercive(sector):
		return rule.True
	}
	return rule.False
}

func isKnown(text string) bool { return text != "" && text != "unknown" }

// variable is what rules may read, with its type and how an account gives it.
type variable struct {
	typ rule.Type
	get func(a *Account, countries map[string]bool) (any, bool)
}

func text(get func(*Account) string) variable {
	return variable{rule.Text, func(a *Account, _ map[string]bool) (any, bool) {
		s := get(a)
		return s, isKnown(s)
	}}
}

func truth(get func(*Account) rule.Tri) variable {
	return variable{rule.Bool, func(a *Account, _ map[string]bool) (any, bool) {
		t := get(a)
		return t == rule.True, t != rule.Unknown
	}}
}

// variables are the names that a triage pack's expressions may use.
var variables = map[string]variable{
	"customer.sector":     text(func(a *Account) string { return a.Sector }),
	"customer.kind":       text(func(a *Account) string { return a.Kind }),
	"customer.coercive":   truth(func(a *Account) rule.Tri { return coercive(a.Sector) }),
	"end_user.known":      truth(func(a *Account) rule.Tri { return a.EndUserKnown }),
	"end_user.sector":     text(func(a *Account) string { return a.EndUserSector }),
	"end_user.coercive":   truth(func(a *Account) rule.Tri { return coercive(a.EndUserSector) }),
	"integrator.present":  truth(func(a *Account) rule.Tri { return a.Integrator }),
	"integrator.sector":   text(func(a *Account) string { return a.IntegratorSector }),
	"integrator.coercive": truth((*Account).integratorCoercive),
	"place.country":       text(func(a *Account) string { return a.Country }),
	"place.conflict": {rule.Bool, func(a *Account, countries map[string]bool) (any, bool) {
		t := a.conflict(countries)
		return t == rule.True, t != rule.Unknown
	}},
	"product.mapped": {rule.Bool, func(a *Account, _ map[string]bool) (any, bool) { return a.mapped(), true }},
	"product.capabilities": {rule.Texts, func(a *Account, _ map[string]bool) (any, bool) {
		return a.Capabilities, true
	}},
	"product.classes":    {rule.Texts, func(a *Account, _ map[string]bool) (any, bool) { return a.classes(), true }},
	"registry_confirmed": truth(func(a *Account) rule.Tri { return a.Registry }),
	"hit.open":           truth(func(a *Account) rule.Tri { return a.OpenHit }),
	"hit.confirmed":      truth(func(a *Account) rule.Tri { return a.ConfirmedHit }),
	"owners.listed":      truth(func(a *Account) rule.Tri { return a.Owned }),
	"owners.doubt":       truth(func(a *Account) rule.Tri { return a.Owners }),
	"ban":                truth(func(a *Account) rule.Tri { return a.Ban }),
	"moratorium":         truth(func(a *Account) rule.Tri { return a.Moratorium }),
	"scale":              text(func(a *Account) string { return a.Scale }),
}
