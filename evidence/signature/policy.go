package signature

import "time"

// Policy is a validation policy: data that says what is demanded of one
// signature. It is stored with its hash, dated, and never edited in place.
type Policy struct {
	ID    string `json:"id"`
	Legal string `json:"legal"` // the legal reference
	// Algorithms is the dated table. An algorithm that is not in it is not
	// allowed at any date.
	Algorithms []Algorithm `json:"algorithms"`
	// ClockSkewSeconds is how far a claimed time may lie outside a window before it
	// counts as outside. Local times marked as UTC (+7 h) are
	// seen in the field.
	ClockSkewSeconds int64 `json:"clockSkewSeconds"`
	// RequireRevocation makes a missing CRL or OCSP answer about the signer
	// INDETERMINATE. Answers that are there always count.
	RequireRevocation bool `json:"requireRevocation"`
	// RequireCARevocation demands an answer about every intermediate too.
	RequireCARevocation bool `json:"requireCARevocation,omitempty"`
	// FreshnessSeconds is for how long an answer without a nextUpdate tells
	// that a certificate is not revoked (EN 319 102-1 5.2.5).
	FreshnessSeconds int64 `json:"freshnessSeconds,omitempty"`
	// GraceSeconds is how long after the signature a "not revoked" about the
	// signer must have been given, since a CA needs time to act on a request
	// (EN 319 102-1 5.2.5; its time is the proven one, else the claimed one).
	// Until there is such an answer the verdict is TRY_LATER. 0 asks for none.
	GraceSeconds int64 `json:"graceSeconds,omitempty"`
	// MaxAccuracySeconds is the most that a time stamp may say it is off (RFC
	// 3161 2.4.2); one that is further off proves nothing. 0 sets no bound.
	MaxAccuracySeconds int64 `json:"maxAccuracySeconds,omitempty"`
}

// Algorithm allows a digest or a key kind and size for signatures made before
// Until. Name is "SHA-1", "SHA-256", …, "RSA", "ECDSA", "Ed25519", "Ed448".
type Algorithm struct {
	Name    string    `json:"name"`
	MinBits int       `json:"minBits,omitempty"` // of the key; 0 for digests
	Until   time.Time `json:"until"`             // zero: no end known
	// Source says where the entry comes from.
	Source string `json:"source,omitempty"`
}
