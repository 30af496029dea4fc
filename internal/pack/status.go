package pack

import "slices"

// IsStatus says whether a word is one of the statuses of a pack, for parts of a
// pack that have one of their own.
func IsStatus(word string) bool { return slices.Contains(statuses, word) }
