package main

// Why a decision is refused, as a person reads it.
const (
	onlyCommittee = "no expert has given an opinion on this rating"
	onlyBoard     = "by an override only"
	noAct         = "no act in this program can lift it"
	nothingRuns   = "nothing is activated until they are known"
)

// stories are told in their own workspaces. Every name in them is made up; what
// happens in them has happened in this or that place.
var stories = map[string]func(*book){
	"C01 the sheriff's face search":        faceSearch,
	"C02 the integrator's agency":          integrator,
	"C03 the doorbells":                    doorbells,
	"C04 the school cameras":               schools,
	"C05 the telecom after the coup":       telecom,
	"C06 the listed vendor":                listedVendor,
	"C06 owners on a list":                 owners,
	"C07 the hospital":                     hospital,
	"C08 the national register":            nationalRegister,
	"C09 the body cameras":                 bodyCameras,
	"C10 three that a vendor decided on":   threeDecisions,
	"C11 the search for missing children":  missingChildren,
	"C12 the wrongful arrests":             wrongfulArrests,
	"C13 the reseller who names nobody":    silentReseller,
	"C14 the warehouse":                    warehouse,
	"C15 whom a moratorium covers":         moratorium,
	"RFA requests for footage":             requestBounds,
	"UNK two papers disagree":              disagreement,
	"UNK one question that nobody answers": unanswered,
}

// A sheriff searches booking photographs by face. First below the threshold that the
// vendor recommends, later with every safeguard in place and audited. That is within
// the guidance, and still HIGH. Then the vendor stops face comparison for the police.
func faceSearch(b *book) {
	b.isBoundBy("amazon")
	b.on("2019-05-02")
	b.buys("A-1", "Example County Sheriff,sheriff.example,public_body,policing,US-OR,Faces,face_search,investigation")
	b.screens()
	b.answers("A-1")
	b.learns("A-1", "media", "What a newspaper found in the sheriff's records", `
		customer.ownership: public_body
		use.identification: search
		use.purposes: [investigation]
		use.registers: [offenders]
		use.consequences: [stop, arrest]
		use.personal_data: true
		use.automated_matches: true
		disparity.sector_evidence: documented
		guidance.threshold: below
		controls.required: 5
		harm.liberty.scale: 4
		harm.liberty.scope: 3
		harm.liberty.irremediability: 3
		harm.privacy.scale: 3
		harm.privacy.scope: 3
		harm.privacy.irremediability: 2`)
	b.ends("C01a", "A-1", "S4 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | SUSPEND | 6")
	b.mayNot("A-1", "approve", onlyBoard)
	b.decides("A-1", "suspend", "searches run below the threshold, and people are arrested on them")

	b.on("2020-02-03")
	b.learns("A-1", "official", "An independent auditor's report", `
		guidance.threshold: met
		controls.required: 5
		controls.operating: 5
		controls.technical_or_independent: true
		controls.independently_audited: true`)
	b.ends("C01b", "A-1", "S4 L4 HIGH -2 L2 HIGH | EDD | ESCALATE - committee; conditions precedent | 12")
	b.mayNot("A-1", "approve_with_conditions", onlyCommittee)
	b.decides("A-1", "escalate", "within the guidance, and an arrest can still follow from a false match")

	b.on("2020-06-09")
	b.ends("C01c the day before", "A-1", "S4 L4 HIGH -2 L2 HIGH | EDD | ESCALATE - committee; conditions precedent | 12")
	b.on("2020-06-10")
	b.ends("C01c", "A-1", "S4 L4 HIGH -2 L2 HIGH HS-P1 | EDD | PROHIBITED (policy hard stop) | 0")
	b.mayNot("A-1", "approve", onlyBoard)
	b.decides("A-1", "suspend", "the vendor has stopped face comparison for the police")
	b.closes()
}

