package demo

import (
	"math/rand/v2"
	"slices"
)

// sector is a kind of customer: how its names are built, and how many of a
// hundred carry an identifier that a public registry has given.
type sector struct {
	name, kind string
	registered int
	names      []string
}

var sectors = weighted[sector]{
	{758, sector{"commercial", "company", 93, []string{"{place} {trade} {form}", "{place} & {trade} {form}"}}},
	{45, sector{"nonprofit", "nonprofit", 72, []string{"{place} Food Bank", "{place} Conservation Trust", "{place} Choir Society", "{place} Shelter"}}},
	{45, sector{"health", "public_body", 85, []string{"{place} General Hospital", "{place} Community Clinic", "{place} Health Board"}}},
	{42, sector{"schools", "public_body", 75, []string{"{place} School District", "{place} Technical College", "{place} Primary Schools"}}},
	{30, sector{"other_government", "public_body", 75, []string{"{place} Water Board", "Town of {place}", "{place} Road Department"}}},
	{22, sector{"policing", "public_body", 0, []string{"{place} Police Department", "{place} County Sheriff's Office", "{place} Transit Police"}}},
	{7, sector{"social_services", "public_body", 40, []string{"{place} Benefits Office", "{place} Child Welfare Department"}}},
	{6, sector{"courts", "public_body", 40, []string{"{place} Circuit Court", "{place} Probation Service"}}},
	{3, sector{"civil_registration", "public_body", 40, []string{"{place} Registry of Births"}}},
	{2, sector{"elections", "public_body", 40, []string{"{place} Board of Elections"}}},
	{4, sector{"detention", "public_body", 30, []string{"{place} Jail", "{place} Remand Centre"}}},
	{2, sector{"border", "public_body", 30, []string{"{place} Port Inspection Service"}}},
	{1, sector{"immigration", "public_body", 30, []string{"{place} Residence Permit Office"}}},
	{3, sector{"military", "public_body", 30, []string{"{place} Garrison", "{place} Naval Yard"}}},
	{1, sector{"intelligence", "public_body", 0, []string{"{place} Assessment Office"}}},
	{29, sector{"unknown", "unknown", 20, []string{"{place} Holdings", "{place} Group", "{place} Services"}}},
}

// product is something the vendor sells: the one capability that it maps to, what
// it is used for, and the range of its monthly price in whole dollars.
type product struct {
	name, capability string
	low, high        int
	purposes         []string
}

// to gives the product with other purposes.
func (p product) to(purposes ...string) product {
	p.purposes = purposes
	return p
}

// cents draws a monthly price. Most are near the low end: the price is the least
// of three draws, and one account in sixty is thirty times as large.
func (p product) cents(r *rand.Rand) int {
	span := (p.high - p.low) * 100
	n := min(r.IntN(span), r.IntN(span), r.IntN(span)) + p.low*100
	if r.IntN(60) == 0 {
		n *= 30
	}
	return n
}

var (
	compute  = product{"Harbor Compute", "compute", 20, 4000, []string{"run a web shop", "host internal software", "test environment", "batch computing"}}
	storage  = product{"Harbor Store", "storage", 5, 900, []string{"backups", "files of a website", "archive"}}
	database = product{"Harbor Base", "database", 40, 3000, []string{"order records", "staff records", "stock control"}}
	network  = product{"Harbor Net", "network", 15, 1200, []string{"link two offices", "content delivery"}}
	learning = product{"Harbor Learn", "machine_learning", 90, 9000, []string{"forecast demand", "sort documents", "translate texts"}}
	fusion   = product{"Harbor Insight", "data_fusion", 800, 30000, []string{"join records of several systems", "link analysis"}}
	profiles = product{"Harbor Profiles", "personal_data_analytics", 300, 9000, []string{"customer segments", "predict cancellations"}}
	objects  = product{"LumenSight Objects", "object_detection", 60, 2500, []string{"count goods", "spot defects on a line", "read meters"}}
	video    = product{"LumenSight Video", "video_analytics", 90, 4000, []string{"count visitors", "traffic flow"}}
	vault    = product{"LumenVault", "video_storage", 150, 9000, []string{"store building cameras"}}
	attrs    = product{"LumenSight Attributes", "face_analysis", 120, 2500, []string{"estimate ages of visitors"}}
	compare  = product{"LumenSight Compare", "face_compare", 80, 2500, []string{"log in with a face", "confirm identity at a counter"}}
	faces    = product{"LumenSight Faces", "face_search", 10, 3000, []string{"search booking photographs", "find a person in recordings"}}
	live     = product{"LumenSight Live", "live_face_recognition", 900, 20000, []string{"watch entrances"}}
	doorstep = product{"Lumen Doorstep", "doorbell_requests", 100, 2500, []string{"ask households for footage"}}
	plates   = product{"LumenPlate", "plate_reader", 400, 6000, []string{"open a car park gate"}}
	locate   = product{"Lumen Locate", "location_tracking", 200, 4000, []string{"follow delivery vans"}}
	extract  = product{"Lumen Extract", "device_forensics", 500, 5000, []string{"read seized telephones"}}
	listen   = product{"Lumen Listen", "social_media_monitoring", 300, 6000, []string{"mentions of our name"}}
	echo     = product{"Lumen Echo", "gunshot_detection", 900, 9000, []string{"locate gunshots"}}
	wing     = product{"Lumen Wing", "drone", 300, 4000, []string{"inspect roofs"}}
	forecast = product{"Lumen Forecast", "predictive_policing", 700, 8000, []string{"plan patrols"}}
	registry = product{"Lumen Registry", "biometric_registry", 2000, 40000, []string{"issue identity cards"}}
)

var (
	plain = weighted[product]{{330, compute}, {240, storage}, {150, database}, {70, network}, {70, learning}}

	commercial = slices.Concat(plain, weighted[product]{{60, objects}, {14, video}, {10, vault}, {18, profiles}, {3, fusion},
		{9, compare}, {3, attrs}, {4, plates}, {7, locate}, {6, listen}, {6, wing}})

	government = slices.Concat(plain, weighted[product]{{30, objects}, {25, video}, {40, vault}, {30, profiles}, {12, fusion},
		{12, compare}, {8, plates}, {8, wing}})

	schools = slices.Concat(plain, weighted[product]{{15, vault}, {10, listen}, {6, live}, {12, profiles}})

	identity = weighted[product]{{4, compute}, {3, database}, {3, registry}}

	force = weighted[product]{
		{14, compute.to("host internal software")}, {16, storage.to("archive of case files")}, {8, database.to("staff records")},
		{22, vault.to("store body camera recordings", "store interview recordings")}, {8, faces}, {3, live},
		{12, plates.to("read plates on main roads")}, {8, doorstep}, {5, extract}, {4, listen.to("watch for threats")},
		{6, echo}, {6, wing.to("overview of incidents")}, {3, forecast}, {4, fusion}, {3, locate.to("find a telephone")}, {4, video},
	}
)

func productsOf(sector string) weighted[product] {
	switch sector {
	case "policing", "detention", "border", "immigration", "intelligence", "military":
		return force
	case "health", "social_services", "courts", "elections", "other_government":
		return government
	case "schools":
		return schools
	case "civil_registration":
		return identity
	}
	return commercial
}
