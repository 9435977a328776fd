#!/usr/bin/env bash
# Is the CUDA backend right? Built where the compiler is, run where a GPU is.
#   gpu_check.sh build      into build/gpu_check: programs, libraries, golden values and this script, at most 64 MiB
#   gpu_check.sh run [OUT]  on a GPU, in at most 10 minutes; needs the driver and glibc, for some parts cuBLAS and
#                           cuSOLVER. Leaves OUT/summary.json, OUT/bench.json and OUT/log.txt (OUT: gpu_check.out), each
#                           result as soon as it is there; exit 1 if a part failed, 3 without a GPU
#   gpu_check.sh dry        builds, and runs the same on the emulated device
# The build is for the card that is here; where none answers, for the H100 and all that came after it.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
bundle=$here  # run stands beside its programs, or in tools/
[ -x "$here/lnn_gpu" ] || bundle=$(dirname "$here")/build/gpu_check
programs=(lnn_gpu lnn_kernels_tests lnn_golden_tests)
on_card='*cuda*'
on_card_in_f32='*cuda_f32*'
by_libraries='cuda.*:*LeastSquares*cuda*'  # cuBLAS and cuSOLVER
# short ones that together start every kind of kernel
under_sanitizer='Doors/Samples.AccelerationsOfAnyNumber/cuda_f32:Doors/Samples.TrajectoriesOfAnyNumber/cuda_f32'
under_sanitizer+=':Doors/Slices.OneTwoFourStepsAreSeven/cuda_*:Doors/Gradient.OfOtherDepths/cuda'
under_sanitizer+=':Doors/Evaluate.InPartsAndOfAnyNumber/cuda_f32'

# libraries PROGRAM...: files of all they load; but glibc belongs to its machine
libraries() {
    ldd "$@" | sed -En 's/.* => (\/[^ ]+) .*/\1/p' | grep -Ev '/lib(c|m|dl|rt|pthread)\.so' | sort -u
}

# make_bundle [test|all]: with the packages for what is done with it
make_bundle() {
    # shellcheck source=tools/setup.sh
    source "$here/setup.sh"
    install_packages "${1:-test}"
    build "$preset" ON "${programs[@]}"
    if ! grep -q 'lnn_kernels.dir/cuda/train.cu.o:' "$root/build/build.ninja"; then
        say "gpu_check.sh: no CUDA toolkit of at least 12.0, nothing to check; set CUDA_HOME to it"
        exit 3
    fi
    rm -rf "$bundle" && mkdir -p "$bundle/lib"
    local program
    for program in "${programs[@]}"; do strip -o "$bundle/$program" "$root/build/$program"; done
    libraries "${programs[@]/#/$root/build/}" | xargs cp -Lt "$bundle/lib"
    cp -r "$root/data/golden" "$here/gpu_check.sh" "$bundle"
    local bytes
    bytes=$(du -sb "$bundle" | cut -f 1)
    echo "build/gpu_check: $((bytes >> 20)) MiB"
    [ "$bytes" -le $((64 << 20)) ] || { echo "gpu_check.sh: more than 64 MiB"; return 1; }
}

# json_text TEXT
json_text() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# write_summary: what is known so far, should the next part take the machine along
write_summary() {
    {
        printf '{\n  "date": "%s",\n  "device": %s,\n  "command": %s,\n  "passed": %s,\n  "parts": [' \
            "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(json_text "$device")" "$(json_text "$command")" "$passed"
        local IFS=,
        printf '%s\n  ]\n}\n' "${parts[*]}"
    } > "$out/summary.json"
}

# note NAME VERDICT SECONDS
note() {
    parts+=($'\n    '"{\"name\": \"$1\", \"verdict\": \"$2\", \"seconds\": $3}")
    echo "$1: $2, $3 s"
    write_summary
}

# job NAME LIMIT: job_NAME of this script, in OUT/jobs
job() {
    part "$1" "$2" env -C "$out/jobs" "$BASH" -euo pipefail "$script" "job_$1"
}

