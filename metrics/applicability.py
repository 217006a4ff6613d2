"""What a metric says where its value would mean nothing."""

from __future__ import annotations


class NotApplicable(ValueError):  # noqa: N818 - an outcome with a reason, not an error of the windows
    """The windows are sound, but the score is not defined for them; the message says why in one sentence."""
