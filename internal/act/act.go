// Package act says who may do what: roles, acts, and the question "may this actor
// do this act" as an interface.
//
// It knows no records. Every room's service asks an [Authority] before it acts, so
// that the command line, an API and pages all meet the same answer.
package act

import (
	"slices"
	"strings"

	"duly/internal/fault"
)

// Role is what a person is to the company's due diligence.
type Role string

// The roles. Who sells cannot judge; who runs the system can decide nothing.
const (
	Administrator Role = "administrator"  // runs the workspace: adds people, loads data, signs nothing
	Analyst       Role = "analyst"        // gathers facts, closes hits, prepares assessments
	Approver      Role = "approver"       // decides within its authority
	GoverningBody Role = "governing_body" // decides what nobody below may
	Sales         Role = "sales"          // sells: may register customers, may judge nothing
	Expert        Role = "expert"         // a civil-rights expert
	Auditor       Role = "auditor"        // reads everything, changes nothing
	PanelMember   Role = "panel_member"   // votes on an oversight panel, for those whom it concerns
	Assessor      Role = "assessor"       // assesses the process from outside: reads everything, and is nobody else
)

// Roles lists all roles.
var Roles = []Role{Administrator, Analyst, Approver, GoverningBody, Sales, Expert, Auditor, PanelMember, Assessor}

// Company lists the roles of those whose work an independent assessor assesses. An
// assessor has none of them, nor is the assessor an auditor, an expert or on a panel.
var Company = []Role{Administrator, Analyst, Approver, GoverningBody, Sales, Expert, Auditor, PanelMember}

// Act is something that a person does.
type Act string

// The acts.
const (
	AddPerson Act = "add a person"
	Load      Act = "load data"
	Judge     Act = "prepare an assessment"
	SetFact   Act = "set a fact"
	Claim     Act = "claim a fact"
	Score     Act = "score the severity of harm"
	CloseHit  Act = "close a hit"
	Decide    Act = "decide"
	Publish   Act = "report and export"
	Work      Act = "work on cases"
	Commit    Act = "commit a method"
	Adopt     Act = "adopt a method"
	Opine     Act = "give an expert opinion"
	Appoint   Act = "make a panel and appoint its members"
	Refer     Act = "put a matter to a panel"
	Brief     Act = "prepare what a committee or a panel decides on"
	Vote      Act = "vote, declare interests or resign on a panel"
	Answer    Act = "answer a panel"
	Consult   Act = "consult those whom it concerns"
	Notify    Act = "write to a customer about a decision"

	CheckCondition Act = "say whether a condition is met"
	Disclose       Act = "answer an authority's request, or keep an incident"
	Enforce        Act = "act on findings"
	Attest         Act = "ask a customer for an attestation and receive it"
	List           Act = "say what the public register shows"
	Retain         Act = "erase what is past its clock"
	Erase          Act = "erase what somebody asks to be erased"
	Hold           Act = "keep a record from being erased"
	ConfirmCarried Act = "confirm that a decision was carried out"
	Commission     Act = "commission an independent assessment and approve its terms"
	Assess         Act = "assess the process as an independent assessor"
	Provide        Act = "give an assessor the evidence that was asked for"
	KeepLog        Act = "change the keys of the log"
	Withhold       Act = "withhold a field from the public, or reply to an assessor"
	Tell           Act = "publish a report in the name of the company"
)

// Actor is a person who acts, by key id and roles.
type Actor struct {
	Key   string
	Roles []Role
}

// Authority answers whether an actor may do an act. The error is a fault of code
// Refused that says why and who may.
type Authority interface {
	May(Actor, Act) error
}

// Table is an Authority that lets each act be done by the roles it lists, and by
// nobody who also holds a role that excludes it.
type Table struct {
	Allow   map[Act][]Role
	Exclude map[Act][]Role
}

