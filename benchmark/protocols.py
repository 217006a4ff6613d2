"""The protocols by which real windows are divided."""

from __future__ import annotations

from typing import Literal, get_args

from benchmark.errors import unknown

Protocol = Literal["paper", "strict"]
"""All windows train and test, as in the literature; or training, validation and test windows of their own."""
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


def as_protocol(text: str) -> Protocol:
    """The protocol of that name; raises UserError where there is none."""
    for protocol in PROTOCOLS:
        if text == protocol:
            return protocol
    raise unknown("protocol", text, PROTOCOLS)
