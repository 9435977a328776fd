#!/usr/bin/env bash
# run.sh ARGUMENTS: sets up and builds what is needed, then lnn_gpu run ARGUMENTS, where you stand.
set -euo pipefail
# shellcheck source=tools/setup.sh
source "$(dirname "$(readlink -f "$0")")/setup.sh"

install_packages run
build "$preset" OFF lnn_gpu
exec "$root/build/lnn_gpu" run "$@"
