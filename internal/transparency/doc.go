// Package transparency keeps what a vendor has to tell about its dealings with
// authorities and about itself: partnerships, requests for data, public claims about
// rates, samples of what users post, incidents, and figures that were published
// before.
//
// Records come by a mapping through package intake, or one by one from a person. The
// figures are pure functions of the records as known at one place of the log:
//
//	requests := transparency.CountRequests(list)
//	series := transparency.Growth(partnerships, day)
//
// A request that an authority may make and a customer may refuse is voluntary; one
// with a legal basis is compelled. They are never added up. A legal basis that nobody
// has shown by its reference counts as voluntary (RG-07).
//
// Ownership: this room owns the six kinds and their figures. What rules a request has
// to meet is data of package conditions; the judging is passed in.
package transparency
