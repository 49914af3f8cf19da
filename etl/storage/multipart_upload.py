"""Write one of a run's own objects as it is made, part by part; it exists only when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from etl.errors import EtlError, InputChangedError, MissingObjectError, OutputConflictError
from etl.storage import object_store
from etl.storage.aws import aws_errors
from etl.storage.read_only import is_read_only, require_writable

PART_BYTES = 8 << 20  # S3 wants at least 5 MiB, and takes at most 10,000 parts


class Upload:
    """An object in the making. Up to a part's size it is one request; beyond, a multipart upload.

    Parameters
    ----------
    bucket, key
        Of the object; the key's ending says its type.

    Attributes
    ----------
    n_bytes
        What was written so far.
    etag
        Of the object, without quotes; None until it exists.
    """

    def __init__(self, bucket: str, key: str) -> None:
        self._bucket, self._key = bucket, key
        self._where = f"s3://{bucket}/{key}, write"
        self._s3 = object_store.s3_client(bucket)
        self._sha256 = hashlib.sha256()
        self.n_bytes = 0
        self.etag: str | None = None
        self._pending: list[bytes] = []
        self._n_pending = 0
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, content: bytes) -> None:
        """Add bytes at the end."""
        self._sha256.update(content)
        self.n_bytes += len(content)
        self._pending.append(content)
        self._n_pending += len(content)
        if self._n_pending >= PART_BYTES:
            self._send_part()

    def described(self) -> dict[str, Any]:
        """Return what a manifest says of the object: ``bucket_name``, ``key``, ``bytes``, ``sha256``, ``etag``."""
        return {
            "bucket_name": self._bucket,
            "key": self._key,
            "bytes": self.n_bytes,
            "sha256": self._sha256.hexdigest(),
            "etag": self.etag,
        }

    def complete(self) -> None:
        """Make the object exist, unless nothing was written.

        Raises
        ------
        OutputConflictError
            The key holds another content already; the same bytes are no error.
        ReadOnlyError
            This session only reads. It comes last, so that whoever looks into a failure meets that failure first.
        """
        require_writable(f"s3://{self._bucket}/{self._key}")
        if self._upload_id is None:
            if self.n_bytes:
                self.etag = object_store.write_new(self._bucket, self._key, b"".join(self._pending))
            return
        if self._pending:
            self._send_part()
        if object_store.exists(self._bucket, self._key):
            self._meet_other()
            return
        try:
            with aws_errors(self._where):
                answer = self._s3.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=self._key,
                    UploadId=self._upload_id,
                    MultipartUpload={"Parts": self._parts},
                    IfNoneMatch="*",
                )
            self.etag = str(answer["ETag"]).strip('"')
        except (InputChangedError, MissingObjectError):
            # someone was faster, or it was this request itself, whose first answer was lost
            self._meet_other()

    def abort(self) -> None:
        """Leave nothing behind; should S3 refuse even that, the bucket's lifecycle rule ends the upload in a day."""
        if self._upload_id is not None:
            with contextlib.suppress(EtlError), aws_errors(self._where):
                self._s3.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)

    def _send_part(self) -> None:
        if is_read_only():  # `complete` will refuse; until then memory stays bounded
            self._pending, self._n_pending = [], 0
            return
        with aws_errors(self._where):
            if self._upload_id is None:
                content_type = object_store.CONTENT_TYPES[PurePosixPath(self._key).suffix]
                answer = self._s3.create_multipart_upload(Bucket=self._bucket, Key=self._key, ContentType=content_type)
                self._upload_id = answer["UploadId"]
            number, body = len(self._parts) + 1, b"".join(self._pending)
            answer = self._s3.upload_part(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=body
            )
        part = {name: answer[name] for name in ("ETag", "ChecksumCRC32") if name in answer}
        self._parts.append({"PartNumber": number, **part})
        self._pending, self._n_pending = [], 0

    def _meet_other(self) -> None:
        """Accept what lies there if it is the same; a run's own objects are never overwritten."""
        self.abort()
        found = hashlib.sha256()
        with object_store.reading(self._bucket, self._key) as there:
            self.etag = there.etag
            for block in there:
                found.update(block)
        if found.digest() != self._sha256.digest():
            raise OutputConflictError(
                f"s3://{self._bucket}/{self._key}: holds another content already; a run's own objects are never "
                "overwritten. Give the run another execution name."
            )


@contextmanager
def writing(bucket: str, key: str) -> Iterator[Upload]:
    """Yield an `Upload` that is completed when the block ends, and aborted when it raises."""
    upload = Upload(bucket, key)
    try:
        yield upload
        upload.complete()
    except BaseException:
        upload.abort()
        raise
