package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"duly/internal/fault"
)

// The two customers' cloud accounts that have telemetry: numbers that the
// vendor's own manuals use as examples. They stand in the last column of
// accounts-by-hand.csv.
const (
	SheriffAccount = "111122223333" // LHC-000001, face search in still images
	PatrolAccount  = "444455556666" // LHC-000014, face search in live video
)

const (
	telemetryDays = 5 // from telemetryStart, one file a day and account
	region        = "us-east-1"
)

var telemetryStart = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// call is one kind of call and how often it is made. Calls without a day are
// spread over all days.
type call struct {
	times  int
	source string
	name   string
	params map[string]any
	day    int           // 1 to telemetryDays; 0 is any
	at     time.Duration // into the day; used when day is given
}

// search is a face search in a still image; extra parameters follow the ones it
// always has.
func search(times int, extra map[string]any) call {
	params := map[string]any{"collectionId": "booking-photographs", "image": map[string]any{}}
	for k, v := range extra {
		params[k] = v
	}
	return call{times: times, source: "rekognition", name: "SearchFacesByImage", params: params}
}

// processor creates a live video processor that searches for faces.
func processor(name string, faceSearch map[string]any) call {
	faceSearch["collectionId"] = "watch-list"
	return call{times: 1, source: "rekognition", name: "CreateStreamProcessor", day: 1, at: 8 * time.Hour, params: map[string]any{
		"name": name, "settings": map[string]any{"faceSearch": faceSearch},
		"input": map[string]any{"kinesisVideoStream": map[string]any{"arn": "arn:aws:kinesisvideo:us-east-1:" + PatrolAccount + ":stream/" + name}},
	}}
}

func start(name string, day int) call {
	return call{times: 1, source: "rekognition", name: "StartStreamProcessor", day: day, at: 9 * time.Hour, params: map[string]any{"name": name}}
}

// calls gives what each account does. The numbers stand in telemetry/README.md.
func calls() map[string][]call {
	trail := map[string]any{"name": "arn:aws:cloudtrail:us-east-1:" + SheriffAccount + ":trail/all-events"}
	file := map[string]any{"bucketName": "demo-files", "key": "form.pdf"}
	return map[string][]call{
		SheriffAccount: {
			search(52, map[string]any{"faceMatchThreshold": 80, "maxFaces": 5}),
			search(37, map[string]any{"maxFaces": 5}), // no threshold: the service's default of 80 holds
			search(4, nil),
			search(61, map[string]any{"faceMatchThreshold": 99}),
			search(20, map[string]any{"faceMatchThreshold": 99.5, "maxFaces": 1}),
			search(3, map[string]any{"FaceMatchThreshold": 85}), // a name in another case
			{times: 14, source: "rekognition", name: "IndexFaces", params: map[string]any{"collectionId": "booking-photographs", "image": map[string]any{}}},
			{times: 30, source: "s3", name: "GetObject", params: file},
			{times: 2, source: "rekognition", name: "ListCollections"}, // requestParameters is null
			{times: 1, source: "cloudtrail", name: "StopLogging", params: trail, day: 4, at: 17 * time.Hour},
			{times: 1, source: "cloudtrail", name: "StartLogging", params: trail, day: 5, at: 7 * time.Hour},
		},
		PatrolAccount: {
			processor("northbound", map[string]any{"faceMatchThreshold": 70}), // the service raises it to 80
			processor("southbound", map[string]any{}),
			processor("depot-gate", map[string]any{"faceMatchThreshold": 99}),
			{times: 1, source: "rekognition", name: "CreateStreamProcessor", day: 2, at: 8 * time.Hour, params: map[string]any{
				"name": "parcels", "settings": map[string]any{"connectedHome": map[string]any{"labels": []string{"PACKAGE"}}}}},
			start("northbound", 1), start("southbound", 1), start("depot-gate", 3), start("parcels", 2),
			search(12, map[string]any{"faceMatchThreshold": 99, "maxFaces": 1}),
			{times: 18, source: "s3", name: "PutObject", params: file},
		},
	}
}

// WriteTelemetry writes constructed CloudTrail files below dir in the layout that
// the service uses in a bucket, AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD, and
// a README.md that says they are not real; every file name and every event says so
// too. One file is compressed. What is written follows from the seed, the counts
// in telemetry/README.md hold for any seed. dir is made when it is missing; files
// of the same names are written over.
func WriteTelemetry(dir string, seed uint64) error {
	readme, err := fs.ReadFile(Files, "telemetry/README.md")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "README.md"), readme); err != nil {
		return err
	}
	for _, account := range []string{SheriffAccount, PatrolAccount} {
		days := events(stream(seed, "telemetry "+account), account, calls()[account])
		for i, records := range days {
			day := telemetryStart.AddDate(0, 0, i)
			body, err := json.Marshal(map[string]any{"Records": records})
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s_CloudTrail_%s_%sT2355Z_constructed%05d.json", account, region, day.Format("20060102"), i+1)
			if account == SheriffAccount && i == 1 {
				name += ".gz"
				body = compress(body)
			}
			path := filepath.Join(dir, "AWSLogs", account, "CloudTrail", region, day.Format("2006"), day.Format("01"), day.Format("02"), name)
			if err := write(path, body); err != nil {
				return err
			}
		}
	}
	return nil
}

func write(path string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(fault.Failed, err, "the telemetry cannot be written")
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		return fault.Wrap(fault.Failed, err, "the telemetry cannot be written")
	}
	return nil
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

type event struct {
	EventVersion      string         `json:"eventVersion"`
	UserIdentity      map[string]any `json:"userIdentity"`
	EventTime         string         `json:"eventTime"`
	EventSource       string         `json:"eventSource"`
	EventName         string         `json:"eventName"`
	Region            string         `json:"awsRegion"`
	SourceIP          string         `json:"sourceIPAddress"`
	UserAgent         string         `json:"userAgent"`
	RequestParameters map[string]any `json:"requestParameters"`
	ResponseElements  any            `json:"responseElements"`
	EventID           string         `json:"eventID"`
	EventType         string         `json:"eventType"`
	Account           string         `json:"recipientAccountId"`
}

// events lays the calls out over the days, each day in order of time. Calls of any
// day fall between 07:30 and 16:30, so that nothing happens while the trail is
// stopped.
func events(r *rand.Rand, account string, calls []call) [telemetryDays][]event {
	var days [telemetryDays][]event
	for _, c := range calls {
		for range c.times {
			day, at := c.day-1, c.at
			if c.day == 0 {
				day = r.IntN(telemetryDays)
				at = 7*time.Hour + 30*time.Minute + time.Duration(r.IntN(9*3600))*time.Second
			}
			days[day] = append(days[day], event{
				EventVersion: "1.08",
				UserIdentity: map[string]any{
					"type": "AssumedRole", "principalId": "EXAMPLE", "accountId": account,
					"arn": "arn:aws:sts::" + account + ":assumed-role/demo/constructed",
				},
				EventTime:   telemetryStart.AddDate(0, 0, day).Add(at).Format(time.RFC3339),
				EventSource: c.source + ".amazonaws.com", EventName: c.name, Region: region,
				SourceIP: "192.0.2.10", UserAgent: "constructed from the API model; not real",
				RequestParameters: c.params,
				EventID:           fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32(), r.Uint64()>>16),
				EventType:         "AwsApiCall", Account: account,
			})
		}
	}
	for _, day := range days {
		slices.SortStableFunc(day, func(a, b event) int { return bytes.Compare([]byte(a.EventTime), []byte(b.EventTime)) })
	}
	return days
}
