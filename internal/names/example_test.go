package names_test

import (
	"fmt"

	"duly/internal/names"
)

func ExampleCompare() {
	asked := names.Prepare("Quibbelton Trading L.L.C.", names.Organization)
	listed := names.Prepare("OOO Quibbleton Trading", names.Organization)
	m := names.Compare(asked, listed, names.Weights{})
	fmt.Println(m.Sentence())
	// Output: Score 0.91: "trading" is equal; "quibbelton" is close to "quibbleton"; legal forms or titles "llc" and "ooo" agree.
}

func ExamplePrepare() {
	n := names.Prepare("EXEMPLAR, Dr. Zoë", names.Person)
	for _, t := range n.Tokens {
		fmt.Println(t.Text)
	}
	// Output:
	// zoe
	// exemplar
}
