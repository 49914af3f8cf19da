"""Write one of a run's own objects part by part, while it is made; it exists only when it is complete."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from etl.errors import EtlError, InputChangedError, MissingObjectError
from etl.storage import object_store
from etl.storage.aws import aws_errors
from etl.storage.read_only import is_read_only, require_writable

PART_BYTES = 8 << 20  # S3 wants at least 5 MiB, and takes at most 10,000 parts


class Upload:
    """An object in the making: up to a part's size one request, beyond it a multipart upload.

    Parameters
    ----------
    bucket, key
        Of the object; the key's ending determines its type.

    Attributes
    ----------
    n_bytes
        Number of bytes written so far.
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

    def manifest_entry(self) -> dict[str, Any]:
        """Return the object's entry in a manifest: ``bucket_name``, ``key``, ``bytes``, ``sha256`` and ``etag``."""
        entry = object_store.manifest_entry(self._bucket, self._key, self.n_bytes, self._sha256.hexdigest())
        return {**entry, "etag": self.etag}

    def complete(self) -> None:
        """Make the object exist, unless nothing was written.

        Raises
        ------
        OutputConflictError
            The key has another content already; the same bytes are no error.
        ReadOnlyError
            This session only reads. Raised only here, so that an earlier failure is reported first.
        """
        require_writable(f"s3://{self._bucket}/{self._key}")
        if self._upload_id is None:
            if self.n_bytes:
                self.etag = object_store.write_new(self._bucket, self._key, b"".join(self._pending))
            return
        if self._pending:
            self._send_part()
        if object_store.metadata_of(self._bucket, self._key) is not None or not self._complete_if_absent():
            self.abort()
            self.etag = object_store.require_content(self._bucket, self._key, self._sha256.digest())

    def abort(self) -> None:
        """Remove the parts; if S3 refuses even that, the bucket's lifecycle rule ends the upload within a day."""
        if self._upload_id is not None:
            with contextlib.suppress(EtlError), aws_errors(self._where):
                self._s3.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)

    def _complete_if_absent(self) -> bool:
        """Complete the upload if there is no such object yet; return False if there is one.

        It may be another writer's, or that of this very request, whose first answer was lost.
        """
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
            return False
        return True

    def _send_part(self) -> None:
        if is_read_only():  # `complete` will refuse; until then memory stays bounded
            self._pending, self._n_pending = [], 0
            return
        with aws_errors(self._where):
            if self._upload_id is None:
                content_type = object_store.content_type_of(self._key)
                answer = self._s3.create_multipart_upload(Bucket=self._bucket, Key=self._key, ContentType=content_type)
                self._upload_id = answer["UploadId"]
            number, body = len(self._parts) + 1, b"".join(self._pending)
            answer = self._s3.upload_part(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=body
            )
        part = {name: answer[name] for name in ("ETag", "ChecksumCRC32") if name in answer}
        self._parts.append({"PartNumber": number, **part})
        self._pending, self._n_pending = [], 0


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
