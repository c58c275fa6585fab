//go:build !unix

package bleve

// syncDir does nothing: Windows keeps a rename with the file.
func syncDir(string) error { return nil }
