package worker

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// archCalls is empty: arm64 has only the newer forms.
var archCalls []uint32
