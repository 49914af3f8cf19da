"""Numbers and foreign text as parts of a sentence: short, on one line, and harmless wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable

MAX_TEXT = 80
MAX_QUOTED_NAME = 40
MAX_NAMES = 3


def truncate(text: object, max_length: int = MAX_TEXT) -> str:
    r"""Return a text on one line of at most `max_length` characters, with an ellipsis where it was cut.

    Characters that do not print, such as line ends and direction marks, are shown as Python would write them.

    Examples
    --------
    >>> truncate("エアコン"), truncate("a\nb"), truncate("x" * 5_000_000, 5)
    ('エアコン', 'a\\nb', 'xxxx…')
    """
    # the text may be megabytes: characters far behind the cut are not looked at
    line = "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(text)[: max_length + 1])
    return line if len(line) <= max_length else line[: max_length - 1] + "…"


def quantity(n: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> quantity(1, "device"), quantity(1200, "device"), quantity(0, "entry", "entries")
    ('1 device', '1,200 devices', '0 entries')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def duration(hours: float) -> str:
    """Return a duration in hours, minutes or seconds, whichever gives a handy number.

    Examples
    --------
    >>> duration(61 / 3600), duration(0.5), duration(1234.56)
    ('61 seconds', '30 minutes', '1,234.6 hours')
    """
    if hours >= 1:
        return f"{hours:,.1f} hours"
    minutes = round(hours * 60)
    return f"{minutes} minutes" if minutes > 1 else quantity(round(hours * 3600), "second")


def share(n: int, total: int) -> str:
    """Return a count as a share of a total.

    Examples
    --------
    >>> share(1, 3), share(0, 0)
    ('1 of 3 (33.3 %)', '0 of 0 (0.0 %)')
    """
    return f"{n:,} of {total:,} ({100 * n / max(total, 1):.1f} %)"


def quoted_names(names: Iterable[str]) -> str:
    """Return the first names of a list, quoted, as the end of a sentence; an empty text for an empty list.

    Examples
    --------
    >>> "2 devices" + quoted_names(["a", "b"]), "5 devices" + quoted_names("abcde"), "none" + quoted_names([])
    ("2 devices: 'a', 'b'", "5 devices: 'a', 'b', 'c' and 2 more", 'none')
    """
    names = list(names)
    quoted = ", ".join(f"'{truncate(name, MAX_QUOTED_NAME)}'" for name in names[:MAX_NAMES])
    more = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
    return f": {quoted}{more}" if names else ""
