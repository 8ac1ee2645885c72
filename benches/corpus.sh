#!/usr/bin/env bash
# The whole process over a directory of rules: CPU time (user and system) and peak memory of the release build.
# Usage: benches/corpus.sh [DIRECTORY...]   default: the rules of SIGMAGLOT_CORPUS
# Prints the best of five runs as the table of docs/benchmarks.md has it. Needs GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
    corpus="${SIGMAGLOT_CORPUS:-../shared/corpus/sigmahq}"
    set -- "$corpus"/rules*
fi
cargo build --release --quiet
program=target/release/sigmaglot
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
measure() { # LABEL COMMAND...: the best of five
    local label=$1
    shift
    : >"$figures"
    for _ in 1 2 3 4 5; do
        command time -a -o "$figures" -f '%U %S %e %M' "$@" >/dev/null 2>&1 || true # 2: some rules cannot be converted
    done
    awk -v label="$label" '
        NF == 4 && (!seen || $1 + $2 < cpu) { cpu = $1 + $2; wall = $3; seen = 1 }
        NF == 4 && $4 > memory { memory = $4 }
        END { printf "| %s | %.2f s | %.2f s | %.0f MB |\n", label, cpu, wall, memory / 1024 }' "$figures"
}

printf '%s, %s cores, %s\n\n' "$(uname -ms)" "$(getconf _NPROCESSORS_ONLN)" "$("$program" --version)"
printf '| command | CPU | wall | peak memory |\n|---|---|---|---|\n'
one=$(find "$@" -name '*.yml' -print | sort | awk 'NR == 1')
measure '`convert RULES -t eql,kql,spl,sql --format jsonl`' "$program" convert "$@" -t eql,kql,spl,sql --format jsonl
measure '`check RULES`' "$program" check "$@"
measure '`convert RULE -t eql,kql,spl,sql`' "$program" convert "$one" -t eql,kql,spl,sql
