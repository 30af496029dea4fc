package main

import (
	"fmt"
	"strings"
)

// listed is an entry of a made-up export control list.
const listed = `{"id":"el-1","schema":"Company","caption":"Example Visual Technology","properties":{"name":["Example Visual Technology"],"country":["cn"]},"datasets":["made_up_entity_list"]}`

// somebody is an entry that nobody in the stories resembles.
const somebody = `{"id":"el-0","schema":"Company","caption":"Kestrel Anvil Foundry","properties":{"name":["Kestrel Anvil Foundry"],"country":["cn"]},"datasets":["made_up_entity_list"]}`

const watching = `
	deployment.existing: false
	agency.abuse_record: credible
	agency.abuse_record_years: 2
	use.identification: live
	use.purposes: [analytics]
	use.personal_data: true
	use.automated_matches: true
	harm.privacy.scale: 5
	harm.privacy.scope: 5
	harm.privacy.irremediability: 4`

// A maker of surveillance cameras buys computing. On the day before it is put on the
// export control list nothing forbids that, though nobody may let it run; on the day
// itself a new version of the list has it, a person confirms the hit, and no act can
// lift the stop.
func listedVendor(b *book) {
	b.on("2019-10-08")
	b.buys("F-1", "Example Visual Technology,visual.example,company,commercial,CN,Training Cluster,machine_learning,analytics")
	b.lists("entity_list", somebody)
	b.screens()
	b.answers("F-1")
	b.learns("F-1", "ngo", "A rights group's report on the cameras", watching)
	b.ends("C06-d5", "F-1", "S5 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | DECLINE | 6")
	b.mayNot("F-1", "approve", onlyBoard)

	b.on("2019-10-09")
	b.lists("entity_list", somebody, listed)
	b.screens()
	if n := b.confirms("same name, same country, same business"); n != 1 {
		b.t.Fatalf("%d hits on the day of the listing", n)
	}
	b.ends("C06-d6", "F-1", "S5 L5 CRITICAL -0 L5 CRITICAL HS-L1 | EDD+GB | PROHIBITED (legal hard stop) | 0")
	b.ends("C06", "F-1", "S5 L5 CRITICAL -0 L5 CRITICAL HS-L1 | EDD+GB | PROHIBITED (legal hard stop) | 0")
	b.mayNot("F-1", "approve", noAct)
	b.mayNot("F-1", "escalate", noAct)
	b.decides("F-1", "decline", "on the list since today")
	if lane := b.lane("F-1"); lane != "STOP" {
		b.t.Errorf("the listed vendor is in the lane %s", lane)
	}
	b.closes()
}

// owned writes that parties hold shares, in per cent, of the customer named subsidiary.
func owned(day string, shares map[string]int) string {
	lines := []string{fmt.Sprintf(`{"statementId":"%s-0","statementDate":"%s","recordId":"sub","recordStatus":"new","recordType":"entity","recordDetails":{"name":"Example Optics Subsidiary","identifiers":[{"scheme":"XI-LEI","id":"549300SUB"}]}}`, day, day)}
	for owner, share := range shares {
		id := strings.ToLower(strings.ReplaceAll(owner, " ", ""))
		lines = append(lines,
			fmt.Sprintf(`{"statementId":"%s-%s","statementDate":"%s","recordId":"%s","recordStatus":"new","recordType":"entity","recordDetails":{"name":"%s","jurisdiction":{"code":"CN"}}}`, day, id, day, id, owner),
			fmt.Sprintf(`{"statementId":"%s-%s-r","statementDate":"%s","recordId":"%s-r","recordStatus":"new","recordType":"relationship","recordDetails":{"subject":"sub","interestedParty":"%s","interests":[{"type":"shareholding","share":{"exact":%d}}]}}`, day, id, day, id, id, share))
	}
	return "[" + strings.Join(lines, ",\n") + "]"
}

// A foreign customer is owned by half by a listed party. Whether that stops it depends
// on the day: the rule on affiliates came into force and was suspended again. Two
// parties on the list of blocked persons that hold half together stop it on any day.
func owners(b *book) {
	b.on("2025-09-28")
	b.buysWithNumber("F-2", "Example Optics Subsidiary,optics.example,549300SUB,company,commercial,CN,Training Cluster,machine_learning,analytics")
	b.duly("owners", "add", "--as", "Ann", "bods:"+b.file("filing.json", owned("2025-01-01", map[string]int{"Example Visual Technology": 50})))
	b.lists("entity_list", somebody, listed)
	b.screens()
	if n := b.confirms("the register number of the owner"); n != 1 {
		b.t.Fatalf("%d hits on the owner", n)
	}
	b.answers("F-2")
	b.learns("F-2", "ngo", "A rights group's report on the cameras", watching)
	flagged := "S5 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | PENDING - no activation (CDD incomplete) | 6"
	b.ends("C06-d1", "F-2", flagged)
	b.flagged("F-2", "bis-affiliates: FLAG")
	b.mayNot("F-2", "approve", nothingRuns)

	b.on("2025-10-15")
	b.ends("C06-d2", "F-2", "S5 L5 CRITICAL -0 L5 CRITICAL HS-L2 | EDD+GB | PROHIBITED (legal hard stop) | 0")
	b.flagged("F-2", "bis-affiliates: STOP")
	b.mayNot("F-2", "escalate", noAct)

	b.on("2026-01-15")
	b.ends("C06-d3", "F-2", flagged)
	b.flagged("F-2", "bis-affiliates: FLAG")
	b.mayNot("F-2", "approve", nothingRuns)

	b.duly("owners", "add", "--as", "Ann", "bods:"+b.file("sold.json", owned("2026-01-15", map[string]int{"Example First Holding": 30, "Example Second Holding": 20})))
	b.lists("sdn",
		`{"id":"s-1","schema":"Company","caption":"Example First Holding","properties":{"name":["Example First Holding"],"country":["cn"]},"datasets":["made_up_sdn"]}`,
		`{"id":"s-2","schema":"Company","caption":"Example Second Holding","properties":{"name":["Example Second Holding"],"country":["cn"]},"datasets":["made_up_sdn"]}`)
	b.screens()
	if n := b.confirms("the register numbers of the owners"); n != 2 {
		b.t.Fatalf("%d hits on the two owners", n)
	}
	b.ends("C06-d4", "F-2", "S5 L5 CRITICAL -0 L5 CRITICAL HS-L2 | EDD+GB | PROHIBITED (legal hard stop) | 0")
	b.flagged("F-2", "ofac-half: STOP")
	b.mayNot("F-2", "approve", noAct)
	if lane := b.lane("F-2"); lane != "STOP" {
		b.t.Errorf("a customer that blocked persons own by half is in the lane %s", lane)
	}
	b.closes()
}

