"""The row counts of a run, and the identities that prove that no row was lost or made up."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from etl.errors import ReconciliationError


@dataclass(frozen=True)
class RowCounts:
    """The rows of one run, which must satisfy the two identities that `prove` checks.

    Attributes
    ----------
    read
        Records in the raw file.
    valid, quarantined
        Records that became events, and that did not.
    matched, unmatched
        Events whose device has an owner in the master table, and has none.
    fanned_out_extra
        Rows beyond the first for events whose device has several owners.
    written
        Rows of the history.
    duplicates
        Events that repeat an earlier one exactly; they are kept.
    """

    read: int
    valid: int
    quarantined: int
    matched: int
    unmatched: int
    fanned_out_extra: int
    written: int
    duplicates: int

    def prove(self) -> None:
        """Check ``read = valid + quarantined`` and ``written = matched + unmatched + fanned_out_extra``.

        Raises
        ------
        ReconciliationError
            An identity does not hold, so a row was lost or made up.
        """
        sums = {
            "read = valid + quarantined": (self.read, self.valid + self.quarantined),
            "valid = matched + unmatched": (self.valid, self.matched + self.unmatched),
            "written = matched + unmatched + fanned_out_extra": (
                self.written,
                self.matched + self.unmatched + self.fanned_out_extra,
            ),
        }
        broken = [f"{identity}: {left} is not {right}" for identity, (left, right) in sums.items() if left != right]
        if broken:
            raise ReconciliationError(
                f"rows: {'; '.join(broken)}. A row was lost or made up, so nothing is published; "
                "this is a fault of the code, not of the data."
            )

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name, as the manifest has them."""
        return asdict(self)
