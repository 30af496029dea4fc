// Package workspace is the directory in which Duly works: the database, the log's
// signing key, the last checkpoint and the configuration.
//
//	DIR/config.yaml   origin, verifier key, where the database is
//	DIR/duly.db       SQLite, unless the configuration names PostgreSQL
//	DIR/log.key       the log's signing key, mode 0600
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
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"duly/internal/act"
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
	// Moratoria names whose moratoria bind here: providers of which Duly ships some, or
	// files of own packs, from this directory on. Laws count whatever stands here.
	Moratoria []string `yaml:"moratoria,omitempty"`
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
	text, err := yaml.Marshal(config)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, peopleDir), 0o700); err != nil {
		return fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	if err := writeFile(filepath.Join(dir, configFile), text, 0o644); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, keyFile), []byte(key.Encode()), 0o600); err != nil {
		return err
	}
	w := &Workspace{Dir: dir, Config: config, options: opts}
	if err := w.openDB(ctx); err != nil {
		return err
	}
	defer w.Close()
	person, err := ledger.NewPersonKey(opts.Random)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(key.Public()))
	empty := sha256.Sum256(nil)
	first := &store.Epoch{Number: 1, LogKey: hex.EncodeToString(sum[:]), QuotedRoot: hex.EncodeToString(empty[:])}
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

// Checkpoint gives the last signed checkpoint, as kept outside the database.
func (w *Workspace) Checkpoint() ([]byte, ledger.Checkpoint, error) {
	signed, err := os.ReadFile(filepath.Join(w.Dir, checkpointFile))
	if err != nil {
		return nil, ledger.Checkpoint{}, fault.Wrap(fault.Broken, err, "the last checkpoint cannot be read").
			WithFix("restore the file from where it was published")
	}
	c, err := ledger.OpenCheckpoint(signed, w.Config.Key)
	return signed, c, err
}

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

// Sign signs the committed size if it is not signed yet, keeps the checkpoint in
// the database and outside it, and gives it. It refuses to sign a tree that does
// not extend the last checkpoint: a log that did would contradict itself.
func (w *Workspace) Sign(ctx context.Context) (ledger.Checkpoint, error) {
	head, err := store.Head(ctx, w.DB)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	if last, err := w.lastSigned(ctx); err != nil || last.Size == head.Size {
		return last, err
	} else if root, err := store.Root(ctx, w.DB, last.Size); err != nil || last.Size > 0 && root != last.Root {
		return last, fault.New(fault.Broken, "the log does not extend its last checkpoint and is not signed", "run `duly verify`")
	}
	root, err := store.Root(ctx, w.DB, head.Size)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	text, err := os.ReadFile(filepath.Join(w.Dir, keyFile))
	if err != nil {
		return ledger.Checkpoint{}, fault.Wrap(fault.Failed, err, "the log's signing key cannot be read")
	}
	key, err := ledger.ParseLogKey(string(text))
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	if key.Public() != w.Config.Key {
		return ledger.Checkpoint{}, fault.New(fault.Refused, "the signing key is not the one of this log", "restore "+keyFile)
	}
	c := ledger.Checkpoint{Origin: w.Config.Origin, Size: head.Size, Root: root}
	signed, err := key.Sign(c)
	if err != nil {
		return c, err
	}
	if err := w.DB.SaveCheckpoint(ctx, c.Size, signed); err != nil {
		return c, err
	}
	return c, writeFile(filepath.Join(w.Dir, checkpointFile), signed, 0o644)
}

// lastSigned gives the last checkpoint, or none over no entries when nothing was
// ever signed. A checkpoint file that is gone does not make the log a new one.
func (w *Workspace) lastSigned(ctx context.Context) (ledger.Checkpoint, error) {
	_, c, err := w.Checkpoint()
	if errors.Is(err, fs.ErrNotExist) {
		if _, _, stored := store.LastCheckpoint(ctx, w.DB); fault.CodeOf(stored) == fault.NotFound {
			return ledger.Checkpoint{}, nil
		}
	}
	return c, err
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
