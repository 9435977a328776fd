# shellcheck shell=bash
# Packages and build, sourced by run.sh and test.sh. Says and does nothing where nothing is missing or has changed.

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
log=$root/build/setup.log
preset=cuda  # CMake builds the CPU backend alone where it finds no nvcc >= 12.0
mkdir -p "$root/build"

say() { printf '%s\n' "$*" >&2; }

# ninja's [12/230], on a terminal alone
count_steps() {
    if [ -t 2 ]; then
        awk 'match($0, /^\[[0-9]+\/[0-9]+\]/) { printf "\r%s", substr($0, 1, RLENGTH); fflush(); n = 1 } END { if (n) print "" }' >&2
    else
        cat > /dev/null
    fi
}

# quietly COMMAND...: into the log, whose end is shown if the command fails
quietly() {
    "$@" 2>&1 < /dev/null | tee "$log" | count_steps && return
    tail -n 60 "$log" >&2
    say "failed: $*"
    return 1
}

# Debian's package, Ubuntu's snap, or Chrome: any will do
any_browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
} > /dev/null

# missing_packages run|test|all: of packages.txt, what is not installed; "# test" and "# all" begin what the jobs before
# do not need
missing_packages() {
    local wanted
    mapfile -t wanted < <(awk -v job="$1" '/^# test/ && job == "run" || /^# all/ && job != "all" { exit }
        !/^#/ { $1 = $1; print }' OFS='\n' "$root/tools/packages.txt")
    comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2> /dev/null | sed -n 's/^installed //p' | sort -u)
}

# from_apt PACKAGE...: installs where that is allowed
from_apt() {
    local as_root=(env)
    if [ "$(id -u)" != 0 ]; then as_root=(sudo -n env); fi
    if ! command -v apt-get > /dev/null || ! "${as_root[@]}" true 2> /dev/null; then return; fi
    say "installing $*"
    local apt_get=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120)
    "${apt_get[@]}" -qq update > "$log" 2>&1 < /dev/null || true  # one broken source does not matter yet
    quietly "${apt_get[@]}" -qq install --no-install-recommends -y "$@" || true
}

# install_packages run|test|all; exit 3 where some remain missing
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$1")
    [ ${#missing[@]} -gt 0 ] || return 0
    from_apt "${missing[@]}"
    mapfile -t missing < <(missing_packages "$1")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "missing packages, which cannot be installed from here: ${missing[*]}"
    say "as root: apt-get install ${missing[*]}"
    exit 3
}

# a browser, where apt has one (on Ubuntu 24.04 it has not): what needs one is else skipped
install_browser() {
    any_browser && return
    if apt-cache show chromium > /dev/null 2>&1; then from_apt chromium; fi
    any_browser || say "no browser, so the tests that need one are skipped: install chromium or google-chrome"
}

# processor_has FLAG...
processor_has() {
    local flag
    for flag; do grep -q "^flags.*\<$flag\>" /proc/cpuinfo || return; done
}

# own_instruction_sets: of kernels/cpu/instruction_sets.cpp, the portable one and the widest of this machine
own_instruction_sets() {
    if processor_has avx512f avx512dq avx512vl avx512bw avx2 fma; then
        echo "portable;avx512"
    elif processor_has avx2 fma; then
        echo "portable;avx2"
    else
        echo portable
    fi
}

# CMake's flag for ccache, where that is there: what several builds have in common is compiled once
compiled_once() { echo "-DCMAKE_CXX_COMPILER_LAUNCHER=$(command -v ccache)"; }

# build PRESET TESTS TARGET...: configures, builds what has changed. Always configures anew: another preset may have been
# here, and a CUDA compiler or a card may have come or gone; but tests once asked for stay, and with them the instruction
# sets of every machine
build() (
    local name=$1 tests=$2 dir=$root/build flags=()
    shift 2
    [ "$name" = "$preset" ] || dir+=/$name
    export CCACHE_DEPEND=1  # dependencies as the compiler tells them: nothing is preprocessed only to be looked up
    exec 9> "$root/build/.lock" && flock 9  # a second call waits
    cd "$root" || exit
    if grep -qs "^LNN_TESTS:BOOL=ON$" "$dir/CMakeCache.txt"; then tests=ON; fi
    # what no other build has in common: precompiled headers save more than a cache (host/CMakeLists.txt)
    if [ "$tests" = OFF ]; then
        flags=(-D LNN_INSTRUCTION_SETS="$(own_instruction_sets)" -D CMAKE_CXX_COMPILER_LAUNCHER=)
    elif [[ $name != *san ]]; then
        flags=("$(compiled_once)")
    fi
    [ -f "$dir/build.ninja" ] || say "building in ${dir#"$root"/}, which takes minutes the first time (log: build/setup.log)"
    quietly cmake --preset "$name" -D LNN_TESTS="$tests" "${flags[@]}"
    quietly cmake --build "$dir" --target "$@"
)
