package main

import (
	"fmt"
	"strings"

	"duly/internal/usage"
)

// City police store body-camera video under a policy that the council approved. Police
// are no reason to refuse.
func bodyCameras(b *book) {
	b.on("2022-03-01")
	b.buys("I-1", "Example Town Police,townpolice.example,public_body,policing,US,Evidence Store,video_storage,records")
	b.screens()
	b.answers("I-1")
	b.learns("I-1", "official", "The council's policy and its yearly report", `
		deployment.existing: false
		customer.ownership: public_body
		use.purposes: [records]
		use.settings: [public_space]
		use.footage_from: [body_cameras]
		use.personal_data: true
		disparity.sector_evidence: documented
		harm.privacy.scale: 3
		harm.privacy.scope: 3
		harm.privacy.irremediability: 2
		controls.required: 5
		controls.operating: 3
		controls.technical_or_independent: true`)
	b.ends("C09", "I-1", "S3 L3 MEDIUM -1 L2 MEDIUM | CDD | APPROVE WITH CONDITIONS | 24")
	b.mayNot("I-1", "approve", "the rating calls for conditions")
	b.decides("I-1", "approve_with_conditions", "no recognition of faces, and a report every year")
	b.closes()
}

// Three requests of which it is public what a vendor decided: it refused to scan
// everybody who is pulled over, and cameras all over a capital; it accepted a prison
// that checks who passes its own doors.
func threeDecisions(b *book) {
	b.on("2018-06-11")
	b.buys("J-1", "Example State Police,statepolice.example,public_body,policing,US,Roadside Faces,live_face_recognition,traffic stops")
	b.buys("J-2", "Example Capital Police,capital.example,public_body,policing,XC,City Cameras,live_face_recognition,safety")
	b.buys("J-3", "Example Prison Service,prison.example,public_body,detention,US,Door Check,face_compare,access control")
	b.screens()
	for _, account := range []string{"J-1", "J-2", "J-3"} {
		b.answers(account)
		b.learns(account, "party", "The request for a quotation", `
			deployment.existing: false
			customer.ownership: public_body
			use.personal_data: true
			use.automated_matches: true`)
	}
	b.learns("J-1", "official", "The agency's own plan", `
		use.identification: live
		use.purposes: [traffic_stops]
		use.settings: [traffic]
		use.consequences: [stop, arrest]
		safeguards.accuracy_validated: vendor_only
		disparity.sector_evidence: documented
		harm.liberty.scale: 4
		harm.liberty.scope: 4
		harm.liberty.irremediability: 3`)
	b.ends("C10a", "J-1", "S4 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | DECLINE | 6")
	b.mayNot("J-1", "approve", onlyBoard)
	b.decides("J-1", "decline", "most would be scanned for nothing, and errors fall on some groups more")

	b.learns("J-2", "ngo", "A yearly report on the country's freedom", `
		country.freedom: not_free
		use.identification: live
		use.purposes: [safety]
		use.settings: [public_space]
		harm.privacy.scale: 5
		harm.privacy.scope: 5
		harm.privacy.irremediability: 4
		harm.assembly.scale: 5
		harm.assembly.scope: 4
		harm.assembly.irremediability: 4`)
	b.ends("C10b", "J-2", "S5 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | DECLINE | 6")
	b.mayNot("J-2", "approve", onlyBoard)
	b.decides("J-2", "decline", "whoever assembles could be followed")

	b.learns("J-3", "official", "An independent test of the door check", `
		use.identification: search
		use.purposes: [access_control]
		use.registers: [offenders, staff]
		use.settings: [prison]
		harm.privacy.scale: 4
		harm.privacy.scope: 2
		harm.privacy.irremediability: 2
		controls.required: 5
		controls.operating: 5
		controls.technical_or_independent: true
		controls.independently_audited: true`)
	b.ends("C10c", "J-3", "S4 L3 HIGH -2 L1 MEDIUM | EDD | APPROVE WITH CONDITIONS | 12")
	b.hears("J-3", "Few people, all of whom know, and an error can be put right.")
	b.decides("J-3", "approve_with_conditions", "a closed place, few people, tested by outsiders")
	b.closes()
}

