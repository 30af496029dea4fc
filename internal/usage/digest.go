package usage

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"duly/internal/fault"
)

// Digested says what CloudTrail's digest files say of the files beside them. A digest
// lists the log files of an hour with their hashes, and names the digest before it with
// its hash and signature.
type Digested struct {
	Digests  int64    `json:"digests"`
	Chained  int64    `json:"chained"`  // digests whose predecessor is here and is the one that they name
	Broken   int64    `json:"broken"`   // digests whose predecessor is here and is another
	Unlinked int64    `json:"unlinked"` // digests whose predecessor is not here, or that have none
	Signed   int64    `json:"signed"`   // digests whose signature, which the next one holds, is good
	Forged   int64    `json:"forged"`   // digests whose signature is of no key that was given
	Unsigned int64    `json:"unsigned"` // digests whose signature is not here, or for which no key was given
	Files    int64    `json:"files"`    // log files that digests list
	Same     int64    `json:"same"`
	Other    int64    `json:"other"`    // with other content than their digest says
	Gone     int64    `json:"gone"`     // listed, and not here
	Unlisted int64    `json:"unlisted"` // here, and in no digest
	Bad      int64    `json:"bad"`      // digests that cannot be read
	List     []string `json:"list,omitempty"`
	More     int64    `json:"more,omitempty"`
}

// Held says whether nothing contradicts the digests.
func (d *Digested) Held() bool { return d.Broken+d.Forged+d.Other+d.Bad == 0 }

func (d *Digested) tell(n *int64, what string) {
	*n++
	if len(d.List) == maxTold {
		d.More++
		return
	}
	d.List = append(d.List, what)
}

// digestFile is what is read of a digest file.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
type digestFile struct {
	End               string `json:"digestEndTime"`
	Bucket            string `json:"digestS3Bucket"`
	Object            string `json:"digestS3Object"`
	Algorithm         string `json:"digestSignatureAlgorithm"`
	Previous          string `json:"previousDigestS3Object"`
	PreviousHash      string `json:"previousDigestHashValue"`
	PreviousSignature string `json:"previousDigestSignature"`
	LogFiles          []struct {
		Object    string `json:"s3Object"`
		Hash      string `json:"hashValue"`
		Algorithm string `json:"hashAlgorithm"`
	} `json:"logFiles"`

	name, sum string // of the text, after gunzip
}

// maxDigest bounds a digest file, in bytes of text. It lists the files of one hour.
const maxDigest = 64 << 20

// ParseKeys reads public keys as CloudTrail's list-public-keys gives them: PKCS #1 in
// DER, as base64, one a line; or PEM.
func ParseKeys(text []byte) ([]*rsa.PublicKey, error) {
	var ders [][]byte
	if bytes.Contains(text, []byte("-----BEGIN")) {
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			ders = append(ders, block.Bytes)
		}
	} else {
		for _, line := range strings.Fields(string(text)) {
			der, err := base64.StdEncoding.DecodeString(line)
			if err != nil {
				return nil, fault.New(fault.Invalid, "a public key is not base64", "give each key on one line, or as PEM")
			}
			ders = append(ders, der)
		}
	}
	var keys []*rsa.PublicKey
	for _, der := range ders {
		if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
			keys = append(keys, key)
			continue
		}
		parsed, err := x509.ParsePKIXPublicKey(der)
		key, ok := parsed.(*rsa.PublicKey)
		if err != nil || !ok {
			return nil, fault.New(fault.Invalid, "a public key is not an RSA key in PKCS #1 or PKIX", "")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.Invalid, "there is no public key in the file", "")
	}
	return keys, nil
}

