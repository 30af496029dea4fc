package bundle

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

const cosignedFile = "testdata/cosigned.json"

// cosignedVector is a checkpoint with a cosignature of each kind, for those who write a
// verifier of their own.
type cosignedVector struct {
	Checkpoint string   `json:"checkpoint"`
	Key        string   `json:"key"`
	Witnesses  []string `json:"witnesses"`
	Seen       []int64  `json:"seen"` // when each says that it saw it: seconds since 1970
}

// TestTheCosignedVector protects those who wrote a verifier by it: it never changes, and
// this one opens it.
func TestTheCosignedVector(t *testing.T) {
	l := sample(t)
	classic, lattice := l.witness("one.example/w"), newLattice(t, "lattice.example/w", 1)
	n, at := l.size(), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	v := cosignedVector{
		Checkpoint: string(l.cosigned(n, classic.Line(l.point(n), at), lattice.line(t, l.point(n), at.Unix()+1))),
		Key:        l.key.Public(), Witnesses: []string{classic.Public(), lattice.public()}, Seen: []int64{at.Unix(), at.Unix() + 1},
	}
	made, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if made = append(made, '\n'); *update {
		if err := os.WriteFile(cosignedFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(cosignedFile)
	if err != nil || json.Unmarshal(kept, &v) != nil {
		t.Fatal(err)
	}
	trust := Trust{Key: v.Key}
	for _, w := range v.Witnesses {
		trust.know(mustWitness(t, w))
	}
	c, err := trust.Assure([]byte(v.Checkpoint), "")
	if err != nil || len(c.Cosignatures) != 2 || c.Cosignatures[0].At.Unix() != v.Seen[1] || c.Cosignatures[1].At.Unix() != v.Seen[0] {
		t.Errorf("%+v, %v", c, err)
	}
}
