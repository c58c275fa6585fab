"""Counts what pyHanko and DSS accept: table.py MANIFEST PYHANKO_TSV DSS_TSV."""
import csv
import sys


def manifest(path):
    with open(path, encoding="utf-8") as f:
        rows = [r for r in csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE) if r[1].startswith("PDF")]
    honest = [r[0] for r in rows if r[3] in ("intact", "intact-extended", "revisions-ok")]
    hostile = [r[0] for r in rows if is_hostile(r[3], r[7])]
    return honest, hostile


def is_hostile(expected, note):
    if expected == "disallowed-modification":
        return "SET BY TEST" not in note
    return expected.split(":")[0] in ("forged-attack", "tampered", "modified", "invalid-signature", "invalid-timestamp",
                                      "malformed", "unsigned")


def answers(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return {c[0]: c[1:] for c in (line.rstrip("\n").split("\t") for line in f)}


def signatures(answer):
    if len(answer) < 2 or not answer[1].isdigit() or answer[1] == "0":
        return None
    return answer[2:]


def pyhanko(answer):
    list_ = signatures(answer)
    if list_ is None:
        return False
    for s in list_:
        p = s.split()
        if p[1:3] != ["True", "True"] or p[3] not in ("ENTIRE_FILE", "ENTIRE_REVISION"):
            return False
        if p[0] == "sig" and (p[4] == "OTHER" or p[5] == "False"):
            return False
    return True


def dss(answer, strict=False):
    list_ = signatures(answer)
    if list_ is None:
        return False
    for s in list_:
        p = s.split(" ", 4) + [""]
        failed = "FAILED/" in p[3] or "FORMAT_FAILURE" in p[3] or "SIG_CONSTRAINTS" in p[3]
        if p[1:3] != ["true", "true"] or failed or "byte-range" in p[4] or "dictionary-inconsistent" in p[4]:
            return False
        if strict and "undefined-changes" in p[4]:
            return False
    return True


def main(manifest_path, pyhanko_path, dss_path):
    honest, hostile = manifest(manifest_path)
    for name, accepts, path in (("pyHanko", pyhanko, pyhanko_path), ("DSS", dss, dss_path),
                                ("DSS, no undefined changes", lambda a: dss(a, True), dss_path)):
        got = answers(path)
        times = sorted(int(a[0]) for a in got.values())
        print(f"{name}: honest {sum(accepts(got[p]) for p in honest)} of {len(honest)}, hostile "
              f"{sum(accepts(got[p]) for p in hostile)} of {len(hostile)}, median {times[len(times) // 2]} ms, "
              f"slowest {times[-1]} ms")
        print("  refused:", *[p for p in honest if not accepts(got[p])])
        print("  believed:", *[p for p in hostile if accepts(got[p])])


main(*sys.argv[1:])
