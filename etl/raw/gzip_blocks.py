"""Unpack a raw file that is gzip, a piece at a time."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator

from etl.errors import RawFileError

GZIP_MAGIC = b"\x1f\x8b"
_DAMAGED = "the gzip data is damaged or cut short"


def unpacked_if_gzip(blocks: Iterator[bytes], source: str, piece_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked if it is gzip."""
    head = b""
    for block in blocks:
        head += block
        if len(head) >= len(GZIP_MAGIC):
            break
    whole = itertools.chain([head] if head else [], blocks)
    return _unpacked(whole, source, piece_bytes) if head.startswith(GZIP_MAGIC) else whole


def _unpacked(blocks: Iterable[bytes], source: str, piece_bytes: int) -> Iterator[bytes]:
    """Yield the content of gzip data, of one member or several, in pieces of at most `piece_bytes`."""
    unpacker = zlib.decompressobj(wbits=31)
    for block in blocks:
        packed = block
        while packed:
            if unpacker.eof:
                packed = packed.lstrip(b"\0")  # padding, as gzip itself allows
                if not packed:
                    break
                unpacker = zlib.decompressobj(wbits=31)
            try:
                plain = unpacker.decompress(packed, piece_bytes)
            except zlib.error as error:
                raise RawFileError(f"{source}: {_DAMAGED} ({error}). Upload it again.") from None
            if plain:
                yield plain
            packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise RawFileError(f"{source}: {_DAMAGED} (no end of the compressed data). Upload it again.")