// An integrator runs analytics for an immigration agency on plain computing. What the
// agency did is said about the agency, and reaches the one who is billed.
func integrator(b *book) {
	b.on("2019-08-14")
	b.passesOn("B-1", "Example Analytics Integrator,integrator.example,integrator,no,no,Example Immigration Agency,agency.example,public_body,immigration,US,Plain Compute,compute,casework")
	b.screens()
	b.answers("B-1", "agency.abuse_record", "agency.abuse_record_years")
	b.learns(b.customer("Example Immigration Agency"), "ngo", "A rights group's report on the agency", `
		agency.abuse_record: established
		agency.abuse_record_years: 1`)
	b.learns("B-1", "media", "What the integrator's contract says", `
		use.purposes: [immigration_enforcement]
		use.data_fusion: true
		use.consequences: [detention, deportation]
		use.personal_data: true
		disparity.sector_evidence: documented
		harm.liberty.scale: 5
		harm.liberty.scope: 5
		harm.liberty.irremediability: 4`)
	b.ends("C02", "B-1", "S5 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | SUSPEND | 6")
	b.mayNot("B-1", "approve_with_conditions", onlyBoard)
	b.decides("B-1", "suspend", "no new workloads until the governing body has adopted a plan")
	b.closes()
}

// Police ask households for the footage of their doorbells. Then the requests become
// public, bounded and numbered. Then the doorbells are to recognise faces, which
// opens the partnership again, and a city forbids just that.
func doorbells(b *book) {
	b.on("2019-11-19")
	b.buys("C-1", "Example City Police,citypolice.example,public_body,policing,US,Request Portal,doorbell_requests,investigation")
	b.screens()
	b.answers("C-1")
	b.learns("C-1", "official", "What a lawmaker's questions to the vendor found", `
		customer.ownership: public_body
		use.purposes: [investigation]
		use.footage_from: [households]
		use.bystanders: true
		use.collectors: [private_persons]
		use.delivered_to_state: true
		use.personal_data: true
		requests.from_state: true
		disparity.sector_evidence: documented
		safeguards.retention_limit: false
		safeguards.sharing_limit: false
		requests.evidentiary_standard: false
		harm.privacy.scale: 3
		harm.privacy.scope: 5
		harm.privacy.irremediability: 3`)
	b.ends("C03a", "C-1", "S4 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | SUSPEND | 6")
	b.mayNot("C-1", "approve", onlyBoard)
	b.decides("C-1", "suspend", "the request channel, not the doorbells")

	b.on("2021-06-03")
	b.learns("C-1", "official", "A test of the rules for requests", `
		safeguards.retention_limit: true
		safeguards.sharing_limit: true
		requests.evidentiary_standard: true
		controls.required: 5
		controls.operating: 3
		controls.technical_or_independent: true`)
	b.ends("C03b", "C-1", "S4 L5 CRITICAL -1 L4 HIGH | EDD+GB | ESCALATE - committee; conditions precedent | 6")
	b.mayNot("C-1", "approve_with_conditions", onlyCommittee)
	b.decides("C-1", "escalate", "improved, but the channel remains")

	b.on("2021-09-01")
	b.buys("C-2", "Example City Police,citypolice.example,public_body,policing,US,Doorbells with faces,live_face_recognition,investigation")
	b.screens()
	b.answers("C-2")
	const faces = `
		deployment.existing: false
		customer.ownership: public_body
		use.identification: live
		use.purposes: [investigation]
		use.footage_from: []
		use.collectors: [private_persons]
		use.delivered_to_state: true
		use.personal_data: true
		use.automated_matches: true
		safeguards.sharing_limit: false
		disparity.sector_evidence: documented
		harm.privacy.scale: 4
		harm.privacy.scope: 5
		harm.privacy.irremediability: 4`
	b.learns("C-2", "official", "The vendor's product plan", faces)
	b.ends("C03c", "C-2", "S5 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | DECLINE | 6")
	b.mayNot("C-2", "approve", onlyBoard)
	b.decides("C-2", "decline", "faces of passers-by, collected by neighbours for the police")

	b.buys("C-3", "Example Harbour City Police,harbourpolice.example,public_body,policing,US,Doorbells with faces,live_face_recognition,investigation")
	b.screens()
	b.answers("C-3")
	b.learns("C-3", "official", "The vendor's product plan", faces+"\n law.local_ban: in_force")
	b.ends("C03c where a city forbids it", "C-3", "S5 L5 CRITICAL -0 L5 CRITICAL HS-L4 | EDD+GB | PROHIBITED (legal hard stop) | 0")
	b.mayNot("C-3", "approve", noAct)
	b.closes()
}

