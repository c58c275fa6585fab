#!/usr/bin/env bash
# Validates XML reports (inspect --xml) against the schema of ETSI TS 119 102-2 V1.4.1: validate.sh FOLDER FILE…
# The schemas are not ours to keep: they are taken once from EU DSS (Maven artifacts specs-*) into FOLDER.
# Needs Java 17 and, the first time, Maven with its registry.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
if [ ! -f "$folder/TS119102-2-v141.xsd" ]; then
  mkdir -p "$folder"
  for artifact in specs-validation-report specs-xades specs-xmldsig specs-trusted-list; do
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy \
      -Dartifact="eu.europa.ec.joinup.sd-dss:$artifact:6.3" -DoutputDirectory="$folder" >&2
    (cd "$folder" && jar xf "$artifact-6.3.jar" xsd && cp xsd/*.xsd . && rm -r xsd "$artifact-6.3.jar")
  done
fi
java "$here/Validate.java" "$folder" "$@"
