#!/usr/bin/env bash
# test.sh [all]: builds, and tests what is built, from formulas to the command line and the pages of reports. With all, the
# same code again where mistakes show that it hides: under the sanitizers, on an emulated CUDA device
# (tests/emulated_device) where the headers of a CUDA toolkit are there, and on older processors.
#
# Ends with a line "N passed, N failed, N skipped"; exit 1 if any failed. What is missing (shared data, PyTorch, a browser)
# skips tests, or fails them where LNN_REQUIRE_DATA, LNN_REQUIRE_TORCH or LNN_REQUIRE_BROWSER is 1. Tests for cards run
# where one answers or LNN_REQUIRE_GPU is 1.
set -euo pipefail
# shellcheck source=tools/setup.sh
source "$(dirname "$(readlink -f "$0")")/setup.sh"
cd "$root"
case "$*" in
    "") all=false ;;
    all) all=true ;;
    *)
        say "test.sh: unknown '$*'; usage: test.sh [all]"
        exit 2
        ;;
esac
launched=$root/build/launched  # kernels that were started
results=$root/build/results  # a JUnit file for each set of tests; CTest and GoogleTest both write them

# timed NAME COMMAND...: a part of the whole, and how long it took
timed() {
    local began=$SECONDS
    echo "== $1"
    "${@:2}"
    echo "== $1: $((SECONDS - began)) s"
}

# tests NAME COMMAND...: the command leaves its tests in NAME.xml; where it leaves none, or fails without a failed
# test, it counts as a test itself
tests() {
    local xml=$results/$1.xml status=0
    "${@:2}" || status=$?
    if [ $status = 0 ] && [ ! -f "$xml" ]; then
        echo "<testsuite><testcase name='run'/></testsuite>" > "$xml"
    elif [ $status != 0 ] && ! grep -qs '<failure' "$xml"; then
        echo "<testsuite><testcase name='run'><failure message='exit $status'/></testcase></testsuite>" > "$xml"
    fi
}

# in_ctest NAME DIRECTORY FLAG...: CTest's tests of a directory; no line for a test that passes
in_ctest() {
    "${here[@]}" ctest --test-dir "$2" "${@:3}" -j"$(nproc)" --no-tests=error --output-on-failure --test-output-size-passed 65536 \
        --output-junit "$results/$1.xml" | grep -Ev '^ +Start +[0-9]+: |Test +#[0-9]+: .*( Passed |\*\*\*Skipped)|^\s+[0-9]+ - .*\(Skipped\)$'
}

# gpu_check: what a GPU would run starts elsewhere; only where there is a CUDA compiler
gpu_check() {
    if grep -q 'lnn_kernels.dir/cuda/train.cu.o:' build/build.ninja; then
        timed "gpu_check: dry" tests gpu_check tools/gpu_check.sh dry
    fi
}

# can_emulate: configures; false where there are no headers for it
can_emulate() {
    cmake --preset emulated -D LNN_TESTS=ON "$(compiled_once)" > "$log" 2>&1 && return
    grep -q "needs the headers of a CUDA toolkit" "$log" && return 1
    tail -n 60 "$log" >&2
    exit 1
}

# on_device NAME DEVICE PROGRAM FLAG...: a program's tests for cards, on an emulated device
on_device() {
    tests "$1" env LNN_REQUIRE_GPU=1 LNN_EMULATED="$2" "build/emulated/$3" --gtest_brief=1 \
        --gtest_output="xml:$results/$1.xml" "${@:4}"
}

# the CUDA backend on the emulated device: every test for cards, the command line, and which kernels none of them started
emulated() {
    timed "emulated: build" build emulated ON lnn_gpu lnn_device_tests lnn_golden_tests lnn_kernels_tests
    rm -rf "$launched" && mkdir "$launched"
    export LNN_EMULATED_LAUNCHED=$launched
    timed "emulated: itself" tests emulated.device in_ctest emulated.device build/emulated/tests/device
    # each takes one core
    timed "emulated: kernels" on_device emulated.kernels order=random:1 lnn_kernels_tests --gtest_filter='*cuda*' &
    timed "emulated: golden" on_device emulated.golden order=random:2 lnn_golden_tests --gtest_filter='*cuda*' &
    wait
    # the least of cards, but for what cuBLAS and cuSOLVER do, and an H100
    timed "emulated: small" on_device emulated.small multiprocessors=1,shared=48K,order=reverse lnn_kernels_tests \
        --gtest_filter='*cuda*-*LeastSquares*' &
    timed "emulated: large" on_device emulated.large multiprocessors=132,shared=227K lnn_kernels_tests \
        --gtest_filter='*cuda*' &
    wait
    timed "emulated: command line" tests emulated.cli in_ctest emulated.cli build/emulated/tests/cli
    unset LNN_EMULATED_LAUNCHED
    tests emulated.launched /usr/bin/python3 tests/emulated_device/launched.py "$launched" \
        build/emulated/{lnn_kernels_tests,lnn_golden_tests,lnn_gpu}
}

