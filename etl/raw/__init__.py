"""From the bytes of a raw file to decoded records, a piece at a time: no pyarrow."""
