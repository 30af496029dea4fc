// Package workspace is the directory in which Duly works: the database, the log's
// signing key, the last checkpoint and the configuration.
//
//	DIR/config.yaml   origin, verifier keys, where the database is, witnesses
//	DIR/duly.db       SQLite, unless the configuration names PostgreSQL
//	DIR/log.key       the log's signing key, mode 0600; after a rotation the one before too
//	DIR/gate.key      the key that signs what the gate hands out, mode 0600, once it does
//	DIR/windows.key   keys the state of conditions that count several calls, mode 0600
//	DIR/checkpoint    the last signed checkpoint, kept outside the database
//	DIR/people/       people's own keys, as long as they work at this machine
//
// Opening refuses a database that is behind its last checkpoint or inconsistent
// with it, in O(log n). Verify reads everything.
//
// Ownership: appending never signs. Sign is the one place that does, and it signs
// committed sizes only, after checking that they extend the last checkpoint.
package workspace

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"duly/internal/act"
	"duly/internal/bundle"
	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/people"
	"duly/internal/store"
)

// Config is what config.yaml holds.
type Config struct {
	Origin   string `yaml:"origin"`
	Key      string `yaml:"key"`      // verifier key of the log
	Database string `yaml:"database"` // a file in the directory, or a postgres:// URL
	Operator string `yaml:"operator"` // who acts when no person is named
	// FormerKeys are the verifier keys of earlier epochs, the newest first.
	FormerKeys []string `yaml:"former_keys,omitempty"`
	// Witnesses are the outsiders who cosign checkpoints.
	Witnesses []Witness `yaml:"witnesses,omitempty"`
	// Moratoria names whose moratoria bind here: providers of which Duly ships some, or
	// files of own packs, from this directory on. Laws count whatever stands here.
	Moratoria []string `yaml:"moratoria,omitempty"`
}

// Witness is an outsider who cosigns checkpoints: a verifier key, and the address at
// which it takes them (C2SP tlog-witness). Without an address it is brought a file.
type Witness struct {
	Key string `yaml:"key"`
	URL string `yaml:"url,omitempty"`
}

// Options pass in what a workspace must not fetch by itself.
type Options struct {
	Now    func() time.Time // defaults to time.Now
	Random io.Reader        // defaults to crypto/rand
	Rooms  []store.Migrations
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	o.Rooms = append([]store.Migrations{people.Migrations}, o.Rooms...)
	return o
}

// Workspace is an open workspace.
type Workspace struct {
	Dir     string
	Config  Config
	DB      *store.DB
	options Options
}

const (
	configFile     = "config.yaml"
	keyFile        = "log.key"
	checkpointFile = "checkpoint"
	peopleDir      = "people"
	databaseFile   = "duly.db"
)

// InitOptions say what a new workspace is called and who runs it.
type InitOptions struct {
	Options
	Origin   string // defaults to a random name under duly.invalid
	Operator string // name of the first person, an administrator
	Database string // a postgres:// URL; empty for SQLite in the directory
}

// Init makes a workspace. It appears whole or not at all: it is built beside dir
// and renamed. dir must not exist or be empty.
func Init(ctx context.Context, dir string, o InitOptions) (*Workspace, error) {
	rooms := o.Rooms
	opts := o.withDefaults()
	if o.Operator == "" {
		return nil, fault.New(fault.Invalid, "a workspace needs a first person", "name the administrator")
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fault.Newf(fault.Refused, "%s exists and is not empty", dir).WithFix("name a directory that does not exist yet")
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Invalid, err, "cannot use "+dir)
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".duly-init-")
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	defer os.RemoveAll(tmp)
	if err := build(ctx, tmp, o, opts); err != nil {
		return nil, err
	}
	err = os.Remove(dir) // renaming does not replace a directory, not even an empty one
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(tmp, dir)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot put the workspace in its place")
	}
	return Open(ctx, dir, Options{Now: o.Now, Random: o.Random, Rooms: rooms})
}

func build(ctx context.Context, dir string, o InitOptions, opts Options) error {
	origin := o.Origin
	if origin == "" {
		id, err := ledger.NewID(opts.Random)
		if err != nil {
			return err
		}
		origin = "duly.invalid/" + id[:12]
	}
	key, err := ledger.NewLogKey(opts.Random, origin)
	if err != nil {
		return err
	}
	config := Config{Origin: origin, Key: key.Public(), Database: o.Database, Operator: o.Operator}
	if config.Database == "" {
		config.Database = databaseFile
	}
	if err := os.Mkdir(filepath.Join(dir, peopleDir), 0o700); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	if err := writeFile(filepath.Join(dir, keyFile), []byte(key.Encode()), 0o600); err != nil {
		return err
	}
	w := &Workspace{Dir: dir, Config: config, options: opts}
	if err := w.saveConfig(); err != nil {
		return err
	}
	if err := w.openDB(ctx); err != nil {
		return err
	}
	defer w.Close()
	person, err := ledger.NewPersonKey(opts.Random)
	if err != nil {
		return err
	}
	const emptyRoot = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
	first := &store.Epoch{Number: 1, Reason: "first", LogKey: bundle.KeyHash(key.Public()), QuotedRoot: emptyRoot}
	if err := w.DB.Begin(ctx, origin, person.ID(), first); err != nil {
		return err
	}
	if err := w.addPerson(ctx, person.ID(), o.Operator, []act.Role{act.Administrator}, person); err != nil {
		return err
	}
	_, err = w.Sign(ctx)
	return err
}

