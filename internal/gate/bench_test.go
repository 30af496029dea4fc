package gate

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"duly/internal/decision"
)

// BenchmarkGate asks a gate over loopback at a fixed rate of 5,000 a second and reports
// the 99th percentile of what an answer takes, in microseconds. Beside it stands a server
// that answers the same bytes without asking anything.
func BenchmarkGate(b *testing.B) {
	v := newVendor(b)
	for i := range 200 {
		account, units := v.account(fmt.Sprint(i+1), "PERSON", "face_search")
		v.decide(account, units[0], decision.Approve)
	}
	g := v.open()
	constant := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"decision":true,"context":{"code":"approved"}}`))
	})
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"gate", Handler(g, "")}, {"constant", constant}} {
		b.Run(c.name, func(b *testing.B) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			pace(b, server.URL+evaluationPath, 5000)
		})
	}
	b.Run("memory", func(b *testing.B) {
		for i := range b.N {
			if a := g.Answer(Question{Kind: "account", ID: fmt.Sprint(i%200 + 1), Capability: "face_search"}); !a.Allowed {
				b.Fatal(a)
			}
		}
	})
}

// pace sends b.N requests at a rate a second from a few clients, each request at its own
// moment, so that a slow answer does not slow the questions down.
func pace(b *testing.B, url string, rate int) {
	const clients = 16
	took := make([]time.Duration, b.N)
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var wait sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for c := range clients {
		wait.Go(func() {
			for i := c; i < b.N; i += clients {
				due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
				time.Sleep(time.Until(due))
				body := `{"subject":{"type":"account","id":"` + fmt.Sprint(i%200+1) + `"},"action":{"name":"use"},"resource":{"type":"capability","id":"face_search"}}`
				r, err := client.Post(url, "application/json", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				_ = r.Body.Close()
				took[i] = time.Since(due)
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "requests/s")
	b.ReportMetric(float64(took[b.N/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds()), "p99-µs")
}
