package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// coversStandbys says whether a COMMIT returns only when all the named
// replicas have it on disk, by synchronous_commit and
// synchronous_standby_names (postgresql.org, "Replication").
func coversStandbys(standbys []string, commit, names string) error {
	if len(standbys) == 0 {
		return nil
	}
	if commit != "on" && commit != "remote_apply" {
		return fmt.Errorf("synchronous_commit is %s: the replicas %s may lose commits: set it to on: %w", commit, strings.Join(standbys, ", "), ErrUnsafe)
	}
	sure := sureStandbys(names)
	for _, name := range standbys {
		if !slices.Contains(sure, strings.ToLower(name)) {
			return fmt.Errorf("synchronous_standby_names is '%s': a commit does not wait for the replica %s: name it there: %w", names, name, ErrUnsafe)
		}
	}
	return nil
}

// sureStandbys returns the names that every commit waits for, in lower case:
// of "FIRST n (…)" and of a plain list the first n (one), of "ANY n (…)" all of
// them if n is their number. "*" names nobody.
func sureStandbys(setting string) []string {
	method, n, list := "FIRST", 1, setting
	if head, rest, ok := strings.Cut(setting, "("); ok {
		list = strings.TrimSuffix(strings.TrimSpace(rest), ")")
		words := strings.Fields(strings.ToUpper(head))
		if len(words) == 2 {
			method = words[0]
		}
		var err error
		if len(words) == 0 || len(words) > 2 {
			return nil
		}
		if n, err = strconv.Atoi(words[len(words)-1]); err != nil {
			return nil
		}
	}
	var names []string
	for _, name := range strings.Split(list, ",") {
		name = strings.ToLower(strings.TrimFunc(name, func(r rune) bool { return r == '"' || unicode.IsSpace(r) }))
		if name == "" || name == "*" {
			return nil
		}
		names = append(names, name)
	}
	switch {
	case method == "ANY" && n < len(names):
		return nil
	case method != "ANY" && method != "FIRST":
		return nil
	}
	return names[:min(n, len(names))]
}
