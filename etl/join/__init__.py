"""Records and device master become a history whose counts reconcile: the only user of pyarrow."""

from etl.join.join_file import join_file
from etl.join.owners import join_devices

__all__ = ["join_devices", "join_file"]
