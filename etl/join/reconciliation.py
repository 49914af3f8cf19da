"""Count the rows of a run, each figure from its own source, so that they prove that no row was lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import numpy as np
import pyarrow as pa

from etl.contract.row_counts import RowCounts
from etl.join.owners import Owners


class RowCounter:
    """Adds up the row counts of a run, piece by piece.

    Parameters
    ----------
    owners
        The device master.
    """

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._counts = Counter({count.name: 0 for count in fields(RowCounts)})

    def add(self, events: pa.Table, history: pa.Table, *, n_read: int, n_quarantined: int) -> None:
        """Count a piece: its records, the events among them, and the rows of the history that they became."""
        _device_numbers, n_owners = self._owners.find(events["device_id"])
        n_unmatched = int((n_owners == 0).sum())
        self._counts.update(
            read=n_read,
            valid=len(events),
            quarantined=n_quarantined,
            matched=len(events) - n_unmatched,
            unmatched=n_unmatched,
            fanned_out_extra=int(np.maximum(n_owners - 1, 0).sum()),
            written=len(history),
        )

    def rows(self, *, n_duplicates: int) -> RowCounts:
        """Return the counts of all pieces."""
        return RowCounts(**{**self._counts, "duplicates": n_duplicates})
