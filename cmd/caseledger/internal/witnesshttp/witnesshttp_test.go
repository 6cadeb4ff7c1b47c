package witnesshttp_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/witnesshttp"
	"caseledger/events"
	"caseledger/replay/checkpoint"
	"caseledger/replay/prooftest"
	"caseledger/replay/witness"
)

// Given a ledger that grows, then the witness cosigns each checkpoint, whatever
// the ledger remembers of it; and shows the latest to anybody.
func TestCosign(t *testing.T) {
	private, public, err := checkpoint.GenerateWitnessKey(rand.Reader, "w")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := checkpoint.NewCosigner(private)
	if err != nil {
		t.Fatal(err)
	}
	l := prooftest.New(t)
	var refused []string
	handler := witnesshttp.Handler(witness.New(t.TempDir(), cosigner, l.Key), time.Now, func(s string) { refused = append(refused, s) })
	server := httptest.NewServer(handler)
	defer server.Close()
	verifier, err := checkpoint.NewWitnessVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	c, err := witnesshttp.NewClient(server.URL+"/", verifier)
	if err != nil {
		t.Fatal(err)
	}
	path := "/" + events.HashOf([]byte(prooftest.Name)).String() + "/checkpoint"
	if code := ask(handler, http.MethodGet, path, ""); code != http.StatusNotFound {
		t.Errorf("before the first one: %d", code)
	}
	for range 3 {
		l.Grow(t, 30)
		signed := l.Issue(t).Signed
		lines, err := c.Cosign(t.Context(), signed, l.Archive)
		if err != nil {
			t.Fatal(err)
		}
		with, err := checkpoint.AddCosignatures(signed, lines, l.Key, c.Verifier())
		if err != nil || len(with.Cosigned) != 1 {
			t.Errorf("%q: %v", lines, err)
		}
	}
	if code := ask(handler, http.MethodGet, path, ""); code != http.StatusOK {
		t.Errorf("the latest one: %d", code)
	}
	// Another ledger under the same name is not cosigned.
	other := prooftest.New(t)
	if _, err := c.Cosign(t.Context(), other.Issue(t).Signed, other.Archive); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another ledger: %v", err)
	}
	if code := ask(handler, http.MethodPost, "/add-checkpoint", strings.Repeat("x", 1<<20)); code != http.StatusBadRequest {
		t.Errorf("a request that is too long: %d", code)
	}
	if len(refused) == 0 {
		t.Error("no refusal was told")
	}
	if _, err := witnesshttp.NewClient("ftp://x", verifier); err == nil {
		t.Error("a witness that does not speak HTTP")
	}
}

// ask asks the witness without a network, and returns the status.
func ask(h http.Handler, method, path, body string) int {
	out := httptest.NewRecorder()
	h.ServeHTTP(out, httptest.NewRequest(method, path, strings.NewReader(body)))
	return out.Code
}
