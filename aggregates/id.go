package aggregates

import (
	"crypto/sha256"
	"encoding/base32"
)

var idEncoding = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewID derives the id of a new aggregate from the id of the command that opens
// it, so that the same command sent again means the same aggregate: a prefix and
// twelve characters that tell nothing about the person or the order of arrival.
func NewID(prefix, commandID string) string {
	sum := sha256.Sum256([]byte("caseledger id " + prefix + " " + commandID))
	return prefix + "-" + idEncoding.EncodeToString(sum[:8])[:12]
}
