#!/usr/bin/env bash
# The whole process over directories of rules: CPU time (user and system), wall time and peak memory of the release build.
# Usage: benches/corpus.sh [DIRECTORY...]   default: the rules of SIGMAGLOT_CORPUS
# Prints the tables of docs/benchmarks.md, each figure the best of RUNS (default 3). Needs GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-3}
if [ $# -eq 0 ]; then
    corpus="${SIGMAGLOT_CORPUS:?give directories of rules, or set SIGMAGLOT_CORPUS}"
    set -- "$corpus"/rules*
fi
if ! command time -f '' true 2>/dev/null; then
    echo 'benches/corpus.sh: GNU time is not installed' >&2
    exit 1
fi
program=${PROGRAM:-target/release/sigmaglot}
[ -n "${PROGRAM:-}" ] || cargo build --release --quiet
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT

best() { # COMMAND...: CPU, wall time and memory of the best run
    : >"$figures"
    local i
    for ((i = 0; i < runs; i++)); do
        # The exit code says that some rules cannot be converted, which is no failure here.
        command time -a -o "$figures" -f '%U %S %e %M' "$@" >/dev/null 2>&1 </dev/null || true
    done
    awk 'NF == 4 && (!seen || $1 + $2 < cpu) { cpu = $1 + $2; wall = $3; seen = 1 }
         NF == 4 && $4 > memory { memory = $4 }
         END { printf "%.2f %.2f %.0f\n", cpu, wall, memory / 1024 }' "$figures"
}

line() { # LABEL COMMAND...
    local label=$1 cpu wall memory
    shift
    read -r cpu wall memory < <(best "$@")
    printf '| %s | %s s | %s s | %s MB |\n' "$label" "$cpu" "$wall" "$memory"
}

mapped() { # TARGETS MAPPING...: without and with, and the ratio
    local targets=$1 mapping names options=() without with
    shift
    names=$(printf ', `%s`' "$@")
    for mapping in "$@"; do options+=(-p "$mapping"); done
    read -r without _ < <(best "$program" convert "${rules[@]}" -t "$targets" --format jsonl)
    read -r with _ < <(best "$program" convert "${rules[@]}" -t "$targets" "${options[@]}" --format jsonl)
    awk -v targets="$targets" -v names="${names#, }" -v a="$without" -v b="$with" \
        'BEGIN { printf "| %s | %s | %.2f s | %.2f s | %.2f |\n", targets, names, a, b, (a > 0 ? b / a : 0) }'
}

rules=("$@")
all=eql,kql,spl,sql
printf '%s, %s cores, %s\n\n' "$(uname -ms)" "$(getconf _NPROCESSORS_ONLN)" "$("$program" --version)"
printf '| command | CPU | wall | peak memory |\n|---|---|---|---|\n'
for target in eql kql spl sql "$all"; do
    line "\`convert RULES -t $target --format jsonl\`" "$program" convert "${rules[@]}" -t "$target" --format jsonl
done
line '`check RULES`' "$program" check "${rules[@]}"
line "\`verify rules -t $all\`" "$program" verify rules -t "$all"
one=$(find rules -name '*.yml' -print | sort | awk 'NR == 1')
line "\`convert RULE -t $all\`" "$program" convert "$one" -t "$all"
line '`--version`' "$program" --version

printf '\n| targets | mapping | without | with | ratio |\n|---|---|---|---|---|\n'
mapped eql ecs
mapped kql defender-xdr
mapped kql sentinel
mapped kql asim
mapped spl splunk
mapped sql sql-evtx
mapped sql sql-json
mapped "$all" ecs defender-xdr splunk sql-evtx
mapped "$all" ecs sentinel splunk sql-evtx
