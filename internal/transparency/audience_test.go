package transparency_test

import (
	"testing"

	"duly/internal/ledger"
	"duly/internal/transparency"
)

// TestAPolicyIsNotPublishedByItsKind protects a company that has policies which it did not
// publish: their titles, and what shows that they are lived, stand in no bundle for
// everybody. The site of a year shows those that were published, each with its proof.
func TestAPolicyIsNotPublishedByItsKind(t *testing.T) {
	for _, s := range []*ledger.Schema{transparency.Policies.Schema(), transparency.Embeddings.Schema()} {
		for _, f := range s.Sealed {
			if ledger.Shown(nil, f.Class) && f.Name != "policy" { // the id of a record
				t.Errorf("%s.%s is shown to everybody, of every policy", s.Kind, f.Name)
			}
		}
	}
}
