package signature

import "slices"

// finding is one thing found out about a signature. An empty indication only
// notes its reason.
type finding struct {
	ind    Indication
	sub    Subindication
	reason string
}

// findings collect in the order of the rules.
type findings []finding

func (f *findings) fail(sub Subindication, reason string) {
	*f = append(*f, finding{TotalFailed, sub, reason})
}

func (f *findings) doubt(sub Subindication, reason string) {
	*f = append(*f, finding{Indeterminate, sub, reason})
}

func (f *findings) note(reason string) { *f = append(*f, finding{reason: reason}) }

// conclude gives the main status: the first failure, else the first doubt,
// else TOTAL-PASSED (EN 319 102-1 5.1.3); and all reasons, each once.
func (f findings) conclude() (Indication, Subindication, []string) {
	ind, sub := TotalPassed, Subindication("")
	reasons := []string{}
	for _, x := range f {
		if x.ind == TotalFailed && ind != TotalFailed || x.ind == Indeterminate && ind == TotalPassed {
			ind, sub = x.ind, x.sub
		}
		if x.reason != "" && !slices.Contains(reasons, x.reason) {
			reasons = append(reasons, x.reason)
		}
	}
	return ind, sub, reasons
}

// rank compares two outcomes: fewer is better.
func (f findings) rank() int {
	ind, _, reasons := f.conclude()
	switch ind {
	case TotalPassed:
		return len(reasons)
	case Indeterminate:
		return 100 + len(reasons)
	}
	return 200 + len(reasons)
}
