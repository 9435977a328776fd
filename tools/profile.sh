#!/usr/bin/env bash
# profile.sh [nsys|ncu] [-- ARGUMENTS]: sets up and builds what is needed, then lnn_gpu run ARGUMENTS under a profiler.
#   nsys  Nsight Systems: where time goes, as a timeline of ranges, CUDA calls and system calls; the default
#   ncu   Nsight Compute: what bounds each of the first kernels of training; needs a GPU
# The profile is the next free reportN.nsys-rep or reportN.ncu-rep where you stand.
set -euo pipefail
# shellcheck source=tools/setup.sh
source "$(dirname "$(readlink -f "$0")")/setup.sh"

profiler=nsys
case ${1-} in
    nsys | ncu) profiler=$1 && shift ;;
esac
if [ $# -gt 0 ] && [ "$1" != -- ]; then
    say "profile.sh: unknown '$1'; usage: profile.sh [nsys|ncu] [-- arguments of lnn_gpu run]"
    exit 2
fi
PATH+=:/usr/local/cuda/bin
if ! command -v "$profiler" > /dev/null; then
    say "profile.sh: no $profiler on PATH; it comes with the CUDA toolkit, or as a package of its own (Nsight)"
    exit 3
fi
shift $(($# > 0))

install_packages run
build "$preset" OFF lnn_gpu
case $profiler in
    nsys) command=(nsys profile "--trace=cuda,nvtx,osrt") ;;
    # each kernel runs anew for every group of counters: few of them
    ncu) command=(ncu --set full --nvtx --nvtx-include lnn_gpu@train/ --launch-count 10 --export report%i) ;;
esac
exec "${command[@]}" "$root/build/lnn_gpu" run "$@"
