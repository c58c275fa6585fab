"""Asks pyHanko about the files named on standard input, one a line.

Prints a line each: path, milliseconds, number of signatures, and of each: kind, intact, valid, coverage, changes,
docmdp_ok. No certificate is trusted and nothing is fetched: only the integrity of the files is compared.
"""
import logging
import signal
import sys
import time

logging.disable(logging.CRITICAL)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext


class Hang(Exception):
    pass


def hang(*_):
    raise Hang()


signal.signal(signal.SIGALRM, hang)


def check(path):
    with open(path, "rb") as f:
        r = PdfFileReader(f, strict=False)
        if r.encrypted:
            r.decrypt("")
        parts = []
        for s in r.embedded_signatures:
            kind = "ts" if s.sig_object.get("/Type") == "/DocTimeStamp" or s.sig_object.get("/SubFilter") == "/ETSI.RFC3161" else "sig"
            try:
                vc = ValidationContext(allow_fetching=False, trust_roots=[])
                st = (validate_pdf_timestamp if kind == "ts" else validate_pdf_signature)(s, vc)
                parts.append(f"{kind} {st.intact} {st.valid} {st.coverage.name if st.coverage else '-'} "
                             f"{st.modification_level.name if st.modification_level is not None else '-'} {st.docmdp_ok}")
            except Hang:
                raise
            except Exception as e:
                parts.append(f"{kind} error {type(e).__name__}: {' '.join(str(e).split())}")
        return f"{len(parts)}\t" + "\t".join(parts)

for line in sys.stdin:
    path = line.rstrip("\n")
    start = time.time()
    signal.alarm(30)
    try:
        a = check(path)
    except Hang:
        a = "hang"
    except BaseException as e:
        a = f"error {type(e).__name__}: {' '.join(str(e).split())[:200]}"
    signal.alarm(0)
    print(f"{path}\t{(time.time()-start)*1000:.0f}\t{a}", flush=True)
