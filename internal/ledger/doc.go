// Package ledger defines what Duly's log is made of: records, leaves,
// disclosures, the Merkle tree and its checkpoints. It knows no SQL and no
// domain; every other room stands on it, and so does the offline verifier.
//
// A record is a flat Go struct whose fields carry a class in a tag. [Define]
// turns the struct into a [Kind]: a frozen schema and a codec. A revision of a
// record becomes one leaf of the log:
//
//   - The public fields stand in the leaf in clear. They are enums, whole
//     numbers, dates and hashes: what may never be withheld, and never who.
//   - Every other field is sealed: it becomes a [Disclosure], a salted value in
//     the format of SD-JWT (RFC 9901), of which the leaf holds only one common
//     hash, the field root. A sealed field can be shown to one audience, to
//     none, or be erased, without changing the leaf.
//
// Leaves are canonical JSON (RFC 8785) and are hashed into the tree of RFC 6962.
// A checkpoint is a C2SP signed note over the size and root of that tree. Outsiders, as
// a [Witness], cosign it (tlog-cosignature, tlog-witness); proofs are spelt as the
// standard has them, so that programs which nobody here wrote check them too.
//
//	type Customer struct {
//		State string `duly:"state,public,enum=active|ended"`
//		Name  string `duly:"name,customer"`
//	}
//	var Customers = ledger.Define[Customer]("customer", 1)
//
// Ownership: this package decides every byte that is hashed or signed, and
// nothing else does. Those bytes are frozen by the vectors in testdata; the
// format is written down in docs/bundle.md.
package ledger
