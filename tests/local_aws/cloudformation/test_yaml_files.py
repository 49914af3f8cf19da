"""Tests of reading YAML as Serverless does."""

from pathlib import Path

import pytest

from local_aws.cloudformation.yaml_files import read_yaml
from local_aws.errors import ServiceFileError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!GetAtt A.Arn", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!GetAtt [A, Arn]", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!Sub '${A}-x'", {"Fn::Sub": "${A}-x"}),
        ("!Join ['-', [a, !Ref B]]", {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}),
        ("!Sub ['${x}', {x: !Ref B}]", {"Fn::Sub": ["${x}", {"x": {"Ref": "B"}}]}),
        ("on", "on"),
        ("2012-10-17", "2012-10-17"),
        ("true", True),
        ("12", 12),
    ],
)
def test_a_value_is_read_as_cloudformation_means_it(tmp_path: Path, text: str, expected: object) -> None:
    """Turns short tags into functions, reads only true and false as booleans, and dates as text."""
    path = tmp_path / "a.yml"
    path.write_text(f"x: {text}\n", encoding="utf-8")
    assert read_yaml(path) == {"x": expected}


def test_merge_keys_work(tmp_path: Path) -> None:
    """Resolves anchors and merge keys as any YAML reader does."""
    path = tmp_path / "a.yml"
    path.write_text("base: &b {a: 1, c: 2}\nx: {<<: *b, a: 3}\n", encoding="utf-8")
    assert read_yaml(path)["x"] == {"a": 3, "c": 2}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: 1\na: 2\n", "repeated key a"),
        (b"a: [1\n", "line 2"),
        (b"a: \xff\n", "not UTF-8 at byte 3"),
        (b"a: !!python/object:os.system x\n", "could not determine a constructor"),
    ],
)
def test_a_broken_file_is_an_error(tmp_path: Path, content: bytes, problem: str) -> None:
    """Raises an error of one line that names the file and the place in it."""
    path = tmp_path / "a.yml"
    path.write_bytes(content)
    with pytest.raises(ServiceFileError) as caught:
        read_yaml(path)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """Raises an error that names the missing file."""
    with pytest.raises(ServiceFileError, match=r"none\.yml: cannot be read; found No such file"):
        read_yaml(tmp_path / "none.yml")
