#!/bin/sh
# lanes_symbols.sh ISA OBJECT...: of an inline function that several objects bring, the linker keeps one, perhaps that
# with the widest instructions, for all. So every weak symbol of an object built for an instruction set must live in
# that set's namespace, isa_ISA; but the pointer to the handler of exceptions (DW.ref.) is no code. Lists those that
# do not; exit 1 if there are any, or if there is nothing to look at.
set -eu
isa=$1
shift
symbols=$(nm --demangle --defined-only "$@")
if ! echo "$symbols" | grep -q "isa_$isa::"; then
    echo "lanes_symbols: nothing of isa_$isa in $*"
    exit 1
fi
if echo "$symbols" | sed -n 's/^[0-9a-f]* [wWvVu] //p' | grep -v -e "isa_$isa::" -e '^DW\.ref\.'; then
    echo "lanes_symbols: the weak symbols above may be shared with other instruction sets: move them into lnn::isa_$isa"
    exit 1
fi
