"""What every generator promises, as checks that anyone can run on their own class.

`python -m benchmark check my_package:MyGenerator` prints a table of them; `check_generator` does the same from Python.
"""

from benchmark.conformance.probe import Probe, Violation
from benchmark.conformance.runner import CHECKS, Finding, as_json, as_text, check_generator, check_spec

__all__ = ["CHECKS", "Finding", "Probe", "Violation", "as_json", "as_text", "check_generator", "check_spec"]