// An organisation looks for missing and trafficked children by face. The vendor's
// moratorium exempts it.
func missingChildren(b *book) {
	b.isBoundBy("amazon")
	b.on("2020-07-01")
	b.buys("K-1", "Example Search for Children,children.example,nonprofit,nonprofit,US,Faces,face_search,missing persons")
	b.screens()
	b.answers("K-1")
	b.learns("K-1", "official", "An independent auditor's report", `
		deployment.existing: false
		use.identification: search
		use.purposes: [missing_persons]
		use.registers: [missing_persons]
		use.personal_data: true
		use.automated_matches: true
		harm.vulnerable_group: true
		harm.privacy.scale: 3
		harm.privacy.scope: 2
		harm.privacy.irremediability: 2
		controls.required: 5
		controls.operating: 5
		controls.technical_or_independent: true
		controls.independently_audited: true`)
	b.ends("C11", "K-1", "S4 L2 HIGH -2 L1 MEDIUM | EDD | APPROVE WITH CONDITIONS | 12")
	b.mayNot("K-1", "approve", "the rating calls for conditions")
	b.hears("K-1", "The search is for children who were taken, and each match is checked.")
	b.decides("K-1", "approve_with_conditions", "exempt by its purpose, and audited")
	b.closes()
}

// City police arrest people on false matches. The harm is confirmed, so likelihood is
// at its cap. The controls of a settlement earn their credit; what the court found
// stays on record.
func wrongfulArrests(b *book) {
	b.on("2023-08-08")
	b.buys("L-1", "Example River City Police,rivercity.example,public_body,policing,US,Faces,face_search,investigation")
	b.screens()
	b.answers("L-1")
	b.learns("L-1", "court", "The court's record of three arrests", `
		customer.ownership: public_body
		agency.technology_findings: [court]
		use.identification: search
		use.purposes: [investigation]
		use.registers: [offenders]
		use.consequences: [arrest, detention]
		use.personal_data: true
		use.automated_matches: true
		disparity.sector_evidence: documented
		safeguards.trained_review: false
		harm.actual: true
		harm.liberty.scale: 4
		harm.liberty.scope: 3
		harm.liberty.irremediability: 4`)
	b.ends("C12a", "L-1", "S4 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | SUSPEND | 6")
	b.mayNot("L-1", "approve_with_conditions", onlyBoard)
	b.decides("L-1", "suspend", "and those who were arrested are owed a remedy")

	b.on("2025-06-28")
	b.learns("L-1", "court", "The court on the settlement", `
		safeguards.trained_review: true
		harm.actual: false
		controls.required: 5
		controls.operating: 5
		controls.technical_or_independent: true
		controls.independently_audited: true`)
	b.ends("C12b", "L-1", "S4 L5 CRITICAL -2 L3 HIGH | EDD+GB | ESCALATE - committee; conditions precedent | 6")
	b.mayNot("L-1", "approve", onlyCommittee)
	b.decides("L-1", "escalate", "supervised by the court")
	b.closes()
}

// A reseller buys for somebody whom it does not name, for a purpose that it describes
// vaguely. Nothing is activated. When the deadline has passed without a name, it stops.
func silentReseller(b *book) {
	b.on("2024-04-02")
	b.passesOn("M-1", "Example Resale House,resale.example,reseller,yes,yes,Example Bookshop,bookshop.example,company,commercial,GB,Shelf Counter,object_detection,stock")
	b.buys("M-2", "Example Resale House,resale.example,company,commercial,GB,Shelf Counter,object_detection,")
	b.screens()
	b.answers("M-2")
	b.learns("M-2", "party", "The reseller's order", `
		deployment.existing: false
		chain.role: reseller
		end_user.sector: commercial
		use.declaration: vague
		harm.privacy.scale: 3
		harm.privacy.scope: 3
		harm.privacy.irremediability: 3`)
	b.ends("C13", "M-2", "S3 L3 MEDIUM -0 L3 MEDIUM | EDD | PENDING - no activation (CDD incomplete) | 24")
	b.mayNot("M-2", "approve", nothingRuns)
	b.mayNot("M-2", "approve_with_conditions", nothingRuns)

	b.on("2024-07-02")
	b.learns("M-2", "official", "Thirty days after the last reminder", "identity.deadline_passed: true")
	b.ends("C13 after the deadline", "M-2", "S3 L3 MEDIUM -0 L3 MEDIUM HS-P3 | EDD | PROHIBITED (policy hard stop) | 0")
	b.decides("M-2", "decline", "no name, no account")
	b.closes()
}

