// Package triage puts every account into a lane before anybody rates it: STOP,
// PERSON, DESK or AUTO, with the reasons.
//
// A vendor knows little about most of its customers. To rate all of them on
// unknown facts would call everybody critical; to rate them on hope would call
// everybody harmless. So a pack of rules sorts the accounts by what is known:
//
//   - the strictest rule that fires wins;
//   - unknown never counts as no: a rule that cannot be ruled out puts the account
//     at least on a DESK, or wherever the rule says;
//   - what maps to no product counts as able to do everything;
//   - an account that no rule speaks to goes to a DESK, marked "by default".
//
// A lane is not a rating, and AUTO does not mean low risk: it means screened and
// not assessed.
//
//	rules, err := triage.Load(p) // a pack of kind triage
//	verdict := rules.Lane(triage.Account{
//		Sector: "policing", EndUserSector: "policing", EndUserKnown: rule.True,
//		Integrator: rule.False, Country: "US", Capabilities: []string{"face_search"},
//	})
//	verdict.Lane // PERSON
//
// Ownership: this package owns the reading of triage packs and the sorting. The
// vocabularies of sectors, capabilities and risk classes are the register's; the
// rules and the list of countries are the pack's; hits come from screening, bans
// and moratoria from facts.
package triage
