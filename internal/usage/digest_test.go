package usage_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"duly/internal/usage"
)

// trail is a made-up bucket with log files and signed digests, as CloudTrail lays
// them out.
type trail struct {
	dir  string
	key  *rsa.PrivateKey
	last struct{ object, sum, signature string }
}

func (tr *trail) write(t *testing.T, object, text string) {
	t.Helper()
	name := filepath.Join(tr.dir, filepath.FromSlash(object))
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// hour writes the log file and the digest of one hour.
func (tr *trail) hour(t *testing.T, n int) (log, digest string) {
	t.Helper()
	log = fmt.Sprintf("AWSLogs/1/CloudTrail/us-east-1/2026/11/03/1_CloudTrail_us-east-1_20261103T%02d05Z_x.json.gz", n)
	digest = fmt.Sprintf("AWSLogs/1/CloudTrail-Digest/us-east-1/2026/11/03/1_CloudTrail-Digest_us-east-1_t_us-east-1_20261103T%02d0000Z.json.gz", n)
	text, end := fmt.Sprintf(`{"Records":[%s]}`, search(fmt.Sprint(n), 99)), fmt.Sprintf("2026-11-03T%02d:00:00Z", n)
	tr.write(t, log, text)
	before := func(s string) string {
		if s == "" {
			return "null"
		}
		return `"` + s + `"`
	}
	d := fmt.Sprintf(`{"awsAccountId":"1","digestEndTime":%q,"digestS3Bucket":"b","digestS3Object":%q,"digestSignatureAlgorithm":"SHA256withRSA",`+
		`"previousDigestS3Object":%s,"previousDigestHashValue":%s,"previousDigestSignature":%s,"logFiles":[{"s3Bucket":"b","s3Object":%q,"hashValue":%q,"hashAlgorithm":"SHA-256"}]}`,
		end, digest, before(tr.last.object), before(tr.last.sum), before(tr.last.signature), log, hexSum(text))
	tr.write(t, digest, d)
	signed := sha256.Sum256([]byte(end + "\nb/" + digest + "\n" + hexSum(d) + "\n" + strings.Trim(before(tr.last.signature), `"`)))
	signature, err := rsa.SignPKCS1v15(rand.Reader, tr.key, crypto.SHA256, signed[:])
	if err != nil {
		t.Fatal(err)
	}
	tr.last.object, tr.last.sum, tr.last.signature = digest, hexSum(d), hex.EncodeToString(signature)
	return log, digest
}

// Protects: what digests prove is told, and every way in which files can differ from
// them is told apart.
func TestDigests(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := usage.ParseKeys([]byte(base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&key.PublicKey)) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func(tr *trail, logs, digests []string)
		below string // the part of the bucket that is read
		want  usage.Digested
		held  bool
	}{
		{"whole", nil, "", usage.Digested{Digests: 4, Chained: 3, Unlinked: 1, Signed: 3, Unsigned: 1, Files: 4, Same: 4}, true},
		{"a part of the bucket", nil, "AWSLogs/1", usage.Digested{Digests: 4, Chained: 3, Unlinked: 1, Signed: 3, Unsigned: 1, Files: 4, Same: 4}, true},
		{"a log file changed", func(tr *trail, logs, _ []string) { tr.write(t, logs[1], "{}") }, "",
			usage.Digested{Digests: 4, Chained: 3, Unlinked: 1, Signed: 3, Unsigned: 1, Files: 4, Same: 3, Other: 1}, false},
		{"a log file removed", func(tr *trail, logs, _ []string) { os.Remove(filepath.Join(tr.dir, logs[1])) }, "",
			usage.Digested{Digests: 4, Chained: 3, Unlinked: 1, Signed: 3, Unsigned: 1, Files: 4, Same: 3, Gone: 1}, true},
		{"a log file added", func(tr *trail, logs, _ []string) { tr.write(t, strings.Replace(logs[1], "_x", "_y", 1), "{}") }, "",
			usage.Digested{Digests: 4, Chained: 3, Unlinked: 1, Signed: 3, Unsigned: 1, Files: 4, Same: 4, Unlisted: 1}, true},
		{"a digest changed", func(tr *trail, _, digests []string) {
			tr.write(t, digests[1], fmt.Sprintf(`{"digestS3Object":%q,"digestS3Bucket":"b"}`, digests[1]))
		}, "", usage.Digested{Digests: 4, Chained: 1, Broken: 1, Unlinked: 2, Signed: 1, Forged: 1, Unsigned: 2, Files: 3, Same: 3, Unlisted: 1}, false},
		{"a digest removed", func(tr *trail, _, digests []string) { os.Remove(filepath.Join(tr.dir, digests[1])) }, "",
			usage.Digested{Digests: 3, Chained: 1, Unlinked: 2, Signed: 1, Unsigned: 2, Files: 3, Same: 3, Unlisted: 1}, true},
		{"a digest that is none", func(tr *trail, _, digests []string) { tr.write(t, digests[3], "{") }, "",
			usage.Digested{Digests: 4, Chained: 2, Unlinked: 1, Signed: 2, Unsigned: 1, Files: 3, Same: 3, Unlisted: 1, Bad: 1}, false},
	} {
		tr := &trail{dir: t.TempDir(), key: key}
		var logs, digests []string
		for n := range 4 {
			l, d := tr.hour(t, n)
			logs, digests = append(logs, l), append(digests, d)
		}
		if c.spoil != nil {
			c.spoil(tr, logs, digests)
		}
		tree, err := usage.OpenTree(filepath.Join(tr.dir, c.below))
		if err != nil {
			t.Fatal(err)
		}
		got, err := usage.VerifyDigests(tree, keys)
		tree.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got.Held() != c.held {
			t.Errorf("%s: held %v: %v", c.name, got.Held(), got.List)
		}
		got.List = nil
		if fmt.Sprint(*got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, *got, c.want)
		}
	}
	if _, err := usage.ParseKeys([]byte("no key")); err == nil {
		t.Error("a key that is none was taken")
	}
}