// VerifyDigests compares the files of a tree with the digest files in it. Objects are
// found by the end of their path, so that the tree may be a bucket or a part of one.
func VerifyDigests(tree *Tree, keys []*rsa.PublicKey) (*Digested, error) {
	out := &Digested{}
	files := map[string][]string{} // by the last part of the path
	digests := map[string]*digestFile{}
	for name, err := range tree.Names() {
		if err != nil {
			return nil, err
		}
		if !strings.Contains(path.Base(name), "_CloudTrail-Digest_") {
			files[path.Base(name)] = append(files[path.Base(name)], name)
			continue
		}
		out.Digests++
		d, err := readDigest(tree, name)
		if err != nil {
			out.tell(&out.Bad, name+" cannot be read as a digest: "+err.Error())
			continue
		}
		digests[d.Object] = d
	}
	listed := map[string]bool{}
	objects := slices.Sorted(func(yield func(string) bool) {
		for o := range digests {
			if !yield(o) {
				return
			}
		}
	})
	signatures := map[string]string{} // of a digest, by its object; the next one holds it
	for _, o := range objects {
		d := digests[o]
		out.chain(d, digests, signatures)
		if err := out.logFiles(tree, d, files, listed); err != nil {
			return nil, err
		}
	}
	for _, o := range objects {
		out.signature(digests[o], signatures[o], keys)
	}
	for _, names := range files {
		for _, name := range names {
			if strings.Contains(path.Base(name), "_CloudTrail_") && !listed[name] {
				out.Unlisted++
			}
		}
	}
	slices.Sort(out.List)
	return out, nil
}

// chain compares a digest with the one that it names as the one before.
func (d *Digested) chain(x *digestFile, digests map[string]*digestFile, signatures map[string]string) {
	before := digests[x.Previous]
	switch {
	case x.Previous == "" || before == nil:
		d.Unlinked++
	case before.sum == strings.ToLower(x.PreviousHash):
		d.Chained++
		signatures[x.Previous] = x.PreviousSignature
	default:
		d.tell(&d.Broken, before.name+" is not the digest that "+x.name+" follows")
		signatures[x.Previous] = x.PreviousSignature
	}
}

// logFiles compares the files that a digest lists.
func (d *Digested) logFiles(tree *Tree, x *digestFile, files map[string][]string, listed map[string]bool) error {
	for _, l := range x.LogFiles {
		d.Files++
		name := ""
		for _, n := range files[path.Base(l.Object)] {
			if strings.HasSuffix("/"+l.Object, "/"+n) || strings.HasSuffix("/"+n, "/"+l.Object) {
				name = n
			}
		}
		if name == "" {
			d.tell(&d.Gone, l.Object+" is listed and not here")
			continue
		}
		listed[name] = true
		sum, err := textOf(tree, name, nil)
		switch {
		case errors.Is(err, errText):
			d.tell(&d.Other, name+" is damaged")
		case err != nil:
			return err
		case sum != strings.ToLower(l.Hash) || l.Algorithm != "SHA-256":
			d.tell(&d.Other, name+" is not the file that its digest lists")
		default:
			d.Same++
		}
	}
	return nil
}

// signature checks a digest's signature: RSA (PKCS #1 v1.5) with SHA-256 over its end,
// its place, the hash of its text in hex, and the signature before it.
func (d *Digested) signature(x *digestFile, text string, keys []*rsa.PublicKey) {
	if text == "" || len(keys) == 0 {
		d.Unsigned++
		return
	}
	before := x.PreviousSignature
	if before == "" {
		before = "null"
	}
	sum := sha256.Sum256([]byte(x.End + "\n" + x.Bucket + "/" + x.Object + "\n" + x.sum + "\n" + before))
	signature, err := hex.DecodeString(text)
	good := err == nil && slices.ContainsFunc(keys, func(k *rsa.PublicKey) bool {
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil
	})
	if !good {
		d.tell(&d.Forged, x.name+" is signed by no key that was given")
		return
	}
	d.Signed++
}

func readDigest(tree *Tree, name string) (*digestFile, error) {
	var text bytes.Buffer
	sum, err := textOf(tree, name, &text)
	if err != nil {
		return nil, err
	}
	d := &digestFile{name: name, sum: sum}
	if err := json.Unmarshal(text.Bytes(), d); err != nil || d.Object == "" {
		return nil, errors.New("it is no JSON with a digestS3Object")
	}
	return d, nil
}

// errText says that a file's gzip data is damaged.
var errText = errors.New("the gzip data is damaged")

// textOf gives the SHA-256 of a file's text, after gunzip, and the text where it is
// asked for.
func textOf(tree *Tree, name string, into *bytes.Buffer) (string, error) {
	f, err := tree.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw := bufio.NewReaderSize(f, 64<<10)
	var in io.Reader = raw
	if head, _ := raw.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		if in, err = gzip.NewReader(raw); err != nil {
			return "", errText
		}
	}
	h := sha256.New()
	var w io.Writer = h
	if into != nil {
		in, w = io.LimitReader(in, maxDigest), io.MultiWriter(h, into)
	}
	if _, err = io.Copy(w, in); err != nil {
		return "", errText
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
