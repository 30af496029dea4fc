// Package bundle checks a log without trusting whoever wrote it: it reads leaves
// and disclosures one after another and decides whether they are whole, in order,
// of released schemas, signed by the people they name, and whether every rating
// follows from its disclosed inputs.
//
// A [Checker] is fed entries from anywhere: a workspace's database or a bundle
// file. [Verify] reads a bundle file, [VerifyDisclosure] a single disclosed field.
//
// Nothing here opens a database or a network connection, and a test holds that:
// the command duly-verify is this package and little else.
//
// Memory: revisions and the places of ratings spill to temporary files beyond some ten
// thousand each. What grows: 8 bytes for each 64 entries of a file, and some 100 to 300
// bytes for each person, opinion, vote, referral, approval, erasure, entry of an assessment
// and carried entry; and while a population or a balance is counted, for each record of it.
//
// The format is written down in docs/bundle.md.
package bundle
