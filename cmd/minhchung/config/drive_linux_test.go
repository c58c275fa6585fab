package config

import (
	"errors"
	"testing"
)

func TestNetworkDrives(t *testing.T) {
	for name, magic := range map[string]int64{"NFS": 0x6969, "CIFS": 0xff534d42, "SMB": 0x517b, "SMB2": 0xfe534d42} {
		if err := checkMagic(magic); !errors.Is(err, ErrNetworkDrive) {
			t.Errorf("%s: got %v, want %v", name, err, ErrNetworkDrive)
		}
	}
	for name, magic := range map[string]int64{"ext4": 0xef53, "XFS": 0x58465342, "Btrfs": 0x9123683e, "tmpfs": 0x01021994} {
		if err := checkMagic(magic); err != nil {
			t.Errorf("%s: got %v, want it accepted", name, err)
		}
	}
}