# part NAME LIMIT COMMAND...: in at most LIMIT seconds
part() {
    local began=$SECONDS status=0 verdict=passed from
    echo "== $1: ${*:3}" >> "$out/log.txt"
    from=$(wc -l < "$out/log.txt")
    timeout --kill-after 5 "$2" "${@:3}" >> "$out/log.txt" 2>&1 < /dev/null || status=$?
    if [ $status = 124 ] || [ $status = 137 ]; then
        verdict="timed out"
    elif [ $status != 0 ]; then
        verdict="exit $status"
    elif tail -n +"$from" "$out/log.txt" | grep -q '] 0 tests from'; then
        verdict="no test"
    fi
    [ "$verdict" = passed ] || passed=false
    note "$1" "$verdict" $((SECONDS - began))
}

# jobs of seconds, as a person would give them; their runs lie in the working directory
lnn_gpu() { "$bundle/lnn_gpu" "$@" --backend cuda; }
is_emulated() { "$bundle/lnn_gpu" doctor | grep -q "emulated device"; }
lm=(--set train.lm.iterations=2 --set 'train.lm.samples=[64,64]')
job_default() {
    lnn_gpu run --out default -q --set train.steps=40 "${lm[@]}" --set eval.repeats=1 --set eval.trajectories=20
    test -s default/report.html
}
job_adam() { lnn_gpu train --out adam -q --preset adam --set train.steps=10 --set run.seeds=2; }
job_lm() { lnn_gpu train --out lm -q --preset small --set train.steps=40 "${lm[@]}" --set run.seeds=2; }
job_sweep() {
    lnn_gpu sweep --out sweep -q --preset sweetspot --set train.epochs=1 --grid train.lr=1e-2,1e-3 --seeds 0:4
    [ "$(wc -l < sweep/table.csv)" = 9 ]
}
job_eval() {
    local protocol
    for protocol in trajectories box energy links; do
        lnn_gpu eval lm --protocol $protocol --trajectories 3 --set eval.repeats=1
    done
}
job_study() {
    lnn_gpu study preferred-coordinate --out study -q --models 2 --trajectories 20 --set train.epochs=0 \
        --set train.steps=20 "${lm[@]}"
}
# killed in the middle and resumed, a training ends with the weights of one that was not
job_resume() {
    local epochs=400 pid
    if is_emulated; then epochs=8; fi
    local training=(train -q --preset sweetspot --set run.seeds=2 --set "train.epochs=$epochs" --set train.checkpoint_every=1)
    lnn_gpu "${training[@]}" --out whole
    "$bundle/lnn_gpu" "${training[@]}" --backend cuda --out killed &
    pid=$!
    until compgen -G 'killed/checkpoints/step-*[1-9]*/DONE' > /dev/null || ! kill -0 $pid; do sleep 0.01; done
    kill -9 $pid  # fails where it has ended by itself
    if wait $pid; then exit 1; fi
    "$bundle/lnn_gpu" train --resume killed -q
    cmp whole/models/seed-1.safetensors killed/models/seed-1.safetensors
}

