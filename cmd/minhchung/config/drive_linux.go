package config

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// networkMagics are the file systems of statfs(2) that live on another
// machine.
var networkMagics = []int64{
	unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC,
	unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.CODA_SUPER_MAGIC, unix.NCP_SUPER_MAGIC,
}

func checkLocal(path string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return fmt.Errorf("looking at the file system of %s: %w", path, err)
	}
	return checkMagic(int64(uint32(fs.Type)))
}

// checkMagic takes the magic as 32 bits: CIFS_SUPER_MAGIC is negative where
// the kernel's type is signed.
func checkMagic(magic int64) error {
	if slices.Contains(networkMagics, magic) {
		return ErrNetworkDrive
	}
	return nil
}
