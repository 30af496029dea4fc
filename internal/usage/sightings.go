package usage

// maxSeen bounds the event ids that are compared. Beyond it, ids are sampled by
// their hash: half, a quarter, and so on.
const maxSeen = 1 << 17

// sightings notes how often, and in which objects, each matched event was seen,
// by the first 8 bytes of the SHA-256 of its id. Which ids are kept depends on the
// set of ids alone, not on their order: those whose hash is below the largest
// power of two that leaves at most maxSeen of them.
type sightings struct {
	shift uint8 // hashes below 2^(64-shift) are kept
	ids   map[uint64]seen
}

type seen struct {
	times   int64
	objects []int // whatever the owner numbers objects by
}

func (s *sightings) keeps(hash uint64) bool { return hash>>(64-s.shift) == 0 }

func (s *sightings) add(hash uint64, times int64, object int) {
	if !s.keeps(hash) {
		return
	}
	if s.ids == nil {
		s.ids = map[uint64]seen{}
	}
	was := s.ids[hash]
	was.times += times
	if len(was.objects) == 0 || was.objects[len(was.objects)-1] != object {
		was.objects = append(was.objects, object)
	}
	s.ids[hash] = was
	for len(s.ids) > maxSeen {
		s.sample(s.shift + 1)
	}
}

// merge adds what was seen in one object.
func (s *sightings) merge(o *sightings, object int) {
	s.sample(o.shift)
	for hash, was := range o.ids {
		s.add(hash, was.times, object)
	}
}

// sample drops what a larger shift does not keep.
func (s *sightings) sample(shift uint8) {
	if shift <= s.shift {
		return
	}
	s.shift = shift
	for hash := range s.ids {
		if !s.keeps(hash) {
			delete(s.ids, hash)
		}
	}
}

// repeated gives how many of the ids kept were seen more than once, and the
// objects they were seen in.
func (s *sightings) repeated() (n int64, objects map[int]bool) {
	objects = map[int]bool{}
	for _, was := range s.ids {
		if was.times > 1 {
			n++
			for _, o := range was.objects {
				objects[o] = true
			}
		}
	}
	return n, objects
}
