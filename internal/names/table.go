package names

// table is a map by word that says of most words at once that it has them not.
type table[V any] struct {
	lengths [1 << 10]uint32 // by the first and the last letter, a bit for each length
	values  map[string]V
}

func newTable[V any](values map[string]V) *table[V] {
	t := &table[V]{values: values}
	for text := range values {
		if text != "" {
			t.lengths[ends(text)] |= 1 << (len(text) & 31)
		}
	}
	return t
}

func ends(text string) int { return int(text[0]&31)<<5 | int(text[len(text)-1]&31) }

// get gives what the table has of a word, which is not empty.
func (t *table[V]) get(text string) (v V, ok bool) {
	if t.lengths[ends(text)]>>(len(text)&31)&1 == 0 {
		return v, false
	}
	v, ok = t.values[text]
	return v, ok
}

func (t *table[V]) has(text string) bool {
	_, ok := t.get(text)
	return ok
}
