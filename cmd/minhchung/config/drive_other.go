//go:build !linux && !windows

package config

// checkLocal knows nothing here: only Linux and Windows are supported.
func checkLocal(string) error { return nil }
