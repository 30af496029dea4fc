package screening

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"duly/internal/fault"
)

const (
	defaultMaxMB = 512
	maxRedirects = 5
	userAgent    = "duly lists update"
)

// gather brings the files of a feed into a directory.
type gather struct {
	u          *Updater
	feed       Feed
	was        Check
	current    *List // the version in use, when it is the one that was fetched last
	dir        string
	validators map[string]Validator // by URL, of what is there now
}

// fetch gives the path of what was fetched, or "" when nothing changed. Files that
// did not change, of a feed in which others did, are taken from the shelf.
func (g *gather) fetch(ctx context.Context) (string, error) {
	if g.u.Dir != "" {
		return g.offline()
	}
	if g.feed.From != "" && !isURL(g.feed.From) {
		return g.feed.From, g.exists(g.feed.From)
	}
	files := map[string]string{g.feed.Name + endingOf(g.feed): g.feed.From}
	whole := filepath.Join(g.dir, g.feed.Name+endingOf(g.feed))
	if len(g.feed.Files) > 0 {
		files, whole = g.feed.Files, filepath.Join(g.dir, g.feed.Name)
		if err := os.Mkdir(whole, 0o755); err != nil {
			return "", fault.Wrap(fault.Failed, err, "cannot keep the list")
		}
	}
	var same []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := whole
		if len(g.feed.Files) > 0 {
			to = filepath.Join(whole, name)
		}
		changed, err := g.file(ctx, files[name], to)
		if err != nil {
			return "", err
		}
		if !changed {
			same = append(same, name)
		}
	}
	if len(same) == len(files) {
		return "", nil
	}
	for _, name := range same {
		if err := copyFile(filepath.Join(g.u.Shelf.place(g.current.SHA256), "list", name), filepath.Join(whole, name)); err != nil {
			return "", fault.Wrap(fault.Failed, err, "cannot keep the list")
		}
	}
	return whole, nil
}

// offline finds the files of the feed in a directory: a file or directory called
// as the feed, or called as what its source ends in.
func (g *gather) offline() (string, error) {
	names := []string{g.feed.Name, g.feed.Name + endingOf(g.feed)}
	if g.feed.From != "" {
		names = append(names, path.Base(strings.TrimSuffix(withoutQuery(g.feed.From), "/")))
	}
	for _, name := range names {
		place := filepath.Join(g.u.Dir, name)
		if _, err := os.Stat(place); err == nil {
			return place, nil
		}
	}
	return "", fault.Newf(fault.NotFound, "the directory has no file for the list %s", g.feed.Name).
		WithFix("call it one of: "+strings.Join(names, ", ")).At(g.u.Dir, 0, "")
}

func (g *gather) exists(place string) error {
	if _, err := os.Stat(place); err != nil {
		return fault.New(fault.NotFound, "there is no such file or directory", "").At(place, 0, "")
	}
	return nil
}

// source says where the list came from, without what a URL may hold in secret.
func (g *gather) source() string {
	if g.u.Dir != "" {
		return "offline file"
	}
	if g.feed.From != "" {
		return withoutQuery(g.feed.From)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(g.feed.Files)) {
		all = append(all, withoutQuery(g.feed.Files[name]))
	}
	return strings.Join(all, " ")
}

func withoutQuery(s string) string {
	u, err := url.Parse(s)
	if err != nil || !isURL(s) {
		return s
	}
	u.RawQuery, u.Fragment, u.User = "", "", nil
	return u.String()
}

// endingOf gives the ending that the fetched file gets: that of the source, where
// it is one that lists have, since a reader goes by it.
func endingOf(f Feed) string {
	name := strings.ToLower(path.Base(withoutQuery(f.From)))
	packed := ""
	if strings.HasSuffix(name, ".gz") {
		packed, name = ".gz", strings.TrimSuffix(name, ".gz")
	}
	switch ending := path.Ext(name); ending {
	case ".csv", ".xml", ".json", ".jsonl":
		return ending + packed
	}
	return packed
}

// file fetches one URL, or copies one file. changed is false when the server says
// that it has not changed since the version in use.
func (g *gather) file(ctx context.Context, from, to string) (changed bool, err error) {
	if !isURL(from) {
		if err := g.exists(from); err != nil {
			return false, err
		}
		if err := copyFile(from, to); err != nil {
			return false, fault.Wrap(fault.Failed, err, "cannot keep the list")
		}
		return true, nil
	}
	if err := allowed(from); err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return false, fault.Wrap(fault.Invalid, err, "this is no URL")
	}
	req.Header.Set("User-Agent", userAgent)
	had := g.was.Validators[from]
	asked := g.current != nil && had != (Validator{})
	if asked {
		if had.ETag != "" {
			req.Header.Set("If-None-Match", had.ETag)
		}
		if had.Modified != "" {
			req.Header.Set("If-Modified-Since", had.Modified)
		}
	}
	client := *g.u.Client
	client.CheckRedirect = redirects
	res, err := client.Do(req)
	if err != nil {
		return false, unreachable(from, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && asked:
		g.validators[from] = had
		return false, nil
	case res.StatusCode != http.StatusOK:
		return false, fault.Newf(fault.Failed, "%s answers %s", withoutQuery(from), res.Status)
	}
	g.validators[from] = Validator{res.Header.Get("ETag"), res.Header.Get("Last-Modified")}
	return true, g.save(res.Body, from, to)
}

// save writes a body to a file, up to the bound and to its very end.
func (g *gather) save(body io.Reader, from, to string) error {
	most := g.feed.MaxMB << 20
	if most == 0 {
		most = defaultMaxMB << 20
	}
	out, err := os.Create(to)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot keep the list")
	}
	n, err := io.Copy(out, io.LimitReader(body, most+1))
	if closed := out.Close(); err == nil && closed != nil {
		return fault.Wrap(fault.Failed, closed, "cannot keep the list")
	}
	if err != nil {
		return unreachable(from, err)
	}
	if n > most {
		return fault.Newf(fault.Refused, "%s has more than %d MiB", withoutQuery(from), most>>20).WithFix("if that is right, set max_mb for the list")
	}
	return nil
}

// unreachable is the error for a fetch that broke down, without the URL's query,
// which the library's own text repeats.
func unreachable(from string, err error) error {
	var refused *fault.Error
	if errors.As(err, &refused) {
		return refused
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fault.Wrap(fault.Failed, err, "cannot fetch "+withoutQuery(from))
}

// redirects follows a few, and never from an encrypted address to an open one.
func redirects(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fault.New(fault.Failed, fmt.Sprintf("the server redirects more than %d times", maxRedirects), "")
	}
	return allowed(req.URL.String())
}

// allowed refuses addresses by which somebody on the way could change a list:
// only https is used, and http on this machine.
func allowed(s string) error {
	u, err := url.Parse(s)
	if err != nil {
		return fault.New(fault.Invalid, "this is no URL: "+withoutQuery(s), "")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fault.New(fault.Invalid, withoutQuery(s)+" is not an https address", "fetch the list by other means and name the file instead")
}
