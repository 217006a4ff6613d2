"""Where results and progress are printed: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmark.errors import UserError


def emit(text: str, record: Any, target: str | None) -> None:
    """Print the text; or the JSON instead, when it goes to standard output."""
    if target == "-":
        print(json.dumps(record, indent=2))
        return
    # What was computed is shown in any case.
    print(text)
    if target:
        try:
            Path(target).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"--json '{target}' cannot be written ({error.strerror}); choose another file.") from None


def report(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)
