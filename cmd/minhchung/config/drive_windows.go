package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

func checkLocal(path string) error {
	volume := filepath.VolumeName(path)
	if strings.HasPrefix(volume, `\\`) && !strings.HasPrefix(volume, `\\?\`) && !strings.HasPrefix(volume, `\\.\`) ||
		strings.HasPrefix(strings.ToUpper(volume), `\\?\UNC`) {
		return ErrNetworkDrive
	}
	root, err := windows.UTF16PtrFromString(volume + `\`)
	if err != nil {
		return fmt.Errorf("looking at the drive of %s: %w", path, err)
	}
	if windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return ErrNetworkDrive
	}
	return nil
}
