#!/usr/bin/env bash
# fuzz.sh [SECONDS] [TARGET...]: libFuzzer on each target of tests/fuzz (or those named) for so long (60), from its
# corpus. Prints executions, their rate and findings, which are left in build/fuzz/crashes; exit 1 if there are any, 3
# without clang. What is found goes into tests/fuzz/corpus/TARGET, once it is mended.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

if ! command -v clang++ > /dev/null; then
    echo "no clang++, whose libFuzzer runs the targets; install clang (tools/packages.txt)" >&2
    exit 3
fi
seconds=60
if [[ ${1-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
targets=("$@")
if [ $# = 0 ]; then
    targets=(tests/fuzz/corpus/*/)
    targets=("${targets[@]%/}")
    targets=("${targets[@]##*/}")
fi

cmake --preset fuzz > /dev/null
cmake --build --preset fuzz --target "${targets[@]/#/lnn_fuzz_}" > build/fuzz/build.log || {
    tail -n 60 build/fuzz/build.log >&2
    exit 1
}
crashes=build/fuzz/crashes
found=0
mkdir -p "$crashes"
printf '%-12s %12s %8s %8s\n' target executions per_s findings
for target in "${targets[@]}"; do
    room=build/fuzz/corpus/$target
    log=build/fuzz/$target.log
    mkdir -p "$room"
    status=0
    # the first folder takes what is new; an input of more than five seconds or half a GiB is a finding
    build/fuzz/"lnn_fuzz_$target" "$room" "tests/fuzz/corpus/$target" -max_total_time="$seconds" -max_len=4096 \
        -timeout=5 -rss_limit_mb=1024 -malloc_limit_mb=512 -artifact_prefix="$crashes/$target-" \
        -print_final_stats=1 2> "$log" || status=$?
    awk -v target="$target" -v findings=$((status != 0)) '
        /^stat::number_of_executed_units/ { executions = $2 }
        /^stat::average_exec_per_sec/ { rate = $2 }
        END { printf "%-12s %12d %8d %8d\n", target, executions, rate, findings }' "$log"
    if [ $status != 0 ]; then
        found=1
        grep -E '^(oracle:|exit [0-9]|terminate|  what|.*(ERROR|runtime error):|SUMMARY)|Test unit written' "$log" >&2 || tail -n 5 "$log" >&2
    fi
done
exit $found
