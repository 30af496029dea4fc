package ledger_test

import (
	"crypto/rand"
	"fmt"

	"duly/internal/ledger"
)

// Permit is a made-up record: its state stands in clear, its holder is sealed.
type Permit struct {
	State  string `duly:"state,public,enum=granted|refused"`
	Holder string `duly:"holder,customer"`
}

// A company withholds a field and discloses it later; whoever kept the leaf can
// tell that it is the value that was sealed.
func Example() {
	permits := ledger.Define[Permit]("permit", 1)
	id, _ := ledger.NewID(rand.Reader)
	draft, _ := ledger.NewDraft(permits, &Permit{State: "granted", Holder: "Example Harbour Ltd"}, id, 1, ledger.Hash{}, rand.Reader)
	published := draft.Leaf(1_700_000_000_000_000, id, nil).Encode() // what anybody may see

	leaf, _ := ledger.ParseLeaf(published)
	fmt.Println(string(leaf.Public))

	shown, digests := draft.Disclosures[0], draft.Digests // handed over later
	value, err := permits.Schema().CheckDisclosure(0, shown)
	fmt.Println(string(value), err, shown.Digest() == digests[0], ledger.FieldRoot(digests) == leaf.Fields)
	// Output:
	// {"state":"granted"}
	// "Example Harbour Ltd" <nil> true true
}
