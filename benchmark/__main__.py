"""`python -m benchmark`."""

import os

from benchmark.blas import prefer_wide_kernels
from benchmark.cli import main

if __name__ == "__main__":
    # Before anything loads NumPy, and for the child processes too.
    prefer_wide_kernels(os.environ)
    main()
