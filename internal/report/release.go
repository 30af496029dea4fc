package report

import (
	"context"
	"crypto/sha256"
	_ "embed" // the words of the README
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"duly/internal/assurance"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/whole"
)

// Release is a published report with what an outsider checks it with, as a directory that
// any web server can show.
type Release struct {
	Order     // the newest checkpoint, for nobody in particular; it covers the publication
	Published *store.Revision[assurance.Publication]
	Files     [2]string          // the names of the file for machines and of the page
	Witnesses []ledger.Witness   // who may have cosigned the checkpoint
	Signers   []ledger.Signature // of the publication
}

// ReleaseFiles names the file for machines and the page of each that is published.
var ReleaseFiles = map[string][2]string{
	assurance.OfAssessment: {"assessment.json", "assessment.html"}, assurance.OfReport: {"report.json", "report.html"}, assurance.OfYear: {"annual.json", "index.html"},
}

// FindRelease finds out what a directory publishes: by its files, and by the newest entry
// of the log that names their bytes.
//
// The code is NotFound when the directory has no report, or no entry names it.
func FindRelease(ctx context.Context, q store.Queryer, dir string) (*Release, error) {
	for _, what := range []string{assurance.OfAssessment, assurance.OfYear, assurance.OfReport} {
		r := &Release{Files: ReleaseFiles[what]}
		var sums [2]string
		var err error
		for i, name := range r.Files {
			var data []byte
			if data, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
				break
			}
			sum := sha256.Sum256(data)
			sums[i] = hex.EncodeToString(sum[:])
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fault.Wrap(fault.Failed, err, "cannot read the report")
		}
		if r.Published, err = assurance.PublishedAs(ctx, q, sums[0], sums[1]); err != nil {
			return nil, err
		}
		r.Signers = r.Published.Leaf.Sigs
		return r, nil
	}
	return nil, fault.Newf(fault.NotFound, "there is no report in %s", dir)
}

//go:embed release.txt
var releaseText string

var releaseWords = template.Must(template.New("README").Parse(releaseText))

// Write puts beside the report's files the log without any sealed value, its checkpoint
// with all cosignatures, the keys as a policy, the hashes of workpapers, and in plain words
// how to check. What lies there of an earlier time is replaced.
//
// Errors: those of [Export]; Invalid when the checkpoint does not cover the publication.
func (r *Release) Write(ctx context.Context, q store.Queryer, dir string) (Summary, error) {
	c, signed, err := spelled(r.Checkpoint, r.Key)
	if err != nil {
		return Summary{}, err
	}
	if c.Size <= r.Published.Seq {
		return Summary{}, fault.Newf(fault.Invalid, "the checkpoint covers %d entries, and not the publication in entry %d", c.Size, r.Published.Seq)
	}
	o := r.Order
	o.Classes, o.Opening, o.Unredacted = nil, nil, false
	s, err := Export(ctx, q, o, filepath.Join(dir, "log.duly"))
	if err != nil {
		return s, err
	}
	papers, err := r.papers(ctx, q, c.Size)
	if err != nil {
		return s, err
	}
	cosigned, err := r.cosigned(signed)
	if err != nil {
		return s, err
	}
	words := &strings.Builder{}
	said := map[string]any{
		"R": r, "P": r.Published.Record, "Entry": r.Published.Seq, "Origin": c.Origin, "Size": c.Size, "Root": c.Root, "Cosigned": cosigned,
		"Papers": strings.Count(papers, "\n"), "Key": r.Key, "Title": map[string]string{
			assurance.OfAssessment: "An independent assessment", assurance.OfReport: "A report of customer due diligence", assurance.OfYear: "A year of customer due diligence",
		}[r.Published.Record.What],
	}
	if err := releaseWords.Execute(words, said); err != nil {
		return s, fault.Wrap(fault.Failed, err, "cannot write README.txt")
	}
	files := map[string]string{"log.checkpoint": string(signed), "policy.txt": r.policy(), "README.txt": words.String()}
	if r.Published.Record.What == assurance.OfAssessment {
		files["workpapers.txt"] = papers
	}
	for name, text := range files {
		if err := whole.Bytes(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return s, err
		}
	}
	if err := os.Chmod(s.Path, 0o644); err != nil {
		return s, fault.Wrap(fault.Failed, err, "cannot let others read the bundle")
	}
	return s, nil
}

// papers lists the workpapers of the engagement: SHA-256, bytes, day, a line each.
func (r *Release) papers(ctx context.Context, q store.Queryer, size int64) (string, error) {
	if r.Published.Record.What != assurance.OfAssessment {
		return "", nil
	}
	list, err := store.SelectAt(ctx, q, assurance.Workpapers, store.At{Seq: size - 1}, "r.engagement = $1", r.Published.Record.Matter)
	out := ""
	for _, p := range list {
		out += fmt.Sprintf("%s %d %s entry %d\n", p.Record.SHA256, p.Record.Size, p.Record.Day, p.Seq)
	}
	return out, err
}

// cosigned names the witnesses whose cosignature stands under the checkpoint and holds.
func (r *Release) cosigned(signed []byte) ([]string, error) {
	c, err := ledger.OpenSigned(signed, r.Key, r.Witnesses)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, x := range c.Cosignatures {
		out = append(out, x.Witness)
	}
	return slices.Compact(slices.Sorted(slices.Values(out))), nil
}

// policy gives the keys in the form of C2SP tlog-policy.
func (r *Release) policy() string {
	out := "# Keys as the company shows them. Get them from elsewhere before you trust them.\nlog " + r.Key + "\n"
	for i, w := range r.Witnesses {
		out += fmt.Sprintf("witness w%d %s\n", i+1, w.Key())
	}
	return out + "quorum none\n"
}
