package signature

import "time"

// Result is the answer of `inspect` for a whole file. It does not depend on
// trust, expiry or the age of algorithms.
type Result string

// The results, see the tables in the package's design.
const (
	ResultIntact     Result = "intact"     // every signature sound, exact, changes none/permitted/annotated
	ResultAltered    Result = "altered"    // sound, but forbidden or unknown changes, or coverage
	ResultBroken     Result = "broken"     // one that fails or cannot be parsed
	ResultUnsigned   Result = "unsigned"   //
	ResultEncrypted  Result = "encrypted"  //
	ResultUnreadable Result = "unreadable" //
	ResultUnknown    Result = "unknown"    // an algorithm or format we do not support; never a guess
)

// Integrity says whether the cryptography of one signature holds.
type Integrity string

// The integrities of a signature.
const (
	IntegrityIntact  Integrity = "intact"
	IntegrityBroken  Integrity = "broken"
	IntegrityUnknown Integrity = "unknown" // algorithm or format not supported
)

// Coverage says whether the ByteRange covers its revision exactly.
type Coverage string

// The coverages.
const (
	CoverageExact   Coverage = "exact"
	CoverageInvalid Coverage = "invalid"
)

// ChangesNone is the class of a signature after which nothing came.
const ChangesNone ChangeClass = "none"

// Indication is the main status of EN 319 102-1 clause 5.1.3.
type Indication string

// The indications: hợp lệ, chưa đủ căn cứ, không hợp lệ.
const (
	TotalPassed   Indication = "TOTAL-PASSED"
	Indeterminate Indication = "INDETERMINATE"
	TotalFailed   Indication = "TOTAL-FAILED"
)

// Subindication details an Indication (EN 319 102-1 tables 5 and 6).
type Subindication string

// The sub-indications in use.
const (
	FormatFailure             Subindication = "FORMAT_FAILURE"
	HashFailure               Subindication = "HASH_FAILURE"
	SigCryptoFailure          Subindication = "SIG_CRYPTO_FAILURE"
	Revoked                   Subindication = "REVOKED"
	Expired                   Subindication = "EXPIRED"
	NotYetValid               Subindication = "NOT_YET_VALID"
	SigConstraintsFailure     Subindication = "SIG_CONSTRAINTS_FAILURE"
	ChainConstraintsFailure   Subindication = "CHAIN_CONSTRAINTS_FAILURE"
	CertificateChainGeneral   Subindication = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
	CryptoConstraintsFailure  Subindication = "CRYPTO_CONSTRAINTS_FAILURE"
	CryptoConstraintsNoPOE    Subindication = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
	PolicyProcessingError     Subindication = "POLICY_PROCESSING_ERROR"
	TimestampOrderFailure     Subindication = "TIMESTAMP_ORDER_FAILURE"
	NoSigningCertificateFound Subindication = "NO_SIGNING_CERTIFICATE_FOUND"
	NoCertificateChainFound   Subindication = "NO_CERTIFICATE_CHAIN_FOUND"
	RevokedNoPOE              Subindication = "REVOKED_NO_POE"
	RevokedCANoPOE            Subindication = "REVOKED_CA_NO_POE"
	OutOfBoundsNoPOE          Subindication = "OUT_OF_BOUNDS_NO_POE"
	OutOfBoundsNotRevoked     Subindication = "OUT_OF_BOUNDS_NOT_REVOKED"
	NoPOE                     Subindication = "NO_POE"
	TryLater                  Subindication = "TRY_LATER"
	SignedDataNotFound        Subindication = "SIGNED_DATA_NOT_FOUND"
)

