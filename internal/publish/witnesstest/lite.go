// Package witnesstest starts a witness that others wrote, for tests. It is used by tests only.
package witnesstest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	_ "modernc.org/sqlite" // the witness keeps what it knows of logs there
)

// Lite starts the witness of another project on the loopback, which knows the log of an
// origin and key, and gives its verifier key and address. It ends with the test. The program is looked for on PATH; where
// it is missing the test skips, unless DULY_REQUIRE_WITNESS=1, which makes it fail.
func Lite(t testing.TB, origin, logKey string) (vkey, url string) {
	t.Helper()
	program, err := exec.LookPath("litewitness")
	if err != nil {
		if os.Getenv("DULY_REQUIRE_WITNESS") == "1" {
			t.Fatal(err)
		}
		t.Skip("there is no litewitness on PATH: go install filippo.io/torchwood/cmd/litewitness@v0.9.0")
	}
	dir := t.TempDir()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	address := free(t)
	cmd := exec.Command(program, "-name", "witness.example/lite", "-db", filepath.Join(dir, "w.db"), "-ssh-agent", serveAgent(t, private),
		"-key", ssh.FingerprintSHA256(key), "-listen", address)
	log := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		if cmd.Wait(); t.Failed() {
			t.Log(log)
		}
	})
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "w.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	await(t, func() error {
		if response, err := http.Get("http://" + address); err != nil {
			return err
		} else {
			response.Body.Close()
		}
		_, err := db.Exec("insert into log (origin, tree_size, tree_hash) values ($1, 0, $2)", origin, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		return err
	})
	if _, err := db.Exec("insert into key (origin, key) values ($1, $2)", origin, logKey); err != nil {
		t.Fatal(err)
	}
	return spell("witness.example/lite", public), "http://" + address
}

// spell gives the verifier key of an Ed25519 witness (C2SP signed-note).
func spell(name string, public ed25519.PublicKey) string {
	key := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return fmt.Sprintf("%s+%x+%s", name, sum[:4], base64.StdEncoding.EncodeToString(key))
}

// serveAgent serves a key as an SSH agent does, on a socket.
func serveAgent(t testing.TB, private ed25519.PrivateKey) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "duly-") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(keys, conn)
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		os.RemoveAll(dir)
	})
	return filepath.Join(dir, "agent")
}

// free gives an address of the loopback on which nobody listens.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func await(t testing.TB, ready func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = ready(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
