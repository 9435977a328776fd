"""What the tests here begin with: PyTorch or a printed skip, the references' paths, the exit code."""

import os
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
GOLDEN = os.path.join(TOP, "data", "golden")
SKIPPED = 77  # CTest's SKIP_RETURN_CODE

sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "tools", "baselines")]
sys.dont_write_bytecode = True

try:
    import torch  # noqa: F401
except ImportError as error:
    if os.environ.get("LNN_REQUIRE_TORCH") == "1":
        sys.exit(f"LNN_REQUIRE_TORCH=1, but PyTorch does not load: {error}")
    print(f"skipped: PyTorch does not load ({error}); Debian has it as python3-torch, for /usr/bin/python3")
    sys.exit(SKIPPED)


def exit_code(program):
    """0 or 1 of a unittest.main(exit=False)"""
    return 0 if program.result.wasSuccessful() else 1