// Reason codes of a SignatureVerdict beside the sub-indication. They are what
// row states are decided by, so each names exactly one finding.
const (
	ReasonDigest            = "digest"             // hash or cryptographic failure
	ReasonMalformed         = "malformed"          // cannot be parsed, or forbidden by its format
	ReasonCoverage          = "coverage"           // ByteRange not exact, transplanted, outside the form
	ReasonUnsupported       = "unsupported"        // algorithm or format we do not know
	ReasonUntrusted         = "untrusted"          // chain ends in a self-made certificate, or a certificate forged or misused on the way
	ReasonIssuerUnknown     = "issuer-unknown"     // an issuer is not to be had
	ReasonExpired           = "expired"            // claimed time outside the certificate's validity
	ReasonRevoked           = "revoked"            // revoked at or before the claimed or proven time
	ReasonTimeUnproven      = "time-unproven"      // revoked or expired later, without proof of existence before
	ReasonRevocationUnknown = "revocation-unknown" // no usable CRL or OCSP answer
	ReasonAlgorithm         = "algorithm"          // not allowed at its date
	ReasonUnsortedAttrs     = "unsorted-attributes"
	ReasonTimestampInvalid  = "timestamp-invalid" // a time stamp that proves nothing
	ReasonKeyUsage          = "key-usage"         // certificate not meant for signing
	ReasonAltered           = "altered"           // forbidden change after the signature
	ReasonChangeUnclear     = "change-unclear"    // a change after the signature that cannot be classified
	ReasonTimeOrder         = "time-order"        // claimed time behind the proven one, or in the future
)

// SignerInfo is who signed, from the certificate that verifies the signature.
type SignerInfo struct {
	Subject     string    `json:"subject"` // RFC 4514
	Issuer      string    `json:"issuer"`
	Serial      string    `json:"serial"` // hex
	Role        Role      `json:"role,omitempty"`
	Name        string    `json:"name,omitempty"` // common name
	Certificate Hash      `json:"certificate"`
	Key         Hash      `json:"key"` // SHA-256 of the SubjectPublicKeyInfo
	NotBefore   time.Time `json:"notBefore"`
	NotAfter    time.Time `json:"notAfter"`
	// Policies are the object identifiers of the certificate policies
	// extension (RFC 5280 4.2.1.4), as written, at most 16. They are reported
	// and decide nothing: our policy set is any-policy (6.1.1 (c)).
	Policies []string `json:"policies,omitempty"`
}

// SignatureVerdict is the judgement on one signature.
type SignatureVerdict struct {
	Kind      Kind      `json:"kind"`
	SubFilter string    `json:"subfilter"`
	Field     string    `json:"field"`
	Integrity Integrity `json:"integrity"`
	// Problem is one English sentence that names the rule and its clause when
	// Integrity is not intact.
	Problem       string        `json:"problem,omitempty"`
	Coverage      Coverage      `json:"coverage"`
	Changes       ChangeClass   `json:"changes"` // the worst class of ChangeList, or none
	ChangeList    []Change      `json:"changeList"`
	Indication    Indication    `json:"indication"`
	Subindication Subindication `json:"subindication,omitempty"`
	Signer        *SignerInfo   `json:"signer,omitempty"` // nil when no certificate verifies
	TrustDomain   Domain        `json:"trustDomain,omitempty"`
	ClaimedTime   *time.Time    `json:"claimedTime,omitempty"`
	// ProvenTime is the earliest time at which the signature is proven to
	// have existed, with its source in ProvenBy: "timestamp", "ledger",
	// "exchange".
	ProvenTime *time.Time `json:"provenTime,omitempty"`
	ProvenBy   string     `json:"provenBy,omitempty"`
	// RevokedAt is set when the signer's certificate is known to be revoked.
	RevokedAt *time.Time `json:"revokedAt,omitempty"`
	// Revocation names the answer that was used: "crl", "ocsp", "none".
	Revocation string `json:"revocation,omitempty"`
	// OnRoster is true when the roster has the signer in Role at the claimed
	// time; always false while RosterKnown is false in the Verdict.
	OnRoster bool `json:"onRoster,omitempty"`
	// SignaturePolicy is the object identifier of the signature policy that
	// the signer names (RFC 5126 5.8.1). It is reported and decides nothing.
	SignaturePolicy string `json:"signaturePolicy,omitempty"`
	// Fingerprint identifies this very signature wherever it appears:
	// SHA-256(signer key ‖ message digest). Zero when not intact.
	Fingerprint Hash `json:"fingerprint"`
	// MessageDigest is the digest that was signed, hex.
	MessageDigest string   `json:"messageDigest,omitempty"`
	Reasons       []string `json:"reasons"`
}

// Verdict is the judgement on a file, made from Facts, Material and Policy.
type Verdict struct {
	Result      Result             `json:"result"`
	Reason      string             `json:"reason,omitempty"` // one English sentence when not intact
	Signatures  []SignatureVerdict `json:"signatures"`
	Policy      string             `json:"policy"` // id of the validation policy
	RosterKnown bool               `json:"rosterKnown"`
	At          time.Time          `json:"at"` // validation time
}
