package watchlist

// alike says which word of a question a word of the vocabulary is most alike to. The
// similarity is 0 where there is none.
type alike struct {
	similarity float32
	word       uint16
	done       bool // also the words that are not looked up were compared
}

// kin holds what is known of words of the vocabulary while one question is
// answered. Few words are alike to any, so a small table serves, which stays in the
// processor's cache where an array of all words would not.
type kin struct {
	slots []kinSlot // a power of two of them, at most half of them filled
	spare []kinSlot
	count int
	turn  uint32 // of the slots that are filled
}

type kinSlot struct {
	id, turn uint32
	alike
}

// leastKin is how many slots there are for a question that finds little.
const leastKin = 1 << 10

// reset forgets all words.
func (k *kin) reset() { k.resize(leastKin) }

// resize makes an empty table of so many slots.
func (k *kin) resize(slots int) {
	if k.turn++; k.turn == 0 || slots > cap(k.slots) {
		k.slots, k.turn = make([]kinSlot, max(slots, cap(k.slots))), 1
	}
	k.slots, k.count = k.slots[:slots], 0
}

// get gives what is known of a word.
func (k *kin) get(id uint32) (alike, bool) {
	slot := k.slot(id)
	if slot.turn != k.turn {
		return alike{}, false
	}
	return slot.alike, true
}

// put keeps what is known of a word.
func (k *kin) put(id uint32, a alike) {
	slot := k.slot(id)
	if slot.turn != k.turn {
		if k.count++; k.count*2 > len(k.slots) {
			k.grow()
			slot = k.slot(id)
		}
	}
	*slot = kinSlot{id, k.turn, a}
}

func (k *kin) grow() {
	count := k.count
	k.spare = k.spare[:0]
	for i := range k.slots {
		if k.slots[i].turn == k.turn {
			k.spare = append(k.spare, k.slots[i])
		}
	}
	k.resize(2 * len(k.slots))
	k.count = count
	for _, s := range k.spare {
		*k.slot(s.id) = kinSlot{s.id, k.turn, s.alike}
	}
}

// slot gives the slot of a word, filled or where it would be.
func (k *kin) slot(id uint32) *kinSlot {
	last := uint32(len(k.slots) - 1)
	for i := id * 0x9e3779b1 >> 8; ; i++ {
		if s := &k.slots[i&last]; s.turn != k.turn || s.id == id {
			return s
		}
	}
}
