"""Pictures of a notebook's outputs: only what really is a PNG or JPEG gets into the page."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
MOST_BYTES = 4_000_000  # of one picture; a plot of ours has some 20,000


@dataclass(frozen=True)
class Picture:
    """A picture that may be shown.

    Attributes
    ----------
    source
        A ``data:`` address.
    alt
        What it shows, in words.
    width, height
        In CSS pixels; None where they are not known.
    """

    source: str
    alt: str
    width: int | None
    height: int | None


def picture(mime_type: str, encoded: str, metadata: Mapping[str, Any], *, alt: str) -> Picture | None:
    """Return a picture of an output, or None if it is none, or too large for a page.

    Parameters
    ----------
    mime_type
        A key of `SIGNATURES`.
    encoded
        Base64, as a notebook holds it.
    metadata
        The output's own for this type: ``alt``, ``width``, ``height``, all optional.
    alt
        What to say of it where the metadata say nothing.
    """
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not content.startswith(SIGNATURES[mime_type]) or len(content) > MOST_BYTES:
        return None
    width, height = _size(mime_type, content)
    given = metadata.get("alt")
    return Picture(
        source=f"data:{mime_type};base64,{base64.b64encode(content).decode()}",
        alt=given.strip() if isinstance(given, str) and given.strip() else alt,
        width=_pixels(metadata.get("width")) or width,
        height=_pixels(metadata.get("height")) or height,
    )


def _size(mime_type: str, content: bytes) -> tuple[int | None, int | None]:
    """Return width and height that a PNG's first chunk says. Source: https://www.w3.org/TR/png-3/#11IHDR."""
    if mime_type != "image/png" or len(content) < 24 or content[12:16] != b"IHDR":  # noqa: PLR2004 - see above
        return None, None
    width, height = struct.unpack(">II", content[16:24])
    return _pixels(width), _pixels(height)


def _pixels(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < 20_000 else None  # noqa: PLR2004 - wider than any screen