// Open opens a workspace and checks, in O(log n), that its database has not been
// tampered with at the edge, truncated, or rolled back behind the last checkpoint.
func Open(ctx context.Context, dir string, o Options) (*Workspace, error) {
	w, err := OpenUnchecked(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	if err := w.checkEdge(ctx); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// OpenUnchecked opens a workspace without looking at its log, for Verify, which
// looks at all of it and says more.
func OpenUnchecked(ctx context.Context, dir string, o Options) (*Workspace, error) {
	text, err := os.ReadFile(filepath.Join(dir, configFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Newf(fault.NotFound, "there is no workspace in %s", dir).
			WithFix("make one with `duly init " + dir + "`, or name another with --workspace")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "cannot read the workspace")
	}
	w := &Workspace{Dir: dir, options: o.withDefaults()}
	if err := yaml.Unmarshal(text, &w.Config); err != nil || w.Config.Origin == "" {
		return nil, fault.New(fault.Invalid, "the configuration cannot be read", "restore it from a copy").At(filepath.Join(dir, configFile), 0, "")
	}
	// SQLite would make an empty database in place of one that was taken away.
	if _, err := os.Stat(w.dsn()); w.dsn() != w.Config.Database && errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Broken, "the database is missing", "restore the newest copy").At(w.dsn(), 0, "")
	}
	return w, w.openDB(ctx)
}

func (w *Workspace) saveConfig() error {
	text, err := yaml.Marshal(w.Config)
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write the configuration")
	}
	return writeFile(filepath.Join(w.Dir, configFile), text, 0o644)
}

// dsn gives the path or URL of the database.
func (w *Workspace) dsn() string {
	if w.Config.Database == databaseFile || w.Config.Database == "" {
		return filepath.Join(w.Dir, databaseFile)
	}
	return w.Config.Database
}

func (w *Workspace) openDB(ctx context.Context) error {
	db, err := store.Open(ctx, store.Config{DSN: w.dsn(), Now: w.options.Now, Random: w.options.Random}, w.options.Rooms...)
	w.DB = db
	return damaged(err)
}

// damaged tells a database file that was cut or overwritten from one that could
// not be opened.
func damaged(err error) error {
	const corrupt, notADatabase = 11, 26 // SQLite's result codes
	var sqlite interface{ Code() int }
	if errors.As(err, &sqlite) && (sqlite.Code()&0xff == corrupt || sqlite.Code()&0xff == notADatabase) {
		return fault.New(fault.Broken, "the database file was truncated or damaged", "restore the newest copy")
	}
	return err
}

// Close closes the database.
func (w *Workspace) Close() error { return w.DB.Close() }

// Now gives the workspace's clock.
func (w *Workspace) Now() time.Time { return w.options.Now().UTC() }

// Today gives the day of the workspace's clock, YYYY-MM-DD.
func (w *Workspace) Today() string { return w.Now().Format(time.DateOnly) }

// checkEdge is the check of Open.
func (w *Workspace) checkEdge(ctx context.Context) error {
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		return fault.Wrap(fault.Broken, err, "the log has no head")
	}
	_, c, err := w.Checkpoint()
	if err != nil {
		return err
	}
	if c.Origin != head.Origin {
		return fault.New(fault.Broken, "the database belongs to another log than the checkpoint", "")
	}
	if head.Size < c.Size {
		return fault.Newf(fault.Broken, "the database has %d entries, its last checkpoint covers %d: it was truncated or rolled back to an older copy", head.Size, c.Size).
			WithFix("restore the newest copy")
	}
	root, err := store.Root(ctx, w.DB, c.Size)
	if err != nil {
		return err
	}
	if root != c.Root {
		return fault.Newf(fault.Broken, "the first %d entries are not those of the last checkpoint: the database was tampered with", c.Size).
			WithFix("run `duly verify` to see where")
	}
	return w.checkLast(ctx, head)
}

