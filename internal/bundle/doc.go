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
// Memory: a check needs about 100 bytes per entry up to a limit, then spills to
// temporary files; beyond that it keeps the hash and the position of every rating,
// since a decision may name any of them.
//
// The format is written down in docs/bundle.md.
package bundle
