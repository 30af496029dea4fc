// Package usage reads telemetry and says what it shows about conditions of use:
// exposures, deviations, what cannot be told, and where nothing was seen (MU-05).
//
// A [Monitor] holds sets of conditions and deployments. It reads one object (a
// file of CloudTrail records) into a [Batch]: counts per condition, deployment and
// day, findings with the least that shows them, events of accounts that map to no
// deployment, and the hours covered. Counts of batches add up, whatever their
// order; a [Tally] does that in memory, once per content.
//
//	m, err := usage.NewMonitor([]*conditions.Set{set}, deployments)
//	tree, err := usage.OpenTree("logs/")
//	for name, err := range tree.Names() {
//		f, err := tree.Open(name)
//		batch, err := m.Read(ctx, "logs/", name, f)
//	}
//
// What telemetry does not show stays unknown and never becomes zero: requests that
// were not recorded, hours without events, logs that were switched off. Events
// are counted and dropped; nothing of them is kept but a finding's two event ids
// and the parameters that its condition lists.
//
// Objects are read as a stream, in memory that does not grow with them. Each event is
// walked once against the whole grammar of JSON, or compared with one of the same shape
// that was; only the fields that rules need are taken, and only calls whose name some
// condition asks for are judged, by CEL in package rule, for values that were not met
// before. Where JSON is no event itself, the events that another tool put into it are
// read. A record that cannot be used is rejected with its place, and Read = Matched +
// Unmatched + Rejected holds for every object.
//
// The package owns reading and counting; the conditions belong to package
// conditions, and deployments to the register.
package usage
