package assessment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"duly/internal/ledger"
	"duly/internal/store"
)

// Substance gives two hashes of a rating, in hexadecimal: of the values that it rests on,
// whichever statements they stand in and on whichever days they were seen, and of what
// the method made of them. To state the same again, or with another day, changes neither;
// to state what the method makes nothing of changes only the first, and another method
// only the second.
func Substance(ctx context.Context, q store.Queryer, r *Rating) (facts, judged string, err error) {
	var values []string
	for _, in := range r.Inputs {
		parts := strings.Split(in, " ")
		if len(parts) != 4 {
			continue // no rating of this program names one so
		}
		seq, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil {
			continue
		}
		value, shown, err := Committed(ctx, q, seq, parts[2], parts[3])
		if err != nil {
			return "", "", err
		}
		if _, unknown := value.UnknownReason(); shown && !unknown {
			values = append(values, parts[0]+" "+value.String())
		}
	}
	slices.Sort(values)
	return digest(strings.Join(values, "\n")), digest(r.Trace), nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Committed gives the value of a field of an entry that an input names, by its digest or
// by the word "public"; false where the value was erased.
func Committed(ctx context.Context, q store.Queryer, seq int64, field, digest string) (value ledger.Scalar, ok bool, err error) {
	e, err := store.EntryAt(ctx, q, seq)
	if err != nil {
		return value, false, err
	}
	if digest == "public" {
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return value, false, err
		}
		raw := leaf.PublicField(field)
		return value, raw != nil, value.UnmarshalJSON(raw)
	}
	digests, disclosures, err := store.Split(e.Digests, e.Disclosures)
	if err != nil {
		return value, false, err
	}
	for i, d := range digests {
		if d.String() == digest && disclosures[i] != "" {
			_, raw, err := disclosures[i].Open()
			if err != nil {
				return value, false, err
			}
			return value, true, value.UnmarshalJSON(raw)
		}
	}
	return value, false, nil
}