run() {
    local said status=0
    said=$("$bundle/lnn_gpu" doctor --backend cuda 2>&1) || status=$?
    if [ $status = 3 ]; then
        echo "gpu_check.sh: no GPU that works: $(sed -n 's/.*error: //p' <<< "$said")" >&2
        exit 3
    fi
    device=$(sed -n 's/^cuda: //p' <<< "$said")
    mkdir -p "${1:-gpu_check.out}"
    out=$(readlink -f "${1:-gpu_check.out}") passed=true parts=()
    rm -rf "$out/bench.json" "$out/jobs" && mkdir "$out/jobs"
    : > "$out/log.txt"
    export LNN_REQUIRE_GPU=1 LNN_GOLDEN_DIR=$bundle/golden
    # tools/test.sh has all of the kernels' tests on an emulated device, where the limits of a card would not do
    local emulated=false
    if [[ $device == *emulated* ]]; then emulated=true on_card_in_f32=$under_sanitizer; fi
    # in the order of worth, should the machine go
    part doctor 15 "$bundle/lnn_gpu" doctor --backend cuda
    part kernels_f32 80 "$bundle/lnn_kernels_tests" --gtest_brief=1 --gtest_filter="$on_card_in_f32"
    local name
    job default 60
    for name in adam lm sweep eval study resume; do job $name 20; done
    part golden 45 "$bundle/lnn_golden_tests" --gtest_brief=1 --gtest_filter="$on_card"
    part routes 20 "$bundle/lnn_kernels_tests" --gtest_brief=1 --gtest_filter="$by_libraries"
    if $emulated; then
        note bench "skipped: the speed of an emulated device says nothing" 0
    else
        part bench 90 "$bundle/lnn_gpu" bench --backend cuda --out "$out/bench.json" --force
    fi
    local sanitizer tool
    if ! $emulated && sanitizer=$(PATH+=:/usr/local/cuda/bin type -P compute-sanitizer); then
        for tool in memcheck racecheck initcheck synccheck; do
            part $tool 25 "$sanitizer" --tool $tool --error-exitcode 1 "$bundle/lnn_kernels_tests" \
                --gtest_filter="$under_sanitizer"
        done
    else
        note sanitizer "skipped: no compute-sanitizer on PATH, or no card for it" 0
    fi
    $emulated || part kernels 50 "$bundle/lnn_kernels_tests" --gtest_brief=1 --gtest_filter="$on_card-$on_card_in_f32"
    rm -rf "$out/jobs"
    $passed
}

# in_the_open COMMAND...: as on another machine, with nothing in the environment
in_the_open() (
    cd / && env -i "$@"
)

# on_the_emulated_device DIRECTORY: the script as it is, with programs that bring a device along
on_the_emulated_device() {
    build emulated ON "${programs[@]}"
    mkdir "$1"
    cp "${programs[@]/#/$root/build/emulated/}" "$here/gpu_check.sh" "$1"
    cp -r "$root/data/golden" "$1"
    "$1/gpu_check.sh" run "$1/out" && return
    tail -n 60 "$1/out/log.txt"
    return 1
}

dry() {
    make_bundle all
    local elsewhere program status=0
    elsewhere=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$elsewhere'" EXIT
    cp -r "$bundle" "$elsewhere/it"
    bundle=$elsewhere/it
    if libraries "${programs[@]/#/$bundle/}" | grep -v "^$bundle/lib/" || ldd "${programs[@]/#/$bundle/}" | grep "not found"; then
        echo "gpu_check.sh: the libraries above are not in the bundle"
        return 1
    fi
    in_the_open "$bundle/lnn_gpu" --version
    for program in "${programs[@]:1}"; do
        # a card that is required keeps its golden tests in the list
        if ! in_the_open LNN_REQUIRE_GPU=1 "$bundle/$program" --gtest_list_tests --gtest_filter="$on_card" | grep '^  ' > /dev/null; then
            echo "gpu_check.sh: $program has no test of $on_card, or does not start"
            return 1
        fi
    done
    local name
    for name in ${under_sanitizer//:/ }; do
        if ! in_the_open "$bundle/lnn_kernels_tests" --gtest_list_tests --gtest_filter="$name" | grep '^  ' > /dev/null; then
            echo "gpu_check.sh: no test $name"
            return 1
        fi
    done
    # 1: on a machine with a GPU, parts may fail; that is for run to say
    in_the_open "$bundle/gpu_check.sh" run "$elsewhere/out" || status=$?
    [ $status = 3 ] || [ -s "$elsewhere/out/summary.json" ]
    on_the_emulated_device "$elsewhere/emulated"
}

command="$0 $*" script=$here/gpu_check.sh
case ${1-} in
    job_*) "$1" ;;
    build) make_bundle ;;
    run) run "${@:2}" ;;
    dry) dry ;;
    *)
        sed -n '2,7s/^# \?//p' "$0" >&2
        exit 2
        ;;
esac