// A school district wants live recognition although the regulator asked it to wait.
// Then a law forbids it, and cameras without it can still be rated.
func schools(b *book) {
	b.on("2019-12-02")
	b.buys("D-1", "Example School District,schools.example,public_body,schools,US-NY,Campus Guard,live_face_recognition,safety")
	b.screens()
	b.answers("D-1")
	b.learns("D-1", "regulator", "The education department's letters", `
		deployment.existing: false
		customer.ownership: public_body
		use.identification: live
		use.purposes: [safety]
		use.registers: [staff, children]
		use.settings: [school]
		use.personal_data: true
		use.automated_matches: true
		regulator.position: objected
		harm.vulnerable_group: true
		harm.privacy.scale: 3
		harm.privacy.scope: 3
		harm.privacy.irremediability: 3`)
	b.ends("C04a", "D-1", "S4 L4 HIGH -0 L4 HIGH | EDD | ESCALATE - committee; conditions precedent | 12")
	b.mayNot("D-1", "approve", onlyCommittee)
	b.decides("D-1", "escalate", "the regulator's objection is a condition precedent")

	b.on("2020-12-22")
	b.ends("C04b", "D-1", "S4 L4 HIGH -0 L4 HIGH HS-L4 | EDD | PROHIBITED (legal hard stop) | 0")
	b.mayNot("D-1", "approve", noAct)
	b.mayNot("D-1", "escalate", noAct)
	b.decides("D-1", "decline", "the law forbids it in schools")

	b.buys("D-2", "Example School District,schools.example,public_body,schools,US-NY,Campus Cameras,video_storage,safety")
	b.screens()
	b.answers("D-2")
	b.learns("D-2", "party", "The order for the cameras", `
		deployment.existing: false
		customer.ownership: public_body
		use.purposes: [safety]
		use.settings: [school]
		use.personal_data: true
		harm.vulnerable_group: true
		harm.privacy.scale: 2
		harm.privacy.scope: 3
		harm.privacy.irremediability: 2`)
	b.ends("C04b for cameras without it", "D-2", "S3 L1 LOW -0 L1 LOW | SDD | APPROVE | 36")
	b.decides("D-2", "approve", "cameras that recognise nobody are not what the law forbids")
	b.closes()
}

// The military takes over, and the state telecom is ordered to intercept.
func telecom(b *book) {
	b.on("2021-02-08")
	b.buys("E-1", "Example National Telecom,telecom.example,company,commercial,XA,Lawful Access,interception,telecoms")
	b.screens()
	b.answers("E-1")
	b.learns("E-1", "official", "A report of the United Nations on the takeover", `
		customer.ownership: state_enterprise
		customer.security_service_ties: true
		country.freedom: partly_free
		country.rule_of_law: moderate
		country.situation: [coup]
		law.independent_authorisation: false
		use.methods: [interception]
		use.purposes: [telecoms]
		use.personal_data: true
		harm.privacy.scale: 5
		harm.privacy.scope: 5
		harm.privacy.irremediability: 5
		harm.expression.scale: 5
		harm.expression.scope: 4
		harm.expression.irremediability: 4`)
	b.ends("C05", "E-1", "S5 L5 CRITICAL -0 L5 CRITICAL | EDD+GB | SUSPEND | 6")
	b.mayNot("E-1", "approve_with_conditions", onlyBoard)
	b.decides("E-1", "suspend", "leaving needs an assessment of whom the data endangers")
	b.closes()
}
