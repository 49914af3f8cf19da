"""Text from outside, as text: what cannot be seen is made visible, and what is too long is cut."""

from __future__ import annotations

# Control characters have a picture each (NUL is shown as one small sign), all but line feed and tab, which are layout
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {
    0x7F: "\N{SYMBOL FOR DELETE}"
}
# What is no character, or has no place in a page
_NONE = [*range(0x80, 0xA0), *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF]
# They would turn the direction of what follows, so that an id reads as another one. Source: https://trojansource.codes
_DIRECTIONS = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_SHOWN = (
    _PICTURES | dict.fromkeys(_NONE, "\N{REPLACEMENT CHARACTER}") | {code: f"[U+{code:04X}]" for code in _DIRECTIONS}
)


def visible(text: str) -> str:
    r"""Return `text` with control characters as signs that can be seen; line feeds and tabs stay.

    Examples
    --------
    >>> visible("a\0b\x1b[31m\r\nc")
    'a␀b␛[31m\nc'
    >>> visible("\u202etxt.exe")
    '[U+202E]txt.exe'
    """
    return text.replace("\r\n", "\n").translate(_SHOWN)


def cut(text: str, most: int) -> str:
    """Return `text`, or its first `most` characters with a word on how many there were.

    Examples
    --------
    >>> cut("device", 10), cut("device_0001", 6)
    ('device', 'device… (11 characters)')
    """
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