// A warehouse counts pallets. What is harmless must be cheap.
func warehouse(b *book) {
	b.on("2024-05-06")
	b.buys("N-1", "Example Pallet Warehouse,pallets.example,company,commercial,GB,Shelf Counter,object_detection,stock")
	b.screens()
	b.answers("N-1")
	b.learns("N-1", "party", "The order", "deployment.existing: false")
	b.ends("C14", "N-1", "S1 L1 LOW -0 L1 LOW | SDD | APPROVE | 36")
	b.decides("N-1", "approve", "sees pallets, no people")
	b.closes()
}

// A vendor has stopped face comparison for police departments that investigate crimes.
// Whom that covers is a matter of its words: a search for a missing person is exempt,
// another feature is not meant, and whether a federal bureau is a police department is
// a question that must be answered before anything runs.
func moratorium(b *book) {
	b.isBoundBy("amazon")
	b.on("2021-07-12")
	b.buys("O-1", "Example Borough Police,borough.example,public_body,policing,US-OR,Faces,face_compare,investigation")
	b.buys("O-2", "Example Borough Police,borough.example,public_body,policing,US-OR,Faces,face_compare,missing persons")
	b.buys("O-3", "Example Federal Bureau,bureau.example,public_body,policing,US,Vision,other,investigation")
	b.buys("O-5", "Example Federal Bureau,bureau.example,public_body,policing,US,Faces,face_compare,investigation")
	b.buys("O-4", "Example Borough Police,borough.example,public_body,policing,US-OR,Moderation,machine_learning,content moderation")
	b.screens()
	for account, words := range map[string]string{
		"O-1": "use.purposes: [investigation]\n use.identification: verification",
		"O-2": "use.purposes: [missing_persons]\n use.identification: verification",
		"O-3": "use.purposes: [investigation]",
		"O-5": "use.purposes: [investigation]\n use.identification: verification",
		"O-4": "use.purposes: [records]",
	} {
		b.answers(account, "policy.moratorium", map[string]string{"O-3": "use.identification"}[account])
		b.learns(account, "official", "The order", words+`
			customer.ownership: public_body
			use.personal_data: true
			harm.privacy.scale: 3
			harm.privacy.scope: 2
			harm.privacy.irremediability: 2`)
	}
	b.ends("C15-1", "O-1", "S3 L2 MEDIUM -0 L2 MEDIUM HS-P1 | CDD | PROHIBITED (policy hard stop) | 0")
	b.mayNot("O-1", "approve_with_conditions", onlyBoard)
	b.ends("C15-2", "O-2", "S3 L2 MEDIUM -0 L2 MEDIUM | CDD | APPROVE WITH CONDITIONS | 24")
	b.decides("O-2", "approve_with_conditions", "exempt: it looks for a missing person")
	b.ends("C15-3", "O-3", "S3 L4 HIGH -0 L4 HIGH | EDD | PENDING - no activation (CDD incomplete) | 12")
	b.mayNot("O-3", "approve_with_conditions", nothingRuns)
	b.ends("C15-3 with the feature known", "O-5", "S3 L2 MEDIUM -0 L2 MEDIUM | EDD | PENDING - no activation (CDD incomplete) | 24")
	b.mayNot("O-5", "approve_with_conditions", nothingRuns)
	b.ends("C15-4", "O-4", "S3 L2 MEDIUM -0 L2 MEDIUM | CDD | APPROVE WITH CONDITIONS | 24")
	b.closes()
}

