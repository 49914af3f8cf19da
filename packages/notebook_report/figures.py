"""Images of a notebook's outputs as figures: only real PNG and JPEG content gets into the page."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from notebook_report.text import display_text

SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
MAX_IMAGE_BYTES = 4_000_000  # a usual plot has some 20,000
MAX_PIXELS = 20_000  # wider than any screen


def figure(mime_type: str, encoded: str, metadata: Mapping[str, Any], *, alt: str) -> Markup | None:
    """Return an image as a ``figure`` element, or None if it is damaged or too large for a page.

    Parameters
    ----------
    mime_type
        A key of `SIGNATURES`.
    encoded
        Base64, as in a notebook.
    metadata
        The output's metadata for this type: ``alt``, ``width``, ``height`` (CSS pixels), all optional.
    alt
        The alternative text where the metadata have none.
    """
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not content.startswith(SIGNATURES[mime_type]) or len(content) > MAX_IMAGE_BYTES:
        return None
    own_alt = metadata.get("alt")
    if isinstance(own_alt, str) and own_alt.strip():
        alt = own_alt.strip()
    attributes = Markup('src="data:{};base64,{}" alt="{}"').format(
        mime_type, base64.b64encode(content).decode(), display_text(alt)
    )
    for name, pixels in zip(("width", "height"), _png_size(content), strict=True):
        if number := _pixels(metadata.get(name)) or _pixels(pixels):
            attributes += Markup(' {}="{}"').format(name, number)
    return Markup("<figure><img {}></figure>").format(attributes)


def _png_size(content: bytes) -> tuple[int, int]:
    """Return width and height from a PNG's first chunk, else 0. Source: https://www.w3.org/TR/png-3/#11IHDR."""
    width, height = struct.unpack(">II", content[16:24]) if content[12:16] == b"IHDR" and content[23:] else (0, 0)
    return width, height


def _pixels(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < MAX_PIXELS else None
