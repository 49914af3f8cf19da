"""The quarantine: records that broke the contract, how they are written down, and how many of them a run may have."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from etl.errors import TooManyQuarantinedError

MAX_TEXT_LENGTH = 200  # characters of a record that the quarantine quotes


@dataclass(frozen=True)
class Quarantined:
    """A record that broke the contract.

    Attributes
    ----------
    index
        Position among the file's records, from 0.
    field
        The field at fault; ``record`` for the record as a whole.
    reason
        What was expected.
    text
        The record as the file spells it, cut at 200 characters.
    """

    index: int
    field: str
    reason: str
    text: str


def quarantine_lines(quarantined: Iterable[Quarantined]) -> bytes:
    """Return the quarantine as JSON Lines in UTF-8, one line per record."""
    return "".join(json.dumps(vars(record), ensure_ascii=False) + "\n" for record in quarantined).encode()


def require_few_quarantined(
    *, n_read: int, n_quarantined: int, examples: Iterable[Quarantined], max_quarantine: float, source: str
) -> None:
    """Fail when the share of quarantined records is larger than `max_quarantine`, 0 to 1.

    Raises
    ------
    TooManyQuarantinedError
        The share is larger; the message has `source`, the raw file's name, and field and reason of five `examples`.
    """
    if n_quarantined <= max_quarantine * n_read:
        return
    named = "; ".join(f"record {q.index}, {q.field}: {q.reason}" for q in list(examples)[:5])
    raise TooManyQuarantinedError(
        f"{source}: {n_quarantined} of {n_read} records break the contract ({n_quarantined / n_read:.1%}); "
        f"expected at most {max_quarantine:.1%}. First: {named}. "
        "Correct the file, or allow a larger share with max_quarantine."
    )
