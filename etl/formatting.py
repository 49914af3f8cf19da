"""Figures and foreign text as words of a sentence: short, on one line, and harmless wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_TEXT = 80
LONGEST_QUOTE = 40
MOST_NAMES = 3


def cut(text: object, longest: int = LONGEST_TEXT) -> str:
    r"""Return a text on one line, cut to at most `longest` characters, with an ellipsis where something was cut.

    Characters that do not print, line ends and direction marks among them, are shown as Python would write them.

    Examples
    --------
    >>> cut("エアコン"), cut("a\nb"), cut("x" * 5_000_000, 5)
    ('エアコン', 'a\\nb', 'xxxx…')
    """
    # what lies far behind the cut is not even looked at: it may be megabytes
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(text)[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def counted(n: int, what: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "device"), counted(1200, "device"), counted(0, "entry", "entries")
    ('1 device', '1,200 devices', '0 entries')
    """
    return f"{n:,} {what if n == 1 else plural or what + 's'}"


def duration(hours: float) -> str:
    """Return a length of time in the unit in which it is a handy number.

    Examples
    --------
    >>> duration(61 / 3600), duration(0.5), duration(1234.56)
    ('61 seconds', '30 minutes', '1,234.6 hours')
    """
    if hours >= 1:
        return f"{hours:,.1f} hours"
    minutes = round(hours * 60)
    return f"{minutes} minutes" if minutes > 1 else counted(round(hours * 3600), "second")


def share(n: int, of: int) -> str:
    """Return a count as a part of a whole.

    Examples
    --------
    >>> share(1, 3), share(0, 0)
    ('1 of 3 (33.3 %)', '0 of 0 (0.0 %)')
    """
    return f"{n:,} of {of:,} ({100 * n / max(of, 1):.1f} %)"


def named(names: Iterable[str]) -> str:
    """Return the first names of a list as the end of a sentence, in quotes; nothing for an empty list.

    Examples
    --------
    >>> "2 devices" + named(["a", "b"]), "5 devices" + named("abcde"), "none" + named([])
    ("2 devices: 'a', 'b'", "5 devices: 'a', 'b', 'c' and 2 more", 'none')
    """
    given = list(names)
    shown = ", ".join(f"'{cut(name, LONGEST_QUOTE)}'" for name in given[:MOST_NAMES])
    more = f" and {len(given) - MOST_NAMES:,} more" if len(given) > MOST_NAMES else ""
    return f": {shown}{more}" if given else ""
