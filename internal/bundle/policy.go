package bundle

import (
	"slices"
	"strconv"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
)

// Quorum says which witnesses must have cosigned.
type Quorum map[string]group

// group is a witness, or so many of some named groups. The one that must be met is named
// quorumName.
type group struct {
	witness string // its verifier key; "" for a group of others
	need    int
	members []string
}

// quorumName cannot be a name of a policy: names have no space.
const quorumName = " quorum"

// met says whether cosignatures with these verifier keys are what the quorum asks for.
func (q Quorum) met(keys map[string]bool) bool {
	return q == nil || q.holds(quorumName, keys, map[string]bool{})
}

// holds says whether a witness or a group is met. known are the answers so far: groups that
// share members would be asked once for each way to them, which double with every line.
func (q Quorum) holds(name string, keys, known map[string]bool) bool {
	if met, asked := known[name]; asked {
		return met
	}
	g := q[name]
	n := 0
	for _, m := range g.members {
		if q.holds(m, keys, known) {
			n++
		}
	}
	known[name] = n >= g.need
	if g.witness != "" {
		known[name] = keys[g.witness]
	}
	return known[name]
}

// know adds a witness, once.
func (t *Trust) know(w ledger.Witness) {
	if !slices.ContainsFunc(t.Witnesses, func(x ledger.Witness) bool { return x.Key() == w.Key() }) {
		t.Witnesses = append(t.Witnesses, w)
	}
}

// assessorName is the name by which a policy says who the assessor is.
const assessorName = "assessor"

// maxPolicy bounds the lines of a policy.
const maxPolicy = 1000

// ReadPolicy adds to a trust what a file in the form of C2SP tlog-policy says: the log,
// the witnesses, and how many of them must have cosigned. It takes one log. The witness
// named "assessor" is the assessor.
//
//	log VKEY
//	witness NAME VKEY [URL]
//	group NAME all|any|NUMBER MEMBER...
//	quorum NAME|none
func (t Trust) ReadPolicy(text string) (Trust, error) {
	q := Quorum{}
	asked := false
	line := 0
	bad := func(what string) (Trust, error) { return t, fault.New(fault.Invalid, what, "").At("", line, "") }
	for raw := range strings.Lines(text) {
		line++
		words := strings.Fields(raw)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		if line > maxPolicy || len(words) < 2 {
			return bad("the policy has too many lines, or a line with one word")
		}
		name := words[1]
		_, taken := q[name]
		switch {
		case words[0] == "log" && len(words) > 3:
			return bad("a log has a key, and perhaps an address")
		case words[0] == "log" && t.Key != "" && t.Key != name:
			return bad("the policy names another log than you did, or two")
		case words[0] == "log":
			t.Key = name
		case words[0] == "quorum" && len(words) == 2 && !asked && name == "none":
			asked = true
		case words[0] == "quorum" && len(words) == 2 && !asked && taken:
			asked = true
			q[quorumName] = group{need: 1, members: []string{name}}
		case taken || name == "none":
			return bad("the name " + strconv.Quote(name) + " is taken")
		case words[0] == "witness" && (len(words) == 3 || len(words) == 4):
			w, err := ledger.ParseWitness(words[2])
			if err != nil {
				return bad(err.Error())
			}
			if q.names(w.Key()) {
				return bad("a witness is named twice; it would count as two")
			}
			t.know(w)
			q[name] = group{witness: w.Key()}
			if name == assessorName {
				t.Assessor = w.Name()
			}
		case words[0] == "group" && len(words) > 3:
			g, ok := q.group(words[2], words[3:])
			if !ok {
				return bad("a group asks for all, any or a number of witnesses and groups that are named before it")
			}
			q[name] = g
		default:
			return bad(strconv.Quote(words[0]) + " is not a line of a policy here")
		}
	}
	if !asked {
		line = 0
		return bad("the policy does not say which quorum it asks for")
	}
	if t.Quorum = q; len(q[quorumName].members) == 0 {
		t.Quorum = nil
	}
	return t, nil
}

// names says whether a witness with this verifier key was named.
func (q Quorum) names(key string) bool {
	for _, g := range q {
		if g.witness == key {
			return true
		}
	}
	return false
}

func (q Quorum) group(need string, members []string) (group, bool) {
	g := group{members: members}
	seen := map[string]bool{}
	for _, m := range members {
		if _, known := q[m]; !known || seen[m] {
			return g, false
		}
		seen[m] = true
	}
	switch need {
	case "all":
		g.need = len(members)
	case "any":
		g.need = 1
	default:
		n, err := strconv.Atoi(need)
		if err != nil || n < 1 || n > len(members) || strconv.Itoa(n) != need {
			return g, false
		}
		g.need = n
	}
	return g, true
}

// Sources are what a verifier brings, as command lines name it.
type Sources struct {
	Key, Checkpoint, People, Policy, Assessor string
	Witnesses, Handovers                      []string
}

// Trust reads what the sources name: keys as they are, all else as files.
func (s Sources) Trust(read func(path string) ([]byte, error)) (Trust, error) {
	t := Trust{Key: s.Key}
	var err error
	file := func(path, what string, use func([]byte) error) {
		if path == "" || err != nil {
			return
		}
		var data []byte
		if data, err = read(path); err != nil {
			err = fault.Wrap(fault.Invalid, err, "cannot read "+what)
			return
		}
		err = use(data)
	}
	for _, key := range append(s.Witnesses, s.Assessor) {
		if key == "" {
			continue
		}
		w, err := ledger.ParseWitness(key)
		if err != nil {
			return t, err
		}
		if t.know(w); key == s.Assessor {
			t.Assessor = w.Name()
		}
	}
	file(s.Policy, "the policy", func(b []byte) (err error) { t, err = t.ReadPolicy(string(b)); return })
	file(s.Checkpoint, "the checkpoint", func(b []byte) error { t.Checkpoint = append([]byte{}, b...); return nil })
	file(s.People, "the people's keys", func(b []byte) (err error) { t.People, err = ReadPeople(string(b)); return })
	for _, path := range s.Handovers {
		file(path, "the handover", func(b []byte) error { t.Handovers = append(t.Handovers, b); return nil })
	}
	return t, err
}
