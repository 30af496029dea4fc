package workspace_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duly/internal/act"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/store"
	"duly/internal/store/storetest"
	"duly/internal/workspace"
)

var ctx = context.Background()

// exhausted is a source of randomness that ends.
func exhausted(n int64) io.Reader { return io.LimitReader(rand.Reader, n) }

// TestInitIsWholeOrNotAtAll protects people from half a workspace: whatever fails,
// nothing is left behind, and the next try succeeds.
func TestInitIsWholeOrNotAtAll(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "ws")
	for name, o := range map[string]workspace.InitOptions{
		"no administrator":         {},
		"an origin with spaces":    {Origin: "my log", Operator: "op"},
		"no randomness":            {Operator: "op", Options: workspace.Options{Random: exhausted(0)}},
		"no randomness for people": {Operator: "op", Options: workspace.Options{Random: exhausted(50)}},
		"no randomness for salts":  {Operator: "op", Options: workspace.Options{Random: exhausted(90)}},
		"a database nowhere":       {Operator: "op", Database: "postgres://127.0.0.1:1/none?connect_timeout=1"},
		"a room with broken SQL":   {Operator: "op", Options: workspace.Options{Rooms: []store.Migrations{broken()}}},
	} {
		if _, err := workspace.Init(ctx, dir, o); err == nil {
			t.Fatalf("%s: a workspace was made", name)
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind %v (%v)", name, left, err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := workspace.Init(cancelled, dir, workspace.InitOptions{Operator: "op"}); err == nil {
		t.Error("an interrupted Init made a workspace")
	}
	if left, _ := os.ReadDir(parent); len(left) > 0 {
		t.Errorf("an interrupted Init left behind %v", left)
	}
	if err := os.Mkdir(dir, 0o755); err != nil { // an empty directory may be used
		t.Fatal(err)
	}
	w, err := workspace.Init(ctx, dir, workspace.InitOptions{Operator: "op"})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := workspace.Init(ctx, dir, workspace.InitOptions{Operator: "op"}); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a workspace over another one: %v", err)
	}
	if w, err = workspace.Open(ctx, dir, workspace.Options{}); err != nil {
		t.Fatalf("after the refused Init: %v", err)
	}
	w.Close()
}

// broken is a room whose tables cannot be made.
func broken() store.Migrations {
	m := tables("broken", things.Schema())
	m.Files = statement("create table nonsense (")
	return m
}

// TestADatabaseIsUsedOnce protects two logs from standing in one database.
func TestADatabaseIsUsedOnce(t *testing.T) {
	dsn := storetest.Postgres(t)
	small().workspace(t, dsn)
	_, err := workspace.Init(ctx, filepath.Join(t.TempDir(), "ws"), workspace.InitOptions{Operator: "op", Database: dsn})
	if fault.CodeOf(err) != fault.Refused || !strings.Contains(err.Error(), "already holds a log") {
		t.Errorf("a second log in one database: %v", err)
	}
}

// TestSecretsArePrivate protects the keys: the log's and people's own are for
// their owner alone, and none of them is in the database.
func TestSecretsArePrivate(t *testing.T) {
	w := small().workspace(t, "")
	admin, err := w.Actor(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	path, err := w.AddPerson(ctx, admin, "ann", []act.Role{act.Approver})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{path, filepath.Join(w.Dir, "log.key")} {
		if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", secret, info.Mode(), err)
		}
	}
	for _, dir := range []string{w.Dir, filepath.Join(w.Dir, "people")} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
	ann, err := w.Actor(ctx, "ann")
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.Key(ann)
	if err != nil || key.ID() != ann.Key {
		t.Errorf("the person's key: %v, %v", key.ID(), err)
	}
	log, _ := os.ReadFile(filepath.Join(w.Dir, "log.key"))
	secret, _, _ := strings.Cut(string(log), "\n")
	w.Close()
	for _, file := range []string{"duly.db", "duly.db-wal"} {
		data, _ := os.ReadFile(filepath.Join(w.Dir, file))
		if bytes.Contains(data, []byte(secret)) || bytes.Contains(data, []byte(strings.TrimSpace(key.Encode()))) {
			t.Errorf("%s holds a private key", file)
		}
	}
}

