"""The code of functions that stacks deployed: archives, unpacked once and shared by all execution environments."""

import base64
import contextlib
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local_aws.cloudformation.deployed_stacks import Archive, DeployedStacks
from local_aws.errors import BrokenArchiveError, CodeNotFoundError
from local_aws.functions.deployed_function import FunctionCode
from local_aws.functions.runtime.isolated_python import IsolatedPythons
from local_aws.functions.unpacking import overlay, unpack, unpacked_bytes

MAX_UNPACKED_BYTES = 250 * 1024 * 1024
MAX_LAYERS = 5


class DeployedCode:
    """A `local_aws.functions.deployed_function.CodeSource` for functions that CloudFormation made.

    Parameters
    ----------
    s3
        A boto3 S3 client.
    stacks
        The deployed stacks.
    pythons
        The interpreters that these functions run with.
    root
        The folder to unpack in.
    """

    def __init__(self, s3: Any, stacks: DeployedStacks, pythons: IsolatedPythons, root: Path) -> None:
        self._s3 = s3
        self._stacks = stacks
        self._pythons = pythons
        self._root = root
        self._lock = threading.Lock()
        self._layer_folders: dict[tuple[Archive, str], Path] = {}
        self._sizes: dict[Path, int] = {}

    def __call__(self, function: dict[str, Any]) -> FunctionCode | None:
        """Return the code of a function as `GetFunction` describes it; None when no stack made it.

        Raises
        ------
        CodeNotFoundError
            An archive is not in S3 any more.
        BrokenArchiveError
            An archive cannot be unpacked, or the code exceeds Lambda's limits.
        RuntimeNotFoundError
            This machine has no Python of the function's version.
        DeployError
            A reference in the template leads nowhere.
        """
        settings = function["Configuration"]
        archives = self._stacks.archives(settings["FunctionName"])
        if archives is None:
            return None
        where = f"function {settings['FunctionName']}"
        python = self._pythons.get(settings.get("Runtime", ""))
        with self._lock:
            task = self._task(archives.code, base64.b64decode(settings["CodeSha256"]).hex(), where)
            layers = [self._layer(archive, where) for archive in archives.layers]
            self._check_limits([task, *layers], where)
            return FunctionCode(task, self._opt(layers), python)

    def _task(self, archive: Archive, sha256: str, where: str) -> Path:
        """Return the folder with the code of this hash; a published version may have an older hash than the archive."""
        folder = self._root / sha256
        if not folder.is_dir() and self._fetch(archive, where) != folder:
            raise CodeNotFoundError(
                f"{where}: its archive was replaced; found other content at s3://{archive.bucket}/{archive.key}; "
                f"expected sha256 {sha256}. Deploy again."
            )
        return folder

    def _layer(self, archive: Archive, where: str) -> Path:
        with _missing_archive_as_error(archive, where):
            tag = str(self._s3.head_object(Bucket=archive.bucket, Key=archive.key)["ETag"])
        if (archive, tag) not in self._layer_folders:
            self._layer_folders[archive, tag] = self._fetch(archive, where)
        return self._layer_folders[archive, tag]

    def _opt(self, layers: list[Path]) -> Path:
        if len(layers) == 1:
            return layers[0]
        names = "\n".join(layer.name for layer in layers)
        folder = self._root / f"opt-{hashlib.sha256(names.encode()).hexdigest()}"
        if not folder.is_dir():
            overlay(layers, folder)
        return folder

    def _check_limits(self, folders: list[Path], where: str) -> None:
        for folder in folders:
            if folder not in self._sizes:
                self._sizes[folder] = unpacked_bytes(folder)
        size = sum(self._sizes[folder] for folder in folders)
        if size > MAX_UNPACKED_BYTES:
            raise BrokenArchiveError(
                f"{where}: too large for Lambda; found {size} bytes unpacked, layers included; "
                f"expected at most {MAX_UNPACKED_BYTES}"
            )
        if len(folders) > 1 + MAX_LAYERS:
            raise BrokenArchiveError(f"{where}: found {len(folders) - 1} layers; expected at most {MAX_LAYERS}")

    def _fetch(self, archive: Archive, where: str) -> Path:
        """Download and unpack an archive; return its folder, named by the hash of the archive."""
        with tempfile.NamedTemporaryFile(dir=self._root, suffix=".zip") as file:
            with _missing_archive_as_error(archive, where):
                shutil.copyfileobj(self._s3.get_object(Bucket=archive.bucket, Key=archive.key)["Body"], file)
            file.flush()
            file.seek(0)
            folder = self._root / hashlib.file_digest(file, "sha256").hexdigest()
            if not folder.is_dir():
                try:
                    unpack(Path(file.name), folder)
                except BrokenArchiveError as error:
                    raise BrokenArchiveError(f"{where}: s3://{archive.bucket}/{archive.key}: {error}") from error
        return folder


@contextlib.contextmanager
def _missing_archive_as_error(archive: Archive, where: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise CodeNotFoundError(
            f"{where}: its archive is gone; found nothing at s3://{archive.bucket}/{archive.key}; expected what was "
            f"deployed. Deploy again."
        ) from error
