"""Which entries of the lock are for the target, whatever Python reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.errors import LockError
from layers.lock import locked_for, read_requirements
from layers.target import Target

LOCK = """\
# a comment
aiohttp==3 ; python_full_version == '3.12.*' \\
    --hash=sha256:aa
appnope==1 ; sys_platform == 'darwin' \\
    --hash=sha256:bb
cffi==2 ; implementation_name == 'pypy' \\
    --hash=sha256:cc
numpy==2.4 ; python_full_version < '3.13' \\
    --hash=sha256:dd
numpy==2.5 ; python_full_version >= '3.13' \\
    --hash=sha256:ee \\
    --hash=sha256:ff
only-arm==1 ; platform_machine == 'aarch64' \\
    --hash=sha256:ab
Plain_Name==1 \\
    --hash=sha256:ac
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Return a universal lock."""
    path = tmp_path / "lambda.txt"
    path.write_text(LOCK, encoding="utf-8")
    return path


def versions(target: Target, lock: Path) -> dict[str, str]:
    """Return the locked versions for a target."""
    return {pin.name: pin.version for pin in locked_for(target, lock)}


def test_takes_what_the_markers_say_for_lambda(lock: Path) -> None:
    """Other systems, implementations and versions are left out; names become canonical."""
    assert versions(Target(), lock) == {"numpy": "2.5", "plain-name": "1"}


def test_evaluates_markers_for_the_target_not_for_the_running_python(lock: Path) -> None:
    """Another version and another processor get what is theirs on the same machine."""
    assert versions(Target("3.12", "arm64"), lock) == {
        "aiohttp": "3",
        "numpy": "2.4",
        "only-arm": "1",
        "plain-name": "1",
    }


def test_a_pin_keeps_all_hashes_and_loses_its_marker(lock: Path) -> None:
    """Pip gets lines that hold on any Python."""
    assert locked_for(Target(), lock)[0].line == "numpy==2.5 --hash=sha256:ee --hash=sha256:ff"


def test_leaves_out_what_is_unwanted(lock: Path) -> None:
    """A package that no notebook needs is not even downloaded."""
    assert [pin.name for pin in locked_for(Target(), lock, without=["numpy"])] == ["plain-name"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("boto3==1\n", "boto3 is not locked; found 'boto3==1' with 0 hashes"),
        ("boto3>=1 --hash=sha256:aa\n", "boto3 is not locked; found 'boto3>=1'"),
        ("boto3==1 --hash=sha256:aa\nBoto3==2 --hash=sha256:bb\n", "boto3 has two versions for Python 3.13 on x86_64"),
        ("-r other.txt\n", "no requirement; found '-r other.txt'"),
    ],
)
def test_refuses_a_lock_that_is_none(tmp_path: Path, content: str, reason: str) -> None:
    """The error names the file, what was found, and how to remake it."""
    path = tmp_path / "lambda.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LockError, match=r"^lambda\.txt: ") as caught:
        locked_for(Target(), path)
    assert reason in str(caught.value)
    assert 'Remake it with "make lock".' in str(caught.value)


def test_reads_an_input_with_its_comments(tmp_path: Path) -> None:
    """What a package is for stands behind its name."""
    path = tmp_path / "lambda.in"
    path.write_text("# all\npapermill   # runs\n\nboto3>=1\n", encoding="utf-8")
    assert [str(requirement) for requirement in read_requirements(path)] == ["papermill", "boto3>=1"]


def test_says_that_a_file_is_missing(tmp_path: Path) -> None:
    """No traceback of a file that is not there."""
    with pytest.raises(LockError, match=r"lambda\.in: cannot be read"):
        read_requirements(tmp_path / "lambda.in")
