"""Text from outside, as text: what cannot be seen is made visible, and what is too long is cut."""

from __future__ import annotations

from nbconvert.filters import strip_ansi

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


def shown(text: str, most: int) -> str:
    r"""Return `text` to be shown: without a terminal's colours, visible, and cut with a word on how long it was.

    Examples
    --------
    >>> shown("device", 10), shown("device_0001", 6), shown("\x1b[31mred\x1b[0m\0", 20)
    ('device', 'device… (11 characters)', 'red␀')
    """
    # cut first: to clean megabytes of which nothing is shown would take a second
    cleaned = visible(str(strip_ansi(text[:most])))
    return cleaned if len(text) <= most else f"{cleaned}… ({len(text):,} characters)"
