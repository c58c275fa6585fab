#!/usr/bin/env bash
# Compares pyHanko and EU DSS once with the corpus that MINHCHUNG_CORPUS names and with the files of our own generator.
# Needs go, python3, a JDK and Maven, and their public registries. Writes into a new folder and prints where.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
corpus=${MINHCHUNG_CORPUS:?names the folder with the signed corpus}
out=$(mktemp -d)
mkdir "$out/generated"
(cd "$here/../../.." && MINHCHUNG_WRITE="$out/generated" go test -count=1 -run WriteGenerated ./evidence/signature/conformance)
python3 -m venv "$out/venv"
"$out/venv/bin/pip" -q install pyHanko==0.38.0
mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$out/lib"
javac -cp "$out/lib/*" -d "$out/classes" "$here/Check.java"
for folder in "$corpus" "$out/generated"; do
	name=$(basename "$folder")
	awk -F'\t' 'NR > 1 && $2 ~ /^PDF/ {print $1}' "$folder/manifest.tsv" >"$out/$name.files"
	cd "$folder"
	"$out/venv/bin/python" "$here/check.py" <"$out/$name.files" >"$out/$name.pyhanko.tsv"
	java -Xmx700m -cp "$out/lib/*:$out/classes" Check <"$out/$name.files" >"$out/$name.dss.tsv" 2>"$out/$name.dss.log"
	echo "== $name"
	python3 "$here/table.py" manifest.tsv "$out/$name.pyhanko.tsv" "$out/$name.dss.tsv"
done
echo "answers: $out"
