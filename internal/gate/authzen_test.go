package gate

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"duly/internal/decision"
)

// post sends a body and gives status and answer.
func post(t testing.TB, url, body string) (int, string) {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, strings.TrimSpace(string(text))
}

const (
	subject  = `"subject":{"type":"account","id":"1"}`
	use      = `"action":{"name":"use"}`
	faces    = `"resource":{"type":"capability","id":"face_search"}`
	storage  = `"resource":{"type":"capability","id":"storage"}`
	question = subject + "," + use + "," + faces
)

// TestAuthZEN holds the handler to the API: shapes, defaults of batches and their three
// semantics, and clear answers to what cannot be read.
func TestAuthZEN(t *testing.T) {
	v := newVendor(t)
	account, units := v.account("1", "PERSON", "face_search", "storage")
	v.decide(account, units[0], decision.Approve)
	g := v.open()
	server := httptest.NewServer(Handler(g, "https://gate.example/"))
	defer server.Close()

	for _, c := range []struct {
		name, path, body string
		status           int
		want             string // found in the answer
		not              string
	}{
		{"a permit", evaluationPath, `{` + question + `}`, 200, `"decision":true,"context":{"code":"approved"`, ""},
		{"a refusal", evaluationPath, `{` + subject + "," + use + "," + storage + `}`, 200, `"decision":false,"context":{"code":"undecided"`, "decision_entry"},
		{"a purpose", evaluationPath, `{` + question + `,"context":{"purpose":"purpose 1"}}`, 200, `"code":"undeclared"`, ""},
		{"what is not known of the API is passed over", evaluationPath, `{` + question + `,"extra":[1],"context":{"time":"now"}}`, 200, `"decision":true`, ""},
		{"another action", evaluationPath, `{` + subject + `,"action":{"name":"delete"},` + faces + `}`, 200, `"decision":false,"context":{"code":"unknown"`, ""},
		{"another resource", evaluationPath, `{` + subject + "," + use + `,"resource":{"type":"todo","id":"1"}}`, 200, `"decision":false,"context":{"code":"unknown"`, ""},
		{"no subject", evaluationPath, `{` + use + "," + faces + `}`, 400, "subject.type and subject.id", ""},
		{"no id", evaluationPath, `{"subject":{"type":"account"},` + use + "," + faces + `}`, 400, "subject.type and subject.id", ""},
		{"no action", evaluationPath, `{` + subject + "," + faces + `}`, 400, "action.name", ""},
		{"no resource", evaluationPath, `{` + subject + "," + use + `}`, 400, "resource.type", ""},
		{"no JSON", evaluationPath, `{"subject":`, 400, "not the JSON", ""},
		{"a wrong type", evaluationPath, `{"subject":"me"}`, 400, "not the JSON", ""},
		{"a name twice", evaluationPath, `{` + question + `,` + subject + `}`, 400, "not the JSON", ""},
		{"a name in other letters", evaluationPath, `{"Subject":{"type":"account","id":"1"},` + use + "," + faces + `}`, 400, "subject.type and subject.id", ""},
		{"too much", evaluationPath, `{"x":"` + strings.Repeat("x", maxBody) + `"}`, 413, "over 1048576 bytes", ""},
		{"a batch without entries is one question", evaluationsPath, `{` + question + `}`, 200, `{"decision":true,`, "evaluations"},
		{"a batch with defaults", evaluationsPath, `{` + subject + "," + use + `,"evaluations":[{` + faces + `},{` + storage + `}]}`, 200, `{"evaluations":[{"decision":true,`, ""},
		{"an entry that lacks something", evaluationsPath, `{` + use + `,"evaluations":[{` + faces + `},{` + subject + "," + faces + `}]}`, 200, `"error":{"status":400`, ""},
		{"an unknown semantic", evaluationsPath, `{"evaluations":[{` + question + `}],"options":{"evaluations_semantic":"some"}}`, 400, "evaluations_semantic is", ""},
		{"too many", evaluationsPath, `{"evaluations":[` + strings.Repeat("{},", maxEvaluations) + `{}]}`, 400, "1001 evaluations are more than 1000", ""},
	} {
		status, got := post(t, server.URL+c.path, c.body)
		if status != c.status || !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
			t.Errorf("%s: %d %s", c.name, status, got)
		}
	}
	for semantic, want := range map[string]int{"execute_all": 3, "deny_on_first_deny": 2, "permit_on_first_permit": 1, "": 3} {
		_, got := post(t, server.URL+evaluationsPath, `{`+subject+","+use+`,"evaluations":[{`+faces+`},{`+storage+`},{`+faces+`}],"options":{"evaluations_semantic":"`+semantic+`"}}`)
		if n := strings.Count(got, `"decision":`); n != want {
			t.Errorf("%q: %d answers, want %d: %s", semantic, n, want, got)
		}
	}
	r, err := http.Get(server.URL + metadataPath)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var metadata map[string]string
	if err := json.NewDecoder(r.Body).Decode(&metadata); err != nil || metadata["access_evaluation_endpoint"] != "https://gate.example/access/v1/evaluation" || metadata["policy_decision_point"] != "https://gate.example" {
		t.Errorf("%v, %v", metadata, err)
	}
	send := func(kind, id string) (status int, back string) {
		request, err := http.NewRequest(http.MethodPost, server.URL+evaluationPath, strings.NewReader("{"+question+"}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", kind)
		request.Header.Set("X-Request-ID", id)
		r, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return r.StatusCode, r.Header.Get("X-Request-ID")
	}
	if status, _ := send("text/plain", ""); status != http.StatusUnsupportedMediaType {
		t.Errorf("text was read: %d", status)
	}
	if status, back := send("application/json; charset=utf-8", "r-17"); back != "r-17" || status != http.StatusOK {
		t.Errorf("the request's id does not come back: %d, %q", status, back)
	}
}

// FuzzEvaluations protects the gate from whatever is sent: it answers with a known
// status, lets nothing run that nobody approved, and does not fall.
func FuzzEvaluations(f *testing.F) {
	for _, body := range []string{"{" + question + "}", `{"evaluations":[{` + question + `}],"options":{"evaluations_semantic":"deny_on_first_deny"}}`, `{"evaluations":[null]}`, "[]", "{"} {
		f.Add(body)
	}
	v := newVendor(f)
	v.account("1", "PERSON", "face_search")
	g := v.open()
	handler := Handler(g, "")
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{evaluationPath, evaluationsPath} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
				t.Errorf("%d for %q", w.Code, body)
			}
			if strings.Contains(w.Body.String(), `"decision":true`) {
				t.Errorf("%q was let through: %s", body, w.Body)
			}
		}
	})
}
