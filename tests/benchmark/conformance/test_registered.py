"""Every registered generator keeps the promises of the interface; new ones are included as soon as they have a YAML file.

Training is cut to two steps and networks are made narrow, to be quick; `python -m benchmark check NAME` has them at full size.
"""

from __future__ import annotations

import pytest

from benchmark.config.generators import generator_names, load_class, load_spec
from benchmark.conformance import check_generator
from tests.small_generators import shortened


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("name", generator_names())
def test_it_keeps_every_promise(name: str) -> None:
    found = check_generator(load_class(load_spec(name)), shortened(name))
    assert {finding.check: finding.reason for finding in found if finding.state != "passed"} == {}