# sanitized PRESET ROOM...; without the tests that the expression $left_out names
sanitized() {
    local targets=("${@:2}") room
    targets=("${targets[@]/#/lnn_}")
    timed "$1: build" build "$1" ON "${targets[@]/%/_tests}"
    for room in "${@:2}"; do
        timed "$1: $room" tests "$1.$room" in_ctest "$1.$room" "build/$1/tests/$room" ${left_out:+-E "$left_out"}
    done
}

# doctor_finds ISA EMULATOR...
doctor_finds() {
    "${@:2}" build/lnn_gpu doctor --json | grep -q "\"isa\": \"$1\""
}

# on_processor CPU ISA CORE_TESTS...: the same binaries on an emulated processor, whose best instruction set is ISA
on_processor() {
    local cpu=(qemu-x86_64 -cpu "$1") program
    tests "$1.doctor" doctor_finds "$2" "${cpu[@]}"
    for program in "${@:3}"; do  # models take the same lanes for minutes
        tests "$1.$program" "${cpu[@]}" "build/$program" --gtest_brief=1 --gtest_output="xml:$results/$1.$program.xml" \
            --gtest_filter='-Lagrangian*'
    done
    tests "$1.golden" "${cpu[@]}" build/lnn_golden_tests --gtest_brief=1 --gtest_output="xml:$results/$1.golden.xml" \
        --gtest_filter="*InDoubleAreExact/$2"
}

# where_it_hides: all but what is as built
where_it_hides() {
    if [ "$sanitizers" ]; then emulated; fi
    gpu_check
    # what compares a card with registers that have a fused product: they are not in these builds
    local fused=TheProcessor
    left_out=$fused sanitized "${sanitizers}asan" core kernels ${sanitizers:+device} terminal settings files fuzz golden report
    # TSan of g++ 12 may fail to start where addresses are random in more than 28 bits
    if setarch -R true 2> /dev/null; then here=(setarch -R); fi
    # Fibers take minutes under TSan: what starts the same kernels again is left out, and so are the faults of a device,
    # met by one thread. The barriers of every model are tried on threads (BlockTrain).
    local again='OfEvery(Loss|Model)/cuda|cuda_f64|WhereTheMassMatrix.*/cuda|OnAnyNumberOfThreads.*/cuda|AgreeOverSolvers'
    left_out="$again|Faults|$fused" sanitized "${sanitizers}tsan" kernels ${sanitizers:+device} golden
    # each takes one core
    timed Nehalem on_processor Nehalem portable lnn_core_tests &
    timed Haswell on_processor Haswell avx2 lnn_core_tests_avx2 &
    wait
}

if $all; then
    install_packages all
else
    install_packages test
    # code that no card here could run: run.sh compiles it, or test.sh all
    if ! nvidia-smi -L > /dev/null 2>&1 && [ ! -f build/kernels/train.ptxas ]; then preset=cpu; fi
fi
install_browser
timed build build "$preset" ON all
rm -rf "$results" && mkdir "$results"
here=() chosen=() sanitizers=
if ! $all; then
    echo "left to ./tools/test.sh all: sanitizers, the emulated CUDA device, older processors"
elif can_emulate; then
    # tests for cards run there, unless a card is here
    if [ "${LNN_REQUIRE_GPU-}" != 1 ] && ! build/lnn_gpu doctor --backend cuda > /dev/null 2>&1; then
        echo "no card here: tests for one run on the emulated device alone"
        chosen=(-E cuda)
        export LNN_NO_CARD=1
    fi
    sanitizers=emulated-
else
    echo "<testsuite><testcase name='emulated device'><skipped/><system-out>skipped: no headers of a CUDA toolkit" \
        "</system-out></testcase></testsuite>" > "$results/emulated.xml"
fi
timed tests tests "$preset" in_ctest "$preset" build "${chosen[@]}"
unset LNN_NO_CARD
if $all; then where_it_hides; fi
echo "== in all: $SECONDS s"
/usr/bin/python3 tools/tally.py "$results"