// TestAPersonIsAddedWholeOrNotAtAll protects against keys without persons.
func TestAPersonIsAddedWholeOrNotAtAll(t *testing.T) {
	w := small().workspace(t, "")
	admin, _ := w.Actor(ctx, "")
	keys := func() int {
		list, err := os.ReadDir(filepath.Join(w.Dir, "people"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := keys()
	for name, add := range map[string]func() error{
		"a name that is taken": func() error { _, err := w.AddPerson(ctx, admin, "op", []act.Role{act.Analyst}); return err },
		"no name":              func() error { _, err := w.AddPerson(ctx, admin, "", []act.Role{act.Analyst}); return err },
		"no role":              func() error { _, err := w.AddPerson(ctx, admin, "ann", nil); return err },
		"a role that is none":  func() error { _, err := w.AddPerson(ctx, admin, "ann", []act.Role{"king"}); return err },
		"by somebody without say": func() error {
			_, err := w.AddPerson(ctx, act.Actor{Key: admin.Key}, "ann", []act.Role{act.Analyst})
			return err
		},
		"by an analyst": func() error {
			_, err := w.AddPerson(ctx, act.Actor{Key: admin.Key, Roles: []act.Role{act.Analyst}}, "ann", []act.Role{act.Analyst})
			return err
		},
	} {
		if err := add(); err == nil || keys() != before {
			t.Errorf("%s: %v, %d keys, were %d", name, err, keys(), before)
		}
	}
	if _, err := w.Key(act.Actor{Key: strings.Repeat("a", 24)}); fault.CodeOf(err) != fault.Refused {
		t.Errorf("the key of somebody who is not here: %v", err)
	}
}

// copyDB keeps the database as it is now, with what SQLite has beside it.
func copyDB(t *testing.T, from, to string) {
	t.Helper()
	for _, file := range []string{"duly.db", "duly.db-wal", "duly.db-shm"} {
		data, err := os.ReadFile(filepath.Join(from, file))
		if errors.Is(err, fs.ErrNotExist) {
			os.Remove(filepath.Join(to, file))
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, file), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// damage is one way to harm a closed workspace: in dir it stands, in old there is
// the database of an earlier moment.
type damage struct {
	name   string
	change func(t *testing.T, dir, old string)
	want   string
}

// execute runs statements on the database behind the program's back.
func execute(queries ...string) func(t *testing.T, dir, old string) {
	return func(t *testing.T, dir, _ string) {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "duly.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, q := range queries {
			if _, err := db.Exec(q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
	}
}

// rewrite changes a file; nil removes it.
func rewrite(name string, change func([]byte) []byte) func(t *testing.T, dir, old string) {
	return func(t *testing.T, dir, _ string) {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if data = change(data); data == nil {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func gone([]byte) []byte   { return nil }
func empty([]byte) []byte  { return []byte{} }
func half(b []byte) []byte { return b[:len(b)/2] }
func noise([]byte) []byte {
	return []byte("not a database, only a text that is long enough to be read as one")
}
func sizeOf4(b []byte) []byte { return bytes.Replace(b, []byte("\n5\n"), []byte("\n4\n"), 1) }

// otherKey puts a fresh key of the same name into the configuration.
func otherKey(config []byte) []byte {
	key, err := ledger.NewLogKey(rand.Reader, "test.example/log")
	if err != nil {
		panic(err)
	}
	lines := strings.Split(string(config), "\n")
	lines[1] = "key: " + key.Public()
	return []byte(strings.Join(lines, "\n"))
}

// damages are what TestOpenSaysWhatIsWrong does to a workspace of five entries
// whose log was two entries long when the old copy was made.
var damages = []damage{
	{"an older copy", func(t *testing.T, dir, old string) { copyDB(t, old, dir) }, "truncated or rolled back to an older copy"},
	{"the newest entries cut, with the log's head", execute("delete from entry where seq >= 3", "update log set size = 3"), "truncated or rolled back to an older copy"},
	{"the newest entry cut", execute("delete from entry where seq = 4"), "the database was truncated"},
	{"the newest entry changed", execute("update entry set leaf = (select leaf from entry where seq = 3) where seq = 4"), "the database was tampered with"},
	{"an entry beyond the end", execute("insert into entry select 5, leaf, digests, disclosures from entry where seq = 4"), "entries beyond the log's size"},
	{"a tile changed", execute("update tile set hashes = substr(hashes, 33) || substr(hashes, 1, 32) where level = 0"), "the database was tampered with"},
	{"a tile gone", execute("delete from tile"), "tile 0/0 of the log is missing"},
	{"the head gone", execute("delete from log"), "the log has no head"},
	{"all entries gone", execute("delete from entry"), "the database was truncated"},
	{"another log's head", execute("update log set origin = 'other.example/log'"), "belongs to another log"},
	{"no database", rewrite("duly.db", gone), "the database is missing"},
	{"an empty database", rewrite("duly.db", empty), "the log has no head"},
	{"half a database", rewrite("duly.db", half), "truncated or damaged"},
	{"a database that is none", rewrite("duly.db", noise), "truncated or damaged"},
	{"no checkpoint", rewrite("checkpoint", gone), "the last checkpoint cannot be read"},
	{"an empty checkpoint", rewrite("checkpoint", empty), "not signed by the log's key"},
	{"a checkpoint changed", rewrite("checkpoint", sizeOf4), "not signed by the log's key"},
	{"no configuration", rewrite("config.yaml", gone), "there is no workspace"},
	{"an empty configuration", rewrite("config.yaml", empty), "the configuration cannot be read"},
	{"another key in the configuration", rewrite("config.yaml", otherKey), "not signed by the log's key"},
}

// TestOpenSaysWhatIsWrong protects people from working on in a database that was
// changed, and tells them in which way: each case makes the change and names the
// words that Open uses.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, c := range damages {
		t.Run(c.name, func(t *testing.T) {
			content := small()
			old := t.TempDir()
			fill := content.fill
			content.fill = func(t testing.TB, w *workspace.Workspace) {
				copyDB(t.(*testing.T), w.Dir, old)
				fill(t, w)
				write(t, w, func(tx *store.Tx) error {
					_, err := store.Create(tx, things, &thing{State: "active", Name: "three"})
					return err
				})
				sign(t, w)
			}
			w := content.workspace(t, "")
			w.Close()
			c.change(t, w.Dir, old)
			opened, err := workspace.Open(ctx, w.Dir, content.options())
			if err == nil {
				opened.Close()
				t.Fatal("it opens")
			}
			if !strings.Contains(err.Error(), c.want) || fault.ExitStatus(err) == 3 {
				t.Errorf("want %q, got %s: %v", c.want, fault.CodeOf(err), err)
			}
		})
	}
}

// TestOpenTakesWhatIsWhole protects against false alarms: entries that nobody has
// signed yet, an older checkpoint file, a copy of the whole directory.
func TestOpenTakesWhatIsWhole(t *testing.T) {
	c := small()
	w := c.workspace(t, "")
	older, err := os.ReadFile(filepath.Join(w.Dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, w, func(tx *store.Tx) error {
		_, err := store.Create(tx, things, &thing{State: "active", Name: "unsigned"})
		return err
	})
	reopen := func(dir string) {
		t.Helper()
		again, err := workspace.Open(ctx, dir, c.options())
		if err != nil {
			t.Fatal(err)
		}
		again.Close()
	}
	reopen(w.Dir)
	sign(t, w)
	w.Close()
	reopen(w.Dir)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(w.Dir)); err != nil {
		t.Fatal(err)
	}
	reopen(copied)
	if err := os.WriteFile(filepath.Join(w.Dir, "checkpoint"), older, 0o600); err != nil {
		t.Fatal(err)
	}
	reopen(w.Dir)
}

// TestSignSignsOneHistory protects the log's key: it never signs a tree that does
// not extend the last checkpoint, and keeps no second signature for one size.
func TestSignSignsOneHistory(t *testing.T) {
	prepare := func(t *testing.T) *workspace.Workspace {
		w := small().workspace(t, "")
		write(t, w, func(tx *store.Tx) error {
			_, err := store.Create(tx, things, &thing{State: "active", Name: "three"})
			return err
		})
		return w
	}
	flip := func(t *testing.T, w *workspace.Workspace, query string) {
		in := intrude(t, w, "")
		in.must(query)
	}
	for name, change := range map[string]func(t *testing.T, w *workspace.Workspace){
		"a signed entry's hash changed": func(t *testing.T, w *workspace.Workspace) {
			flip(t, w, "update main.tile set hashes = substr(hashes, 1, 32) || substr(hashes, 1, 32) || substr(hashes, 65) where level = 0")
		},
		"the tiles gone":       func(t *testing.T, w *workspace.Workspace) { flip(t, w, "delete from main.tile") },
		"the head rolled back": func(t *testing.T, w *workspace.Workspace) { flip(t, w, "update main.log set size = 2") },
		"the checkpoint file gone": func(t *testing.T, w *workspace.Workspace) {
			if err := os.Remove(filepath.Join(w.Dir, "checkpoint")); err != nil {
				t.Fatal(err)
			}
		},
		"another signing key": func(t *testing.T, w *workspace.Workspace) {
			key, err := ledger.NewLogKey(rand.Reader, "test.example/log")
			if err == nil {
				err = os.WriteFile(filepath.Join(w.Dir, "log.key"), []byte(key.Encode()), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"no signing key": func(t *testing.T, w *workspace.Workspace) {
			if err := os.Remove(filepath.Join(w.Dir, "log.key")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := prepare(t)
			size, before, err := store.LastCheckpoint(ctx, w.DB)
			if err != nil {
				t.Fatal(err)
			}
			change(t, w)
			if c, err := w.Sign(ctx); err == nil {
				t.Errorf("it signs %+v", c)
			}
			if again, after, err := store.LastCheckpoint(ctx, w.DB); err != nil || again != size || !bytes.Equal(after, before) {
				t.Errorf("there is a new checkpoint over %d entries (%v)", again, err)
			}
		})
	}
	w := prepare(t)
	first := sign(t, w)
	if again := sign(t, w); again != first || first.Size != 5 {
		t.Errorf("signed %+v, then %+v", first, again)
	}
}
