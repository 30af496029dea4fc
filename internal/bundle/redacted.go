package bundle

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"duly/internal/ledger"
)

// Redacts says that redactions which hold withhold a sealed field of a kind, in every
// version of the kind. redacted are names like account.amount.
func Redacts(redacted []string, schema *ledger.Schema, field int) bool {
	return slices.ContainsFunc(redacted, func(name string) bool {
		rest, of := strings.CutPrefix(name, schema.Kind)
		return of && strings.HasPrefix(rest, ".") && rest[1:] == schema.Sealed[field].Name
	})
}

// Shows says whether the bundle discloses a sealed field, unless it was erased.
func (m Manifest) Shows(schema *ledger.Schema, field int) bool {
	return ledger.Shown(m.Classes, schema.Sealed[field].Class) && !Redacts(m.Redacted, schema, field)
}

// Withholds says whether a bundle may withhold a sealed value that was not erased: by its
// class or by a redaction.
func (m Manifest) Withholds() bool {
	return len(m.Classes) < len(ledger.Classes) || len(m.Redacted) > 0
}

// redacts keeps which field a redaction withholds now, by the record of the redaction. One
// that names no sealed field of a released schema withholds nothing.
func (c *Checker) redacts(leaf *ledger.Leaf) {
	p := fields(leaf.PublicValues())
	named, _ := ledger.ParseHash(p.text("schema"))
	schema, n := c.options.Schemas[named], p.int("field")
	delete(c.redacted, leaf.ID)
	if p.text("state") == "withheld" && schema != nil && n >= 0 && n < int64(len(schema.Sealed)) {
		c.redacted[leaf.ID] = schema.Kind + "." + schema.Sealed[n].Name
	}
}

// Redacted gives the fields that redactions withhold after all entries so far, sorted, as
// kind.field. Of a range these are the redactions that are here.
func (c *Checker) Redacted() []string {
	return slices.Compact(slices.Sorted(maps.Values(c.redacted)))
}

// checkRedacted holds the manifest to the redactions of the log: nothing is withheld by
// one that does not hold, nor shown against one that does, unless the bundle says so.
func (a *Archive) checkRedacted(c *Checker) {
	want := c.Redacted()
	if a.Manifest.Unredacted {
		want = nil
	}
	if !slices.Equal(want, a.Manifest.Redacted) {
		c.Report(-1, fmt.Sprintf("the manifest says that %s is redacted, and by the redactions in the log it is %s", list(a.Manifest.Redacted), list(want)))
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// printRedacted says what redactions do to a bundle.
func (r *Result) printRedacted(out io.Writer) {
	switch {
	case r.Unredacted:
		fmt.Fprintln(out, "  redactions  not applied: this bundle is complete for its classes, and not for the public")
	case len(r.Redacted) > 0:
		fmt.Fprintf(out, "  redactions  withhold %s, by entries of the log that say why\n", list(r.Redacted))
	}
}
