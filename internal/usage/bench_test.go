package usage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	stdgzip "compress/gzip"

	"github.com/klauspost/compress/gzip"

	"duly/internal/conditions"
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

// BenchmarkMonitor reads, judges and counts, on one core; MB/s are of text before
// compression. Hashing the object is part of it.
func BenchmarkMonitor(b *testing.B) {
	const events = 20_000
	plain := telemetry(events)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain); err != nil || z.Close() != nil {
		b.Fatal(err)
	}
	m := monitor(b, fleet()...)
	for _, c := range []struct {
		name string
		data []byte
	}{{"plain", plain}, {"gzip", packed.Bytes()}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				batch, err := m.Read(context.Background(), "s", "x", bytes.NewReader(c.data))
				if err != nil || batch.Object.Read != events {
					b.Fatal(batch, err)
				}
			}
			b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
	// What the standard library alone does: gunzip, a struct per event, and the
	// same conditions.
	b.Run("baseline-encoding-json-gzip", func(b *testing.B) {
		_, set := faceSearch(b)
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			if n := baseline(b, set, packed.Bytes()); n != events {
				b.Fatal(n)
			}
		}
		b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}

func baseline(b *testing.B, set *conditions.Set, packed []byte) int {
	z, err := stdgzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	d := json.NewDecoder(z)
	counts := map[string]int{}
	for n := 0; ; n++ {
		var e struct {
			EventID, EventSource, EventName, AwsRegion, RecipientAccountID, ErrorCode string
			EventTime                                                                 time.Time
			RequestParameters                                                         json.RawMessage
		}
		if err := d.Decode(&e); err == io.EOF {
			return n
		} else if err != nil {
			b.Fatal(err)
		}
		call := conditions.Call{Source: e.EventSource, Name: e.EventName, Region: e.AwsRegion, ErrorCode: e.ErrorCode, Params: e.RequestParameters}
		for _, c := range set.Conditions {
			if c.InForce(e.EventTime) {
				if exposure, deviation, err := c.Judge(&call); err != nil {
					b.Fatal(err)
				} else {
					counts[fmt.Sprint(e.RecipientAccountID, c.ID, exposure, deviation)]++
				}
			}
		}
	}
}

// BenchmarkSmallObjects reads objects of 20 events, the size in which a quiet
// account's log is delivered.
func BenchmarkSmallObjects(b *testing.B) {
	plain := telemetry(20)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain); err != nil || z.Close() != nil {
		b.Fatal(err)
	}
	m := monitor(b, fleet()...)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Read(context.Background(), "s", "x", bytes.NewReader(packed.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
