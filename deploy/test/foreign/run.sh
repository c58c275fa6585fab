#!/usr/bin/env bash
# Compares pyHanko and EU DSS once with the corpus that MINHCHUNG_CORPUS names. Needs python3, a JDK and Maven, and
# their public registries. Writes into a new folder and prints where.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
corpus=${MINHCHUNG_CORPUS:?names the folder with the signed corpus}
out=$(mktemp -d)
python3 -m venv "$out/venv"
"$out/venv/bin/pip" -q install pyHanko==0.38.0
mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$out/lib"
javac -cp "$out/lib/*" -d "$out/classes" "$here/Check.java"
awk -F'\t' 'NR > 1 && $2 ~ /^PDF/ {print $1}' "$corpus/manifest.tsv" >"$out/files"
cd "$corpus"
"$out/venv/bin/python" "$here/check.py" <"$out/files" >"$out/pyhanko.tsv"
java -Xmx700m -cp "$out/lib/*:$out/classes" Check <"$out/files" >"$out/dss.tsv" 2>"$out/dss.log"
python3 "$here/table.py" manifest.tsv "$out/pyhanko.tsv" "$out/dss.tsv"
echo "answers: $out"
