// Package gate answers, while a customer waits, whether it may use a capability here and
// now, for this purpose: what was decided, as whoever switches products on and off needs
// it (GC-03, PO-06).
//
// The answer comes from memory. A [Gate] reads the register, the decisions and the
// launches once and then follows the log, so that a new decision counts within a second.
// It fails closed: what it does not know, and what it could not refresh in time, is
// refused, with the reason and what to do.
//
//	g, err := gate.Open(ctx, db, gate.Options{Now: time.Now})
//	go g.Follow(ctx)
//	answer := g.Answer(gate.Question{Kind: "account", ID: "billing:4711", Capability: "face_search"})
//	http.Handle("/", gate.Handler(g, base))
//
// [Handler] speaks the AuthZEN Authorization API 1.0 of the OpenID Foundation.
//
// An answer is no decision, and nothing here decides. A hit on a watchlist, open or not,
// refuses nobody by itself: a person decides first. What was decided and what is confirmed
// as enforced are two states: [Confirm] records the second, and [Pending] says how long
// each decision has waited for it. In an emergency [Break] opens the gate for hours, for
// all to see, and never against a law.
//
// Ownership: this room owns the kinds enforcement and break_glass, and the snapshot in
// memory.
package gate
