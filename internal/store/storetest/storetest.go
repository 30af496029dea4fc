// Package storetest opens empty stores for tests, on SQLite and on PostgreSQL,
// so that one contract holds for both.
//
// PostgreSQL comes from the machine's own packages: the test makes a cluster in a
// temporary directory, owned by an unprivileged user, listening on a Unix socket
// only, and stops it at the end. Where PostgreSQL is not installed that half is
// skipped and says so, unless DULY_REQUIRE_PG=1, which makes it fail.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"duly/internal/store"
)

// Each runs the test on an empty SQLite database and on an empty PostgreSQL
// database. open opens the same database again and again.
func Each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "duly.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// Open opens a store on the DSN with a clock that starts at a fixed moment and
// moves a second with each look.
func Open(t testing.TB, dsn string, rooms ...store.Migrations) *store.DB {
	t.Helper()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var ticks atomic.Int64
	now := func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * time.Second) }
	db, err := store.Open(context.Background(), store.Config{DSN: dsn, Now: now, Random: rand.Reader}, rooms...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Actor is the key id in whose name tests write.
var Actor = strings.Repeat("t", 24)

// Begin opens a store with an empty log of one epoch.
func Begin(t testing.TB, dsn string, rooms ...store.Migrations) *store.DB {
	t.Helper()
	db := Open(t, dsn, rooms...)
	first := &store.Epoch{Number: 1, LogKey: strings.Repeat("0", 64), QuotedRoot: strings.Repeat("0", 64)}
	if err := db.Begin(context.Background(), "test.example/log", Actor, first); err != nil {
		t.Fatal(err)
	}
	return db
}

// SQLite opens a SQLite store with an empty log, for rooms whose SQL the contract
// suite covers already.
func SQLite(t testing.TB, rooms ...store.Migrations) *store.DB {
	return Begin(t, filepath.Join(t.TempDir(), "duly.db"), rooms...)
}

var databases atomic.Int64

// Postgres gives the DSN of an empty database on a cluster of this test.
func Postgres(t testing.TB) string {
	t.Helper()
	if !running.main {
		t.Fatal("the package's TestMain must call storetest.Main, which stops PostgreSQL at the end")
	}
	bin, err := findPostgres()
	if err != nil {
		if os.Getenv("DULY_REQUIRE_PG") == "1" {
			t.Fatalf("PostgreSQL is required here: %v", err)
		}
		t.Skipf("PostgreSQL is not installed, so this half is not tested: %v", err)
	}
	socket, err := cluster(bin)
	if err != nil {
		t.Fatal(err)
	}
	admin := dsn(socket, "postgres")
	name := fmt.Sprintf("duly%d", databases.Add(1))
	db, err := sql.Open("pgx", admin)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create database " + name); err != nil {
		t.Fatal(err)
	}
	return dsn(socket, name)
}

func dsn(socket, name string) string {
	return "postgres:///" + name + "?user=postgres&host=" + url.QueryEscape(socket)
}

// findPostgres looks for initdb in PATH and where Debian puts it.
func findPostgres() (dir string, err error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// running is the one cluster of the test process, and how to stop it.
var running struct {
	once   sync.Once
	main   bool // Main will stop it
	socket string
	err    error
	stop   func()
}

// Main runs the tests of a package and then stops the cluster, if one was
// started. Packages that call Each or Postgres call it from TestMain.
func Main(m *testing.M) int {
	running.main = true
	defer func() {
		if running.stop != nil {
			running.stop()
		}
	}()
	return m.Run()
}

func cluster(bin string) (socket string, err error) {
	running.once.Do(func() { running.socket, running.stop, running.err = startCluster(bin) })
	return running.socket, running.err
}

// startCluster makes and starts a cluster and gives its socket directory.
// PostgreSQL refuses to run as root, so root hands it to the user nobody.
func startCluster(bin string) (dir string, stop func(), err error) {
	if dir, err = os.MkdirTemp("", "dulypg"); err != nil {
		return "", nil, err
	}
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		const nobody = 65534
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return "", nil, err
		}
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.SysProcAttr, cmd.Dir = as, dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		return nil
	}
	data := filepath.Join(dir, "data")
	if err := run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"); err != nil {
		return "", nil, err
	}
	options := strings.Join([]string{"-k", dir, "-c", "listen_addresses=''", "-c", "fsync=off"}, " ")
	if err := run("pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-w", "-o", options, "start"); err != nil {
		return "", nil, err
	}
	return dir, func() {
		if err := run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.RemoveAll(dir)
	}, nil
}
