"""`python -m benchmark`."""

import os
import signal

if __name__ == "__main__":
    # Ctrl-C while modules are being loaded ends the process as the system does it: status 130 in a shell, no traceback.
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from benchmark.blas import prefer_wide_kernels
    from benchmark.cli import main

    # Before anything loads NumPy, and for the child processes too.
    prefer_wide_kernels(os.environ)
    signal.signal(signal.SIGINT, handler)
    main()