// Default keeps selling, running and judging apart (GC-03, IM-04), and those who
// advise from those who decide: experts and panel members are nobody else (KY-04, PO-03).
// An assessor may do nothing of what is assessed, and nobody of the company what an
// assessor does (RS-02, RS-03).
var Default = Table{
	Allow: map[Act][]Role{
		AddPerson: {Administrator},
		Load:      {Administrator, Analyst, Sales},
		Judge:     {Administrator, Analyst},
		SetFact:   {Administrator, Analyst},
		Claim:     {Sales},
		Score:     {Analyst, Expert},
		CloseHit:  {Analyst, Approver},
		Decide:    {Approver, GoverningBody},
		Publish:   {Administrator, Analyst, Approver, GoverningBody, Auditor, Assessor},
		Work:      {Analyst, Approver, GoverningBody},
		Commit:    {Administrator, Analyst},
		Adopt:     {GoverningBody},
		Opine:     {Expert},
		Appoint:   {GoverningBody},
		Refer:     {Analyst, Approver, GoverningBody},
		Brief:     {Analyst, Approver, GoverningBody},
		Vote:      {PanelMember},
		Answer:    {Approver, GoverningBody},
		Consult:   {Analyst, Expert},
		Notify:    {Analyst, Approver, GoverningBody},

		CheckCondition: {Analyst, Approver, GoverningBody, Expert},
		Disclose:       {Analyst, Approver, GoverningBody},
		Enforce:        {Analyst, Approver, GoverningBody},
		Attest:         {Analyst, Approver, GoverningBody},
		List:           {Approver, GoverningBody},
		Retain:         {Administrator, Approver, GoverningBody},
		Erase:          {Approver, GoverningBody},
		Hold:           {Approver, GoverningBody, Auditor},
		ConfirmCarried: {Administrator, Analyst, Approver, GoverningBody},
		Commission:     {GoverningBody},
		Assess:         {Assessor},
		Provide:        {Administrator, Analyst, Approver, GoverningBody},
		KeepLog:        {Administrator},
		Withhold:       {Approver, GoverningBody},
		Tell:           {Approver, GoverningBody},
	},
	Exclude: map[Act][]Role{
		Judge: {Sales}, SetFact: {Sales}, Score: {Sales, Administrator}, CloseHit: {Sales}, Decide: {Sales, Administrator, Expert, PanelMember},
		Opine:   {Sales, Administrator, Analyst, Approver, GoverningBody, PanelMember},
		Vote:    {Sales, Administrator, Analyst, Approver, GoverningBody, Expert},
		Appoint: {Sales, Administrator}, Refer: {Sales, Administrator}, Brief: {Sales, Administrator}, Answer: {Sales, Administrator, Expert, PanelMember},
		Consult: {Sales}, Notify: {Sales}, Disclose: {Sales, Expert, PanelMember}, Enforce: {Sales, Administrator}, Attest: {Sales},
		CheckCondition: {Sales, Administrator, PanelMember},
		List:           {Sales, Administrator}, Retain: {Sales}, Erase: {Sales, Administrator}, Hold: {Sales},
		ConfirmCarried: {Sales},
		Work:           {Sales}, Commit: {Sales}, Adopt: {Sales, Administrator},
		Commission: {Sales, Administrator, Assessor}, Assess: Company, Provide: {Sales, Assessor},
		Withhold: {Sales, Administrator, Expert, PanelMember, Assessor}, Tell: {Sales, Administrator, Expert, PanelMember, Assessor},
	},
}

// May implements Authority.
func (t Table) May(a Actor, what Act) error {
	for _, role := range t.Exclude[what] {
		if slices.Contains(a.Roles, role) {
			return fault.Newf(fault.Refused, "a person with the role %s may not %s", role, what).
				WithFix("ask someone else: " + list(t.Allow[what]))
		}
	}
	for _, role := range t.Allow[what] {
		if slices.Contains(a.Roles, role) {
			return nil
		}
	}
	return fault.Newf(fault.Refused, "only a person with one of these roles may %s: %s", what, list(t.Allow[what]))
}

func list(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
