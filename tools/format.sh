#!/usr/bin/env bash
# format.sh [check]: puts every C++ and CUDA file that git knows into the form of .clang-format. With check it changes
# nothing, and shows what is not in that form (exit 1). One version of clang-format forms them, since each has a taste of
# its own: from PATH or from PyPI, into build/clang-format; exit 3 where there is neither.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
version=14.0.6
own=$PWD/build/clang-format

case ${1-} in
    "" | check) ;;
    *)
        echo "format.sh: unknown '$1'; usage: format.sh [check]" >&2
        exit 2
        ;;
esac

# find_program: leaves it in clang_format
find_program() {
    for clang_format in clang-format clang-format-14 "$own/clang_format/data/bin/clang-format"; do
        if "$clang_format" --version 2> /dev/null | grep "version $version" > /dev/null; then return; fi
    done
    return 1
}

from_pypi() {
    /usr/bin/python3 -m pip install -q --retries 1 --timeout 10 --target "$own" --upgrade clang-format==$version
} > /dev/null 2>&1

if ! git rev-parse 2> /dev/null; then
    echo "format.sh: skipped: this is no repository of git, which knows the files" >&2
    exit 3
fi
if ! find_program && { ! from_pypi || ! find_program; }; then
    echo "format.sh: skipped: no clang-format $version here, and none from PyPI: pip install clang-format==$version" >&2
    exit 3
fi
mapfile -td '' sources < <(git ls-files -z '*.cpp' '*.hpp' '*.cu' '*.cuh')
if [ "${1-}" != check ]; then exec "$clang_format" -i "${sources[@]}"; fi
# by what comes out: its own --dry-run names comments that it leaves as they are
formed=$(mktemp -d)
trap 'rm -rf "$formed"' EXIT
cp --parents .clang-format "${sources[@]}" "$formed"
(cd "$formed" && "$clang_format" -i "${sources[@]}")
differences=$(diff -ru . "$formed" | grep -v '^Only in ' || true)
if [ "$differences" ]; then
    printf '%s\n' "$differences" "format.sh: ./tools/format.sh puts these into their form" >&2
    exit 1
fi
