// Package annual makes what a company shows the public once a year: the report for
// readers without any right to see sealed values, what happened in the year in figures,
// the register of deployments at public bodies, the company's policies, its conditions of
// use, and where each reporting framework's questions are answered (IM-14, GC-01, MA-02,
// PO-01, PO-02, PO-05).
//
// It is a static site: pages and JSON files for any web server, with nothing that runs.
//
//	year, err := annual.Build(ctx, q, public, packs, "2026")
//	err = annual.Write(year, disclose, dir)
//
// Figures of the year are counted from what stands in clear in the log, so anybody with a
// bundle can count them again. What the register shows of a customer is one disclosed
// field each, with its proof beside it. Two builds from one checkpoint give the same bytes.
//
// Ownership: this room owns the shape of the site. It writes no record and has no clock.
package annual