// A hospital passes 1.6 million records to an analytics app. A good purpose is no low
// risk. After an undertaking, an assessment and an outside audit it may go on under
// conditions. Plain hosting of records is approved.
func hospital(b *book) {
	b.on("2017-07-03")
	b.buys("G-1", "Example Hospital Trust,hospital.example,public_body,health,GB,Care Analytics,personal_data_analytics,analytics")
	b.screens()
	b.answers("G-1")
	const patients = `
		customer.ownership: public_body
		use.registers: [patients]
		use.settings: [hospital]
		use.personal_data: true
		harm.privacy.scale: 3
		harm.privacy.irremediability: 2`
	b.learns("G-1", "regulator", "The data-protection authority's finding", patients+`
		use.purposes: [analytics]
		harm.privacy.scope: 5
		safeguards.impact_assessment: none`)
	b.ends("C07a", "G-1", "S4 L3 HIGH -0 L3 HIGH | EDD | ESCALATE - committee; conditions precedent | 12")
	b.mayNot("G-1", "approve", onlyCommittee)
	b.decides("G-1", "escalate", "nobody assessed it and no patient was told")

	b.on("2019-07-31")
	b.learns("G-1", "regulator", "The authority closes the case", `
		safeguards.impact_assessment: before_start
		controls.required: 5
		controls.operating: 5
		controls.technical_or_independent: true
		controls.independently_audited: true`)
	b.ends("C07b", "G-1", "S4 L2 HIGH -2 L1 MEDIUM | EDD | APPROVE WITH CONDITIONS | 12")
	b.mayNot("G-1", "approve", "the rating calls for conditions")
	b.hears("G-1", "The undertakings were met, and outsiders tested that.")
	b.decides("G-1", "approve_with_conditions", "tested by outsiders, reviewed in a year")

	b.buys("G-2", "Example Hospital Trust,hospital.example,public_body,health,GB,Record Store,storage,records")
	b.screens()
	b.answers("G-2")
	b.learns("G-2", "regulator", "The assessment of the record store", patients+`
		deployment.existing: false
		use.purposes: [records]
		harm.privacy.scope: 3
		controls.required: 5
		controls.operating: 3
		controls.technical_or_independent: true`)
	b.ends("C07c", "G-2", "S3 L2 MEDIUM -1 L1 LOW | CDD | APPROVE | 24")
	b.decides("G-2", "approve", "records at rest, assessed, without analytics")
	b.closes()
}

// A state registers its whole population without the assessment that its law asks for.
// Assessed and cleared, it is still for a committee: severity 5 is never below HIGH.
func nationalRegister(b *book) {
	b.on("2021-10-14")
	b.buys("H-1", "Example Registry Office,registry.example,public_body,civil_registration,XB,Identity Store,biometric_registry,records")
	b.screens()
	b.answers("H-1")
	b.learns("H-1", "court", "The high court's judgment", `
		deployment.existing: false
		customer.ownership: public_body
		use.purposes: [administration, records]
		use.registers: [whole_population]
		use.consequences: [warning]
		use.personal_data: true
		law.data_protection_duty: unmet
		safeguards.impact_assessment: none
		harm.services.scale: 4
		harm.services.scope: 5
		harm.services.irremediability: 4`)
	b.ends("C08a", "H-1", "S5 L4 CRITICAL -0 L4 CRITICAL | EDD+GB | DECLINE | 6")
	b.mayNot("H-1", "approve", onlyBoard)
	b.decides("H-1", "decline", "until it is assessed")

	b.on("2022-11-02")
	b.learns("H-1", "court", "The court records that its order was met", `
		law.data_protection_duty: met
		safeguards.impact_assessment: before_start
		regulator.position: no_objection
		controls.required: 5
		controls.operating: 3
		controls.technical_or_independent: true`)
	b.ends("C08b", "H-1", "S5 L2 HIGH -1 L1 HIGH | EDD | ESCALATE - committee; conditions precedent | 12")
	b.mayNot("H-1", "approve_with_conditions", onlyCommittee)
	b.decides("H-1", "escalate", "whoever is left out has no papers")
	b.closes()
}
