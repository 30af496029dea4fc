package register

import "slices"

// capabilityRisk gives each capability its risk class. The classes follow what
// the capability does to a person: find out who somebody is, follow them, read
// what they say, bring data about them together, watch, or carry any load.
var capabilityRisk = map[string]string{
	"face_search":             "identify",
	"face_compare":            "identify",
	"live_face_recognition":   "identify",
	"face_analysis":           "identify",
	"biometric_registry":      "identify",
	"plate_reader":            "track",
	"location_tracking":       "track",
	"social_media_monitoring": "track",
	"video_analytics":         "track",
	"interception":            "intercept",
	"device_forensics":        "intercept",
	"data_fusion":             "fuse",
	"personal_data_analytics": "fuse",
	"predictive_policing":     "fuse",
	"object_detection":        "sense",
	"video_storage":           "sense",
	"doorbell_requests":       "sense",
	"gunshot_detection":       "sense",
	"drone":                   "sense",
	"compute":                 "compute",
	"storage":                 "compute",
	"database":                "compute",
	"machine_learning":        "compute",
	"network":                 "compute",
	"other":                   "ordinary",
	"unknown":                 "identify",
}

// riskOrder lists the risk classes, the highest first.
var riskOrder = []string{"identify", "track", "intercept", "fuse", "sense", "compute", "ordinary"}

// RiskClass gives the risk class of a capability: identify, track, intercept,
// fuse, sense, compute or ordinary. A capability that is unknown, blank or not in
// the vocabulary counts as the highest class (RS-10).
func RiskClass(capability string) string {
	if class, ok := capabilityRisk[capability]; ok {
		return class
	}
	return riskOrder[0]
}

// HighestRisk gives the highest risk class among capabilities, and the highest
// there is when none is given: what a product can do is unknown until stated.
func HighestRisk(capabilities ...string) string {
	if len(capabilities) == 0 {
		return riskOrder[0]
	}
	best := len(riskOrder) - 1
	for _, c := range capabilities {
		best = min(best, slices.Index(riskOrder, RiskClass(c)))
	}
	return riskOrder[best]
}

// Coercive says whether a sector may arrest, detain, deport, search or use force
// on people, or gathers what those who do act on.
func Coercive(sector string) bool {
	switch sector {
	case "policing", "immigration", "border", "detention", "intelligence", "military":
		return true
	}
	return false
}

// Settle computes Risk from the capabilities, so that no source can state a
// product to be less than what it can do.
func (p *Product) Settle() {
	p.Risk = HighestRisk(slices.Concat(p.Intended, p.Unintended)...)
}
