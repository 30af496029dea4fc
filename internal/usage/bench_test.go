package usage_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	stdgzip "compress/gzip"

	"github.com/klauspost/compress/gzip"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/usage"
)

// telemetry generates events of about 1.7 KB, the mean of CloudTrail, one a line;
// about 14 in 100 are calls that conditions count.
func telemetry(events int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var b bytes.Buffer
	at := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)
	for i := range events {
		at = at.Add(time.Duration(r.IntN(3)) * time.Second)
		source, name, params := pick("ec2", "s3", "iam", "kms", "logs"), pick("DescribeInstances", "GetObject", "ListUsers", "Decrypt", "CreateLogStream"),
			fmt.Sprintf(`{"filterSet":{"items":[{"name":"tag:Name","valueSet":{"items":[{"value":"w-%d"}]}}]},"maxResults":%d}`, r.IntN(1000), r.IntN(100))
		if r.IntN(100) < 14 {
			source, name = "rekognition", pick("SearchFacesByImage", "SearchFaces", "IndexFaces", "CompareFaces")
			params = fmt.Sprintf(`{"collectionId":"c%d","image":{"s3Object":{"bucket":"b","name":"n%d.jpg"}},"faceMatchThreshold":%d.5,"maxFaces":%d}`, r.IntN(9), i, 60+r.IntN(40), r.IntN(6))
		}
		fmt.Fprintf(&b, `{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROA%08d:s","arn":"arn:aws:sts::1111222233%02d:assumed-role/worker/s-%d","accountId":"1111222233%02d","accessKeyId":"ASIA%08d","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%08d","arn":"arn:aws:iam::111122223333:role/worker","accountId":"111122223333","userName":"worker"},"webIdFederationData":{},"attributes":{"creationDate":"2024-03-05T00:00:00Z","mfaAuthenticated":"false"}}},"eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":%q,"sourceIPAddress":"192.0.2.%d","userAgent":"aws-cli/2.11.1 Python/3.9.13 Linux/5.10.109 \"quoted\" exe/x86_64","requestParameters":%s,"responseElements":{"requestId":"%016x","items":[%s]},"requestID":"%016x-%08x","eventID":"%016x-%016x","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"1111222233%02d","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.2","cipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","clientProvidedHostHeader":"%s.us-east-1.amazonaws.com"}}`+"\n",
			r.IntN(1e8), r.IntN(20), i, r.IntN(20), r.IntN(1e8), r.IntN(1e8), at.Format(time.RFC3339), source, name,
			pick("us-east-1", "us-west-2", "eu-west-1"), r.IntN(256), params, r.Uint64(),
			strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"id":"i-%08x","state":"running"},`, r.Uint32()), 10), ","),
			r.Uint64(), r.Uint32(), r.Uint64(), r.Uint64(), r.IntN(20), source)
	}
	return b.Bytes()
}

func fleet() []usage.Deployment {
	var out []usage.Deployment
	for i := range 20 {
		d := sheriff
		d.ID, d.Accounts = fmt.Sprint("deployment ", i), []string{fmt.Sprintf("1111222233%02d", i)}
		out = append(out, d)
	}
	return out
}

// tenRules are made for the benchmark: ten conditions over the calls that telemetry
// makes, each with a rule for deviations, and in force.
func tenRules(b testing.TB) *pack.Pack {
	var text strings.Builder
	text.WriteString(`id: ten
kind: conditions
version: "1"
title: Ten made-up conditions
status: project
parameters:
  - {name: threshold, text: T., type: number, paths: [similarityThreshold, faceMatchThreshold], absent: {"*": 80}}
  - {name: faces, text: F., type: int, paths: [maxFaces], absent: {"*": 0}}
  - {name: collection, text: C., type: text, paths: [collectionId], absent: {"*": ""}}
  - {name: bucket, text: B., type: text, paths: [image.s3Object.bucket], absent: {"*": ""}}
conditions:
`)
	for i, deviation := range []string{
		"param.threshold < 99.0", "param.threshold < 95.0", "param.threshold < 90.0", "param.faces > 1", "param.faces == 0 || param.threshold < 80.0",
		"param.collection == \"\"", "param.bucket.startsWith(\"x\")", "event.region != \"us-east-1\"", "param.collection in [\"c1\", \"c2\"]", "param.faces > 2 && param.threshold < 99.0",
	} {
		fmt.Fprintf(&text, `  - id: TEN-%d
    title: T
    text: T.
    status: mandatory
    effective_from: 2020-01-01
    enforcement: technical
    checked_by: [telemetry]
    not_seen: Anything else.
    severity: low
    source: {title: made up, ref: none, grade: unverified}
    events: event.source == "rekognition.amazonaws.com" && event.name in ["SearchFacesByImage", "SearchFaces", "IndexFaces", "CompareFaces"]
    deviation: %s
`, i, deviation)
	}
	text.WriteString("tests: []\n")
	return parsePack(b, "ten.yaml", text.String())
}

// BenchmarkMonitor reads, judges and counts ten rules of which 14 in 100 events are
// candidates, on one core, of one file; MB/s are of text before compression, and
// hashing the object is part of it. Each turn does the same with what it is compared
// with, so that a crowded machine slows all: gunzip-ratio is the speed of reading gzip
// as part of that of gunzip alone, naive-ratio as a multiple of the standard library's
// gunzip and JSON with plain cel-go on every event. In "new values" no call has a threshold
// that another had, and half of the rules read it.
func BenchmarkMonitor(b *testing.B) {
	const events = 20_000
	plain := telemetry(events)
	p := tenRules(b)
	set, err := conditions.Load(p)
	if err != nil {
		b.Fatal(err)
	}
	fresh := func() *usage.Monitor {
		m, err := usage.NewMonitor([]*conditions.Set{set}, fleet())
		if err != nil {
			b.Fatal(err)
		}
		return m
	}
	m := fresh()
	monitored := func(data []byte) time.Duration {
		began := cpu(b)
		batch, err := m.Read(context.Background(), "s", "x", bytes.NewReader(data))
		if err != nil || batch.Object.Read != events {
			b.Fatal(batch, err)
		}
		return cpu(b) - began
	}
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			monitored(plain)
		}
	})
	for name, text := range map[string][]byte{"gzip": plain, "new values": distinct(plain)} {
		packed := squeezed(b, text)
		b.Run(name, func(b *testing.B) {
			m = fresh()
			b.SetBytes(int64(len(text)))
			var own, gunzip, naive time.Duration
			for b.Loop() {
				own += monitored(packed)
				b.StopTimer()
				if name == "new values" {
					m = fresh() // the old one met them
				}
				gunzip += gunzipped(b, packed)
				naive += naively(b, p, packed, events)
				b.StartTimer()
			}
			b.ReportMetric(float64(gunzip)/float64(own), "gunzip-ratio")
			b.ReportMetric(float64(naive)/float64(own), "naive-ratio")
			b.ReportMetric(float64(len(text))*float64(b.N)/1e6/own.Seconds(), "cpu-MB/s")
		})
	}
}

var thresholdRE = regexp.MustCompile(`("faceMatchThreshold":\d+\.)5`)

// distinct gives every call a threshold of its own, so that no answer of a rule about it
// was found before.
func distinct(text []byte) []byte {
	n := 0
	return thresholdRE.ReplaceAllFunc(text, func(found []byte) []byte {
		n++
		return fmt.Appendf(found[:len(found):len(found)], "%06d", n)
	})
}

func squeezed(b testing.TB, text []byte) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(text); err != nil || z.Close() != nil {
		b.Fatal(err)
	}
	return packed.Bytes()
}

// cpu gives the processor time that this process has used.
func cpu(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func gunzipped(b testing.TB, packed []byte) time.Duration {
	began := cpu(b)
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		_, err = io.Copy(io.Discard, z)
	}
	if err != nil {
		b.Fatal(err)
	}
	return cpu(b) - began
}

func naively(b testing.TB, p *pack.Pack, packed []byte, events int) time.Duration {
	s := newSecond(b, p, fleet()...)
	began := cpu(b)
	z, err := stdgzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	if n, err := s.read(z); err != nil || n != events {
		b.Fatal(n, err)
	}
	return cpu(b) - began
}

// BenchmarkSmallObjects reads objects of 20 events, the size in which a quiet
// account's log is delivered.
func BenchmarkSmallObjects(b *testing.B) {
	plain := telemetry(20)
	packed := squeezed(b, plain)
	m := monitor(b, fleet()...)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Read(context.Background(), "s", "x", bytes.NewReader(packed)); err != nil {
			b.Fatal(err)
		}
	}
}
