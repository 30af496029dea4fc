package gate

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"duly/internal/decision"
)

// constant reads a question and answers with the same bytes each time: what a server of
// this kind costs before it knows anything.
var constant = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"decision":true,"context":{"code":"approved"}}`))
})

// BenchmarkGate asks a gate over loopback at a fixed rate of 5,000 a second, beside a server
// that answers the same bytes without asking anything. It reports percentiles in
// microseconds, from the moment at which a question was due, so that a slow answer does not
// hide the wait of those behind it; and how much of the 99th is not the server's: how late
// the asking was (late-p99), against the time from asking to the answer (served-p99). Both
// sides share the processors.
func BenchmarkGate(b *testing.B) {
	v := newVendor(b)
	for i := range 200 {
		account, units := v.account(fmt.Sprint(i+1), "PERSON", "face_search")
		v.decide(account, units[0], decision.Approve)
	}
	g := v.open()
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"gate", Handler(g, "")}, {"constant", constant}} {
		b.Run(c.name, func(b *testing.B) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			pace(b, server.Listener.Addr().String(), 5000)
		})
	}
	b.Run("memory", func(b *testing.B) {
		for i := range b.N {
			if a := g.Answer(Question{Kind: "account", ID: strconv.Itoa(i%200 + 1), Capability: "face_search"}); !a.Allowed {
				b.Fatal(a)
			}
		}
	})
}

// pace sends b.N requests at a rate a second over a few connections, each at its own moment.
func pace(b *testing.B, address string, rate int) {
	const clients = 4
	took, late, served := make([]time.Duration, b.N), make([]time.Duration, b.N), make([]time.Duration, b.N)
	var wait sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for c := range clients {
		wait.Go(func() {
			line, err := net.Dial("tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer line.Close()
			answers := bufio.NewReader(line)
			for i := c; i < b.N; i += clients {
				due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
				time.Sleep(time.Until(due))
				late[i] = time.Since(due)
				body := `{"subject":{"type":"account","id":"` + strconv.Itoa(i%200+1) + `"},` + use + "," + faces + `}`
				_, err := fmt.Fprintf(line, "POST %s HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", evaluationPath, len(body), body)
				if err == nil {
					err = allowed(answers)
				}
				if err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(due)
				served[i] = took[i] - late[i]
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	for _, list := range [][]time.Duration{took, late, served} {
		slices.Sort(list)
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "requests/s")
	b.ReportMetric(float64(took[b.N/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(late[b.N*99/100].Microseconds()), "late-p99-µs")
	b.ReportMetric(float64(served[b.N*99/100].Microseconds()), "served-p99-µs")
}

// allowed reads one answer, which lets something run.
func allowed(answers *bufio.Reader) error {
	length := 0
	for {
		line, err := answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(n)))
		}
		if len(line) == 2 {
			break
		}
	}
	body, err := answers.Peek(length)
	if err == nil && !bytes.HasPrefix(body, []byte(`{"decision":true`)) {
		return fmt.Errorf("it answered %q", body)
	}
	_, _ = answers.Discard(length)
	return err
}

// BenchmarkHandler measures what one question costs the server's own code, without the
// network, in bytes, allocations and time of a processor (the usual time counts what others
// ran meanwhile). Beside it stands the handler that answers the same bytes.
func BenchmarkHandler(b *testing.B) {
	v := newVendor(b)
	account, units := v.account("1", "PERSON", "face_search")
	v.decide(account, units[0], decision.Approve)
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"gate", Handler(v.open(), "")}, {"constant", constant}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			body := strings.NewReader("")
			r := httptest.NewRequest(http.MethodPost, evaluationPath, io.NopCloser(body))
			r.Header.Set("Content-Type", "application/json")
			w := &discard{header: http.Header{}}
			before := processorTime()
			for range b.N {
				body.Reset("{" + question + "}")
				r.Body = io.NopCloser(body)
				c.handler.ServeHTTP(w, r)
			}
			b.ReportMetric(float64((processorTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// processorTime gives what this process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// discard is a writer of answers that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}
