package trust

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"minhchung/evidence/signature"
)

// policies holds the validation policies of deploy/policies, byte for byte,
// since a package can embed only what lies below it.
//
//go:embed policies/*.json
var policies embed.FS

// DefaultPolicy is the policy that an empty id names.
const DefaultPolicy = "vn-2025"

// Policy returns the validation policy with the given id and its exact bytes,
// which the ledger keeps. The empty id is DefaultPolicy. An unknown id is
// fs.ErrNotExist, with the ids there are.
func Policy(id string) (signature.Policy, []byte, error) {
	if id == "" {
		id = DefaultPolicy
	}
	data, err := policies.ReadFile("policies/" + id + ".json")
	if err != nil {
		return signature.Policy{}, nil, fmt.Errorf("validation policy %q: %w (there are %s)",
			id, fs.ErrNotExist, strings.Join(PolicyIDs(), ", "))
	}
	p, err := ParsePolicy(data)
	return p, data, err
}

// ParsePolicy reads a policy's bytes. An entry that this version does not
// know is an error, because leaving it out would judge by another policy.
func ParsePolicy(data []byte) (signature.Policy, error) {
	var p signature.Policy
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return signature.Policy{}, fmt.Errorf("validation policy: %w", err)
	}
	if p.ID == "" || len(p.Algorithms) == 0 {
		return signature.Policy{}, fmt.Errorf("validation policy: id or algorithms are missing")
	}
	return p, nil
}

// PolicyIDs returns the ids of all policies, sorted.
func PolicyIDs() []string {
	entries, err := policies.ReadDir("policies")
	if err != nil {
		panic("trust: embedded policies: " + err.Error())
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, strings.TrimSuffix(e.Name(), ".json"))
	}
	return ids
}
