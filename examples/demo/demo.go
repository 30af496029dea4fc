// Package demo is a made-up technology vendor, Lumen Harbor Cloud, with its
// customers: what `duly demo` loads and what a newcomer can read to see the
// shape of every input file.
//
// No customer, agency, place or use in it exists. Three customers carry names
// close to names on public lists, so that a person has to look at the hit. The
// listed side is real: watchlist.ftm.jsonl is an extract written by hand, each
// entry with its citation. README.md beside this file says what is what.
//
// [Files] holds the small files; the 5,000 billing accounts and the telemetry are
// made by [WriteAccounts] and [WriteTelemetry], which give the same bytes for the
// same seed on any machine:
//
//	err := demo.WriteAccounts(file, demo.Seed)
//	written, err := demo.WriteTelemetry(dir, demo.Seed)
package demo

import (
	"embed"
	"math/rand/v2"
)

// Files holds the files of the example by name: accounts-by-hand.csv,
// accounts.map.yaml, watchlist.ftm.jsonl, facts.yaml, README.md and
// telemetry/README.md.
//
//go:embed README.md accounts-by-hand.csv accounts.map.yaml facts.yaml watchlist.ftm.jsonl telemetry/README.md
var Files embed.FS

// Seed is the seed that `duly demo` uses and that README.md's figures hold for.
const Seed uint64 = 20261101

// stream gives the random numbers of one part of the example, apart from those
// of the other parts, so that a change in one leaves the others' bytes alone.
func stream(seed uint64, part string) *rand.Rand {
	var salt uint64 = 14695981039346656037 // FNV-1a, 64 bit
	for _, b := range []byte(part) {
		salt = (salt ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, salt))
}
