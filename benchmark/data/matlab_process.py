"""The process that reads one MATLAB file, run as `python -m benchmark.data.matlab_process FILE ARRAY`.

It writes the array as a .npy file to standard output; or a sentence, with exit status 2.
"""

from __future__ import annotations

import contextlib
import io
import resource
import sys
from pathlib import Path

import numpy as np

from benchmark.data.arrays import LARGEST_ARRAY
from benchmark.data.matlab import read_rows
from benchmark.errors import UserError


def main() -> int:
    """Read one file; the exit status."""
    # A small file may say that it unpacks to more than this machine has.
    with contextlib.suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = 4 * LARGEST_ARRAY
        resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))
    try:
        content = io.BytesIO()
        np.save(content, read_rows(Path(sys.argv[1]), sys.argv[2]))
    except UserError as error:
        sys.stdout.buffer.write(str(error).encode(errors="replace"))
        return 2
    sys.stdout.buffer.write(content.getbuffer())
    return 0


if __name__ == "__main__":
    sys.exit(main())