// checkLast compares the newest entry with the tree's newest leaf.
func (w *Workspace) checkLast(ctx context.Context, head store.Log) error {
	last, err := store.EntryAt(ctx, w.DB, head.Size-1)
	if err != nil {
		return fault.Newf(fault.Broken, "the log says it has %d entries, but the last one is missing: the database was truncated", head.Size)
	}
	const width = 256
	tile, err := store.LoadTile(ctx, w.DB, 0, last.Seq/width)
	if err != nil {
		return err
	}
	at := int(last.Seq%width) * len(ledger.Hash{})
	if len(tile) < at+len(ledger.Hash{}) || ledger.LeafHash(last.Leaf) != ledger.Hash(tile[at:at+len(ledger.Hash{})]) {
		return fault.New(fault.Broken, "the last entry is not the one in the tree: the database was tampered with", "run `duly verify` to see where")
	}
	if _, err := store.EntryAt(ctx, w.DB, head.Size); fault.CodeOf(err) != fault.NotFound {
		return fault.New(fault.Broken, "there are entries beyond the log's size: the database was tampered with", "run `duly verify` to see where")
	}
	return nil
}

// NoteKey gives the key by which a part of the program signs what it hands out. It is
// named after the log and the part, and made when it is first asked for. The log's own key
// signs nothing but checkpoints.
func (w *Workspace) NoteKey(part string) (*ledger.NoteKey, error) {
	path := filepath.Join(w.Dir, part+".key")
	key, err := ledger.NewNoteKey(w.options.Random, w.Config.Origin+"/"+part)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = io.WriteString(file, key.Encode())
		err = errors.Join(err, file.Sync(), file.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fault.Wrap(fault.Failed, err, "cannot keep the key in "+path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(fault.Failed, err, "the key cannot be read")
	}
	return ledger.ParseNoteKey(string(text))
}

// Balance writes what stands now, so that a bundle of a later part of the log can show
// that nothing of it was left out. Once a year is enough.
func (w *Workspace) Balance(ctx context.Context, by act.Actor) (at store.Ref, err error) {
	if err := act.Default.May(by, act.Publish); err != nil {
		return at, err
	}
	err = w.DB.Write(ctx, by.Key, func(tx *store.Tx) error {
		all := bundle.NewPopulation("", "")
		err := store.Entries(ctx, tx, 0, tx.Size(), func(e store.Entry) error { return all.AddBytes(e.Leaf) })
		if err != nil {
			return err
		}
		counted, hash := all.Stands()
		at, err = store.WriteBalance(tx, bundle.Standing, counted, hash)
		return err
	})
	return at, err
}

// writeFile replaces a file whole: a reader sees the old content or the new.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write "+path)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot write "+path)
	}
	return nil
}

// AddPerson makes a key for a new person, writes the record and leaves the key in
// the directory for the person to take away.
func (w *Workspace) AddPerson(ctx context.Context, by act.Actor, name string, roles []act.Role) (keyPath string, err error) {
	if err := act.Default.May(by, act.AddPerson); err != nil {
		return "", err
	}
	if slices.Contains(roles, act.Assessor) {
		return "", fault.New(fault.Refused, "an assessor's key is made by the assessor and never lies with the company", "the assessor makes it with `duly person key FILE`; add the person with --public-key")
	}
	key, err := ledger.NewPersonKey(w.options.Random)
	if err != nil {
		return "", err
	}
	return w.keyPath(key.ID()), w.addPerson(ctx, by.Key, name, roles, key)
}

// AddPersonByKey writes the record of a new person who keeps the own key elsewhere.
func (w *Workspace) AddPersonByKey(ctx context.Context, by act.Actor, name string, roles []act.Role, key ledger.PublicKey) error {
	if err := act.Default.May(by, act.AddPerson); err != nil {
		return err
	}
	return w.enterPerson(ctx, by.Key, name, roles, key)
}

func (w *Workspace) enterPerson(ctx context.Context, actor, name string, roles []act.Role, key people.Key) error {
	return w.DB.Write(ctx, actor, func(tx *store.Tx) error {
		_, err := people.Add(tx, name, roles, key)
		return err
	})
}

func (w *Workspace) addPerson(ctx context.Context, actor, name string, roles []act.Role, key ledger.PersonKey) error {
	if err := writeFile(w.keyPath(key.ID()), []byte(key.Encode()), 0o600); err != nil {
		return err
	}
	err := w.enterPerson(ctx, actor, name, roles, key)
	if err != nil {
		os.Remove(w.keyPath(key.ID()))
	}
	return err
}

func (w *Workspace) keyPath(keyID string) string {
	return filepath.Join(w.Dir, peopleDir, keyID+".key")
}

// Actor gives the person with a name as an actor; an empty name is the operator.
func (w *Workspace) Actor(ctx context.Context, name string) (act.Actor, error) {
	if name == "" {
		name = w.Config.Operator
	}
	p, err := people.Find(ctx, w.DB, name)
	if err != nil {
		return act.Actor{}, err
	}
	return p.Actor(), nil
}

// Key reads the actor's own signing key.
func (w *Workspace) Key(a act.Actor) (ledger.PersonKey, error) {
	text, err := os.ReadFile(w.keyPath(a.Key))
	if err != nil {
		return ledger.PersonKey{}, fault.Wrap(fault.Refused, err, "the person's signing key is not here, and nobody can sign for somebody else").
			WithFix("put the person's key file in " + filepath.Join(w.Dir, peopleDir))
	}
	return ledger.ParsePersonKey(string(text))
}
