#!/usr/bin/env bash
# ptxas_says.sh DIRECTORY NVCC FLAG...: compiles, and leaves in DIRECTORY/NAME.ptxas what ptxas says of each kernel of
# NAME.cu under -Xptxas -v, for a person and for tests/kernel_budget; prints it where the compilation fails
set -euo pipefail
directory=$1 object=
shift
for ((i = 1; i < $#; i++)); do
    if [ "${!i}" = -o ]; then j=$((i + 1)) && object=${!j}; fi
done
said=$directory/$(basename "$object" .cu.o).ptxas
"$@" > "$said" 2>&1 && exit
status=$?
cat "$said" >&2
exit $status
