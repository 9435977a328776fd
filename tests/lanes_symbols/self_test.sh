#!/bin/sh
# self_test.sh COMPILER: lanes_symbols.sh accepts objects whose inline functions stand in their namespace and
# refuses one with an inline function outside it, and one of another instruction set.
set -eu
compiler=$1
check=$(cd "$(dirname "$0")" && pwd)/lanes_symbols.sh
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

printf '%s\n' 'namespace lnn::inline isa_avx2 { [[gnu::noinline]] inline int f(int x) { return x + 1; } }' \
    'int g(int x) { return lnn::f(x); }' > inside.cpp
printf '%s\n' '[[gnu::noinline]] inline int f(int x) { return x + 1; }' \
    'namespace lnn::inline isa_avx2 { int g(int x) { return f(x); } }' > outside.cpp
printf '%s\n' 'namespace lnn::inline isa_avx2 { void f(); struct S { ~S(); }; void g() { S s; f(); } }' > cleanup.cpp
for name in inside outside cleanup; do
    "$compiler" -std=c++20 -O3 -c $name.cpp
done

sh "$check" avx2 inside.o cleanup.o
for refused in 'avx2 outside.o' 'avx2 inside.o outside.o' 'avx512 inside.o'; do
    # shellcheck disable=SC2086
    if sh "$check" $refused > /dev/null; then
        echo "self_test: lanes_symbols.sh $refused should fail"
        exit 1
    fi
done
