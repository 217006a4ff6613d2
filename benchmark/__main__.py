"""`python -m benchmark`, and the console script `timemar-bench`."""

import os
import signal
import sys


def main() -> None:
    """Run the command line; ends the process."""
    # Ctrl-C while modules are being loaded ends the process as the system does it: status 130 in a shell, no traceback.
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from benchmark.errors import UserError
    from benchmark.imports import own_modules_first

    try:
        own_modules_first()
    except UserError as error:
        sys.exit(_complain(str(error)))
    try:
        from benchmark.cli.app import main as run
    except ModuleNotFoundError as error:
        advice = "install the program with all that it needs: python -m pip install --editable FOLDER_OF_THE_PROGRAM"
        sys.exit(_complain(f"the package '{error.name}' is not installed; {advice}."))
    from benchmark.run.blas import use_avx512_blas

    # Before anything loads NumPy, and for the worker processes too.
    use_avx512_blas(os.environ)
    signal.signal(signal.SIGINT, handler)
    # A batch system ends its jobs with this signal: as clean a stop as Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    run()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _complain(sentence: str) -> int:
    print(f"error: {sentence}", file=sys.stderr)  # noqa: T201 - the command line is not loaded yet
    return 2


if __name__ == "__main__":
    main()
