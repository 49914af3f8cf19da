"""Text from outside for display: invisible characters are made visible, and long text is cut."""

from __future__ import annotations

from nbconvert.filters import strip_ansi

MAX_TEXT = 20_000  # characters of one text, such as the output of a cell
MAX_LINE = 2_000  # characters of a title, a fact, an error, the description of a figure

# Each control character has a symbol (for NUL the small letters "NUL"), except line feed and tab, which are layout
_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {
    0x7F: "\N{SYMBOL FOR DELETE}"
}
# C1 controls, surrogates and noncharacters are not allowed in HTML
_NOT_ALLOWED = [*range(0x80, 0xA0), *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF]
# They change the direction of the following text, so that an id reads as another. Source: https://trojansource.codes
_DIRECTIONS = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_REPLACEMENTS = (
    _CONTROLS
    | dict.fromkeys(_NOT_ALLOWED, "\N{REPLACEMENT CHARACTER}")
    | {code: f"[U+{code:04X}]" for code in _DIRECTIONS}
)


def escape_invisible(text: str) -> str:
    r"""Return `text` with control characters replaced by visible symbols; line feeds and tabs stay.

    Examples
    --------
    >>> escape_invisible("a\0b\x1b[31m\r\nc")
    'a␀b␛[31m\nc'
    >>> escape_invisible("\u202etxt.exe")
    '[U+202E]txt.exe'
    """
    return text.replace("\r\n", "\n").translate(_REPLACEMENTS)


def display_text(text: str, max_characters: int = MAX_LINE) -> str:
    r"""Return `text` without terminal colours and invisible characters; a cut text ends with its full length.

    Examples
    --------
    >>> display_text("device", 10), display_text("device_0001", 6), display_text("\x1b[31mred\x1b[0m\0", 20)
    ('device', 'device… (11 characters)', 'red␀')
    """
    # cut first: it would take a second to clean megabytes that are not displayed
    cleaned = escape_invisible(str(strip_ansi(text[:max_characters])))
    return cleaned if len(text) <= max_characters else f"{cleaned}… ({len(text):,} characters)"
