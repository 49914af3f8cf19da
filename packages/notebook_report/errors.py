"""The error that this package raises on purpose."""

from __future__ import annotations


class PageError(Exception):
    """The finished page holds something that could run, or lead elsewhere; it must not be given to anybody."""
