#!/usr/bin/env bash
# Installs the engines of the engine checks below target/engines: Python wheels, Microsoft's KQL parser, PostgreSQL, Lucene.
# Needs python3 with venv, npm, and for PostgreSQL, Java and Lucene either these or apt. Safe to run again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
into=${SIGMAGLOT_ENGINES_DIR:-$here/../../target/engines}
mkdir -p "$into/node"

[ -x "$into/venv/bin/python" ] || python3 -m venv "$into/venv"
"$into/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"

# An environment of its own: sigma-cli and the engines want different versions of the same packages.
[ -x "$into/sigma/bin/python" ] || python3 -m venv "$into/sigma"
"$into/sigma/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements-sigma.txt"

cp "$here/package.json" "$into/node/"
(cd "$into/node" && npm install --silent --no-audit --no-fund)

apt_install() {
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
  else
    echo "not installed: $* (its checks will be skipped, or fail with SIGMAGLOT_ENGINES=required)" >&2
  fi
}
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || apt_install postgresql
# Spark needs a Java, Lucene's runner a JDK: it runs from its source.
command -v javac >/dev/null || apt_install default-jdk-headless
ls /usr/share/java/lucene-core-8.*.jar >/dev/null 2>&1 || apt_install liblucene8-java
echo "engines are in $into"
