// Package witnesshttp speaks C2SP's tlog-witness over HTTP: the witness's side
// and the ledger's.
package witnesshttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"caseledger/replay/checkpoint"
	"caseledger/replay/witness"
)

const sizeType = "text/x.tlog.size"

// Handler serves a witness: POST /add-checkpoint, and GET /<origin
// hash>/checkpoint. What it refuses is told to log.
func Handler(w *witness.Witness, now func() time.Time, log func(string)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, witness.MaxRequest+1))
		if err != nil {
			http.Error(out, "the request is too long", http.StatusBadRequest)
			return
		}
		lines, err := w.Add(body, uint64(now().Unix()))
		var refused *witness.Answer
		switch {
		case errors.As(err, &refused):
			log(fmt.Sprintf("refused a checkpoint: %d, %s", refused.Status, refused.Reason))
			answer(out, refused)
		case err != nil:
			http.Error(out, "the witness failed", http.StatusInternalServerError)
		default:
			out.Header().Set("Content-Type", "text/plain; charset=utf-8")
			// The cosignature stands in the state, whether the ledger gets it or not.
			_, _ = io.WriteString(out, lines)
		}
	})
	mux.HandleFunc("GET /{origin}/checkpoint", func(out http.ResponseWriter, r *http.Request) {
		b, err := w.Latest(r.PathValue("origin"))
		switch {
		case err != nil:
			http.Error(out, "the witness failed", http.StatusInternalServerError)
		case b == nil:
			http.NotFound(out, r)
		default:
			out.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = out.Write(b)
		}
	})
	return mux
}

func answer(out http.ResponseWriter, a *witness.Answer) {
	if a.Status != witness.Conflict {
		http.Error(out, a.Reason, a.Status)
		return
	}
	out.Header().Set("Content-Type", sizeType)
	out.WriteHeader(a.Status)
	_, _ = fmt.Fprintf(out, "%d\n", a.Latest)
}

// A Client asks a witness.
type Client struct {
	url      string
	verifier note.Verifier
}

// NewClient returns a client for the witness that answers at url and has the given
// key.
func NewClient(url string, verifier note.Verifier) (*Client, error) {
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return nil, fmt.Errorf("%q is not where a witness answers: it begins with neither http:// nor https://", url)
	}
	return &Client{strings.TrimSuffix(url, "/"), verifier}, nil
}

// Verifier returns the witness's key.
func (c *Client) Verifier() note.Verifier { return c.verifier }

// timeout bounds each question to a witness.
const timeout = 20 * time.Second

// Cosign asks for a cosignature of a checkpoint, and proves that it continues what
// the witness saw last.
func (c *Client) Cosign(ctx context.Context, signed *checkpoint.Signed, log checkpoint.Log) (string, error) {
	old := uint64(0)
	for range 3 { // another process may ask at the same time
		var proof tlog.TreeProof
		if old > signed.Size {
			return "", fmt.Errorf("it knows %d records, more than the %d that were signed", old, signed.Size)
		}
		if old > 0 {
			var err error
			if proof, err = tlog.ProveTree(int64(signed.Size), int64(old), log); err != nil {
				return "", err
			}
		}
		status, body, err := c.post(ctx, witness.FormatRequest(old, proof, signed.Note))
		switch {
		case err != nil:
			return "", err
		case status == http.StatusOK:
			return body, nil
		case status != http.StatusConflict:
			return "", fmt.Errorf("it refused: %d, %s", status, strings.TrimSpace(body))
		}
		if old, err = strconv.ParseUint(strings.TrimSuffix(body, "\n"), 10, 63); err != nil {
			return "", errors.New("it names no size")
		}
	}
	return "", errors.New("it names another size each time")
}

func (c *Client) post(ctx context.Context, body []byte) (status int, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, checkpoint.MaxNote))
	return response.StatusCode, string(b), err
}
