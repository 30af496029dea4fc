package screening

import (
	"context"
	"time"

	"duly/internal/fault"
	"duly/internal/register"
	"duly/internal/runs"
	"duly/internal/store"
)

// History answers for one subject and one day: what was screened, against which
// versions of which lists, with which settings, what came out, and who decided.
type History struct {
	Subject string    `json:"subject"`
	Day     string    `json:"day"`
	Run     *PastRun  `json:"run"`  // the last run by the end of that day that covered the subject; nil when none did
	Name    string    `json:"name"` // as it was screened
	Hits    []PastHit `json:"hits"` // that were known by the end of the day, as they stood then
	Later   []Step    `json:"later,omitempty"`
}

// PastRun is one run of screening.
type PastRun struct {
	Entry      int64      `json:"entry"` // its place in the log
	Day        string     `json:"day"`
	Covered    int64      `json:"covered"`
	Population string     `json:"population"` // root over the records that were screened
	Settings   string     `json:"settings"`
	Lists      []PastList `json:"lists"`
}

// PastList is a version of a list that a run used.
type PastList struct {
	Entry     int64  `json:"entry"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"`
	Published string `json:"published,omitempty"`
	Entries   int64  `json:"entries"`
}

// PastHit is a hit and all that happened to it by the day.
type PastHit struct {
	ID    string `json:"id"`
	Hit   *Hit   `json:"hit"` // as it stood at the end of the day
	Steps []Step `json:"steps"`
}

// Step is one revision of a hit: who or what changed it, and why.
type Step struct {
	Hit   string    `json:"hit"`
	Entry int64     `json:"entry"`
	Time  time.Time `json:"time"`
	State string    `json:"state"`
	By    string    `json:"by,omitempty"` // key id; empty for the program
	Why   string    `json:"why"`
}

// Past gives the history of a subject as of the end of a day (UTC), and what
// happened to its hits since.
func Past(ctx context.Context, q store.Queryer, subject, day string) (*History, error) {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is not a day", day).WithFix("write it as YYYY-MM-DD")
	}
	h := &History{Subject: subject, Day: day, Hits: []PastHit{}}
	end := d.AddDate(0, 0, 1).UnixMicro()
	first, name, err := entered(ctx, q, subject, end)
	if err != nil {
		return nil, err
	}
	h.Name = name
	if h.Run, err = pastRun(ctx, q, first, end); err != nil {
		return nil, err
	}
	hits, err := store.Select(ctx, q, Hits, "r.subject = $1", subject)
	if err != nil {
		return nil, err
	}
	for _, newest := range hits {
		if err := h.add(ctx, q, newest.ID, end); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// add tells a hit's revisions apart by whether they were there at the end.
func (h *History) add(ctx context.Context, q store.Queryer, id string, end int64) error {
	revisions, err := store.History(ctx, q, Hits, id)
	if err != nil {
		return err
	}
	past := PastHit{ID: id}
	for _, r := range revisions {
		step := Step{Hit: id, Entry: r.Seq, Time: time.UnixMicro(r.Leaf.Time).UTC(), State: r.Record.State, By: r.Record.By, Why: r.Record.Closed}
		switch {
		case r.Record.State == Proposed:
			step.By = r.Record.Proposer
		case r.Record.Note != "":
			step.By, step.Why = "", r.Record.Note
		case r.Record.By == "":
			step.Why = r.Record.Reasons
		}
		if r.Leaf.Time >= end {
			h.Later = append(h.Later, step)
			continue
		}
		past.Hit = r.Record
		past.Steps = append(past.Steps, step)
	}
	if past.Hit != nil {
		h.Hits = append(h.Hits, past)
	}
	return nil
}

// pastRun gives the last run before the end that came after the subject's record.
func pastRun(ctx context.Context, q store.Queryer, after, end int64) (*PastRun, error) {
	all, err := store.Select(ctx, q, runs.Runs, "r.task = 'screen' and r.seq > $1", after)
	if err != nil {
		return nil, err
	}
	var last *store.Revision[runs.Run]
	for _, r := range all {
		if r.Leaf.Time < end {
			last = r
		}
	}
	if last == nil {
		return nil, nil
	}
	run := &PastRun{Entry: last.Seq, Day: last.Record.Day, Covered: last.Record.Covered, Population: last.Record.Population, Settings: last.Record.Note}
	for _, hash := range last.Record.Inputs {
		list, err := versionOf(ctx, q, hash, last.Seq)
		if err != nil {
			return nil, err
		}
		run.Lists = append(run.Lists, list)
	}
	return run, nil
}

// versionOf gives the newest revision before a position of the list with a hash. A
// list that was only named for one run has no record.
func versionOf(ctx context.Context, q store.Queryer, hash string, before int64) (PastList, error) {
	seq, err := newestOf(ctx, q, hash, before)
	if err != nil || seq < 0 {
		return PastList{SHA256: hash, Name: "a list that was named for this run only"}, err
	}
	l, err := store.GetBySeq(ctx, q, Lists, seq)
	if err != nil {
		return PastList{}, err
	}
	return PastList{Entry: l.Seq, Name: l.Record.Name, SHA256: hash, Published: l.Record.Published, Entries: l.Record.Entries}, nil
}

// newestOf gives where the newest revision before a position stands of the list
// with a hash, or -1.
func newestOf(ctx context.Context, q store.Queryer, hash string, before int64) (int64, error) {
	rows, err := q.Query(ctx, "select coalesce(max(seq), -1) from r_list where sha256 = $1 and seq < $2", hash, before)
	if err != nil {
		return -1, fault.Wrap(fault.Failed, err, "cannot read the lists")
	}
	defer rows.Close()
	seq := int64(-1)
	for rows.Next() {
		if err := rows.Scan(&seq); err != nil {
			return -1, fault.Wrap(fault.Failed, err, "cannot read the lists")
		}
	}
	return seq, rows.Err()
}

// entered gives where a subject came into the register and what it was called at
// the end.
func entered(ctx context.Context, q store.Queryer, subject string, end int64) (first int64, name string, err error) {
	revisions, err := store.History(ctx, q, register.Customers, subject)
	if err != nil {
		return 0, "", err
	}
	first = -1
	for _, r := range revisions {
		if r.Leaf.Time >= end {
			break
		}
		if first < 0 {
			first = r.Seq
		}
		name = r.Record.Name
	}
	if first < 0 {
		return 0, "", fault.Newf(fault.NotFound, "%s was not in the register by the end of that day", subject)
	}
	return first, name, nil
}
