package worker

import "os"

// watch has nothing to do: the job object ends the child with its parent.
func watch(*os.File, func()) error { return nil }
