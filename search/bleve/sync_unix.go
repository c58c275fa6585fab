//go:build unix

package bleve

import (
	"errors"
	"fmt"
	"os"
)

// syncDir makes a rename in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing the index folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing the index folder: %w", err)
	}
	return nil
}