// All is harmless as far as anybody knows, and one question is open that decides
// whether people can be harmed. Nobody may let it run, and it is looked at closely.
func unanswered(b *book) {
	b.on("2024-05-06")
	b.buys("P-1", "Example Parcel Depot,parcels.example,company,commercial,GB,Shelf Counter,object_detection,stock")
	b.screens()
	b.answers("P-1", "use.consequences")
	b.learns("P-1", "party", "The order", "deployment.existing: false")
	b.ends("UNK-1", "P-1", "S1 L1 LOW -0 L1 LOW | EDD | PENDING - no activation (CDD incomplete) | 36")
	b.mayNot("P-1", "approve", nothingRuns)
	b.closes()
}

// Two newspapers of one day say the opposite. What is not known is taken at its worst,
// and whoever computes the rating again from the log finds the same.
func disagreement(b *book) {
	b.on("2024-05-06")
	b.buys("Q-1", "Example Parcel Depot,parcels.example,company,commercial,GB,Shelf Counter,object_detection,stock")
	b.screens()
	b.answers("Q-1")
	b.learns("Q-1", "party", "The order", "deployment.existing: false")
	b.learns("Q-1", "media", "A morning paper", "agency.technology_findings: [court]")
	b.learns("Q-1", "media", "An evening paper", "agency.technology_findings: []")
	b.ends("two papers", "Q-1", "S1 L3 LOW -0 L3 LOW | SDD | APPROVE | 36")
	b.closes()
}

// Police ask for footage through a portal that has rules. Of five requests one keeps
// within them; each of the others breaks the one that its case names.
func requestBounds(b *book) {
	b.on("2022-03-05")
	b.buys("R-1", "Example Lake City Police,lakecity.example,public_body,policing,US,Request Portal,doorbell_requests,investigation")
	requests := []struct{ id, asks, breaks string }{
		{"RFA-1", `"windowHours":13,"areaSquareMiles":0.4,"requestOfInvestigation":1,"referenceNumber":"R-17","reason":"burglary"`, "RP-WINDOW"},
		{"RFA-2", `"windowHours":12,"areaSquareMiles":0.5,"requestOfInvestigation":2,"referenceNumber":"R-17","reason":"burglary"`, ""},
		{"RFA-3", `"windowHours":12,"areaSquareMiles":0.5,"requestOfInvestigation":3,"referenceNumber":"R-17","reason":"burglary"`, "RP-COUNT RP-REPEAT"},
		{"RFA-4", `"windowHours":12,"areaSquareMiles":0.5,"requestOfInvestigation":1,"referenceNumber":"R-18","reason":"protest"`, "RP-LAWFUL"},
		{"RFA-5", `"windowHours":12,"areaSquareMiles":0.5,"requestOfInvestigation":1,"reason":"burglary"`, "RP-REFERENCE"},
	}
	broken := map[string]int64{}
	for i, r := range requests {
		text := fmt.Sprintf(`{"Records":[{"eventID":"%s","eventTime":"2022-03-0%dT10:00:00Z","eventSource":"requests.portal","eventName":"CreateFootageRequest","recipientAccountId":"R-1","requestParameters":{%s,"agencyVerified":true,"basis":"consent"}}]}`, r.id, i+1, r.asks)
		var s usage.Summary
		b.read(&s, "monitor", "--as", "Ann", "--conditions", "request-portal", b.file(r.id+".json", text))
		if s.Matched != 1 || s.Unmapped != 0 || s.Unknown != 0 {
			b.t.Errorf("%s: %+v", r.id, s)
		}
		var found []string
		for _, f := range s.List {
			if f.Calls > broken[f.Condition] {
				broken[f.Condition] = f.Calls
				found = append(found, f.Condition)
			}
		}
		if got := strings.Join(found, " "); got != r.breaks {
			b.t.Errorf("%s breaks %q, want %q", r.id, got, r.breaks)
		}
	}
	b.closes()
}
