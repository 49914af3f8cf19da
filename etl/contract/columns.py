"""The columns of an event, of the device master and of the history: declared here once, every table derives from them.

All of them are text; the attributes of a device may be null.
"""

from __future__ import annotations

from etl.contract.record import Event

EVENT_COLUMNS = list(Event.__struct_fields__)  # device_id, timestamp, power
DEVICE_KEY = ["user_id", "device_id"]
DEVICE_ATTRIBUTES = ["type"]
DEVICE_COLUMNS = [*DEVICE_KEY, *DEVICE_ATTRIBUTES]
OWNER_COLUMNS = ["user_id", *DEVICE_ATTRIBUTES]  # what the join adds to an event
HISTORY_COLUMNS = [*EVENT_COLUMNS, *OWNER_COLUMNS]
# Text from outside, which a spreadsheet may take for a formula; the contract restricts the other columns' values
FOREIGN_TEXT_COLUMNS = [name for name in HISTORY_COLUMNS if name not in ("timestamp", "power")]
