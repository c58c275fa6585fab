package etsi

// The types of this file follow the schema of TS 119 102-2 V1.4.1 annex B, in
// its order and with its names; optional elements that we never write are left
// out. Prefixes are part of the names, since encoding/xml would declare a name
// space at every element.

type report struct {
	XMLName    struct{}          `xml:"vr:ValidationReport"`
	VR         string            `xml:"xmlns:vr,attr"`
	DS         string            `xml:"xmlns:ds,attr"`
	XAdES      string            `xml:"xmlns:xades,attr"`
	XSI        string            `xml:"xmlns:xsi,attr"`
	XS         string            `xml:"xmlns:xs,attr"`
	Signatures []signatureReport `xml:"vr:SignatureValidationReport"`
	Objects    *objectList       `xml:"vr:SignatureValidationObjects"`
}

type objectList struct {
	List []validationObject `xml:"vr:ValidationObject"`
}

type signatureReport struct {
	Identifier  *identifier  `xml:"vr:SignatureIdentifier"`
	Constraints *constraints `xml:"vr:ValidationConstraintsEvaluationReport"`
	Time        *timeInfo    `xml:"vr:ValidationTimeInfo"`
	Document    *document    `xml:"vr:SignersDocument"`
	Attributes  *attributes  `xml:"vr:SignatureAttributes"`
	Signer      *signer      `xml:"vr:SignerInformation"`
	Process     struct {
		ID string `xml:"vr:SignatureValidationProcessID"`
	} `xml:"vr:SignatureValidationProcess"`
	Status status `xml:"vr:SignatureValidationStatus"`
}

type digest struct {
	Method struct {
		Algorithm string `xml:"Algorithm,attr"`
	} `xml:"ds:DigestMethod"`
	Value string `xml:"ds:DigestValue"` // base64
}

type identifier struct {
	ID          string  `xml:"id,attr"`
	Digest      *digest `xml:"vr:DigestAlgAndValue"`
	Value       string  `xml:"ds:SignatureValue,omitempty"` // base64
	HashOnly    bool    `xml:"vr:HashOnly"`
	DocHashOnly bool    `xml:"vr:DocHashOnly"`
}

type constraints struct {
	Policy *policyInfo  `xml:"vr:SignatureValidationPolicy"`
	List   []constraint `xml:"vr:ValidationConstraint"`
}

type policyInfo struct {
	ID struct {
		Identifier string `xml:"xades:SigPolicyId>xades:Identifier"`
		Hash       digest `xml:"xades:SigPolicyHash"`
	} `xml:"vr:SignaturePolicyIdentifier>xades:SignaturePolicyId"`
	Name string `xml:"vr:PolicyName"`
}

type constraint struct {
	ID     string  `xml:"vr:ValidationConstraintIdentifier"`
	Status string  `xml:"vr:ConstraintStatus>vr:Status"`
	Result *status `xml:"vr:ValidationStatus"`
}

type status struct {
	Main string      `xml:"vr:MainIndication"`
	Sub  string      `xml:"vr:SubIndication,omitempty"`
	Data *statusData `xml:"vr:AssociatedValidationReportData"`
}

type statusData struct {
	Chain      *chain       `xml:"vr:CertificateChain"`
	Related    *reference   `xml:"vr:RelatedValidationObject"`
	Revocation *revocation  `xml:"vr:RevocationStatusInformation"`
	More       []reportData `xml:"vr:AdditionalValidationReportData>vr:ReportData"`
}

type chain struct {
	Signing reference `xml:"vr:SigningCertificate"`
}

type revocation struct {
	Object reference `xml:"vr:ValidationObjectId"`
	Time   string    `xml:"vr:RevocationTime"`
}

type reportData struct {
	Type  string `xml:"vr:Type"`
	Value struct {
		Type string `xml:"xsi:type,attr"`
		Text string `xml:",chardata"`
	} `xml:"vr:Value"`
}

type reference struct {
	To string `xml:"VOReference,attr"`
}

type timeInfo struct {
	At   string `xml:"vr:ValidationTime"`
	Best poe    `xml:"vr:BestSignatureTime"`
}

type poe struct {
	Time string `xml:"vr:POETime"`
	Type string `xml:"vr:TypeOfProof"`
}

type document struct {
	Digest         *digest    `xml:"vr:DigestAlgAndValue"`
	Representation *reference `xml:"vr:SignersDocumentRepresentation"`
}

type attributes struct {
	SigningTime *struct {
		Signed bool   `xml:"Signed,attr"`
		Time   string `xml:"vr:Time"`
	} `xml:"vr:SigningTime"`
	SigningCertificate *struct {
		Signed bool   `xml:"Signed,attr"`
		Digest digest `xml:"vr:CertID"`
	} `xml:"vr:SigningCertificate"`
	TimeStamps    []stampAttribute `xml:"vr:SignatureTimeStamp"`
	MessageDigest *struct {
		Signed bool   `xml:"Signed,attr"`
		Digest string `xml:"vr:Digest"` // base64
	} `xml:"vr:MessageDigest"`
	Reason *struct {
		Signed bool   `xml:"Signed,attr"`
		Text   string `xml:"vr:ReasonElement"`
	} `xml:"vr:Reason"`
	Name *struct {
		Signed bool   `xml:"Signed,attr"`
		Text   string `xml:"vr:NameElement"`
	} `xml:"vr:Name"`
	SubFilter struct {
		Signed bool   `xml:"Signed,attr"`
		Text   string `xml:"vr:SubFilterElement"`
	} `xml:"vr:SubFilter"`
	ByteRange string `xml:"vr:ByteRange,omitempty"`
}

type stampAttribute struct {
	Object reference `xml:"vr:AttributeObject"`
	Time   string    `xml:"vr:TimeStampValue"`
}

type signer struct {
	Certificate reference `xml:"vr:SignerCertificate"`
	Name        string    `xml:"vr:Signer"`
}

type validationObject struct {
	ID             string           `xml:"id,attr"`
	Type           string           `xml:"vr:ObjectType"`
	Representation representation   `xml:"vr:ValidationObjectRepresentation"`
	POE            poe              `xml:"vr:POE"`
	Report         *signatureReport `xml:"vr:ValidationReport"`
}

type representation struct {
	Base64 string  `xml:"vr:base64,omitempty"`
	Digest *digest `xml:"vr:DigestAlgAndValue"`
}
