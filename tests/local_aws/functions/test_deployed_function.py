"""Tests of looking a function up."""

from pathlib import Path
from typing import Any

import pytest

from local_aws.errors import CodeNotFoundError
from local_aws.functions.deployed_function import CODE_DIR_TAG, FunctionCode, find_function


class Lambda:
    """Stands for Lambda; knows one function."""

    def __init__(self, **tags: str) -> None:
        self._tags = tags

    def get_function(self, **arguments: str) -> dict[str, Any]:
        """Answer as Lambda does."""
        suffix = f":{arguments['Qualifier']}" if "Qualifier" in arguments else ""
        configuration = {
            "FunctionName": "f",
            "FunctionArn": f"arn:f{suffix}",
            "Version": "$LATEST",
            "Role": "arn:aws:iam::123456789012:role/f",
            "Handler": "a.b",
            "Timeout": 3,
            "MemorySize": 128,
            "LastModified": "now",
        }
        return {"Configuration": configuration, "Tags": self._tags}


def test_the_tag_says_where_the_code_is(tmp_path: Path) -> None:
    """Finds code in the working tree by the tag, and treats a qualified name as the same function."""
    client = Lambda(**{CODE_DIR_TAG: str(tmp_path)})
    plain, latest = find_function(client, "f"), find_function(client, "f", qualifier="$LATEST")
    assert plain.code == FunctionCode(tmp_path)
    assert latest.arn == "arn:f:$LATEST"
    assert plain == latest


def test_the_first_source_that_knows_the_code_counts(tmp_path: Path) -> None:
    """Takes the code from the first source that knows it."""
    sources = (lambda _: None, lambda _: FunctionCode(tmp_path))
    assert find_function(Lambda(), "f", sources=sources).code == FunctionCode(tmp_path)


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ({}, "f: no known code; found no tag 'local-aws:code-dir'"),
        ({CODE_DIR_TAG: "/nowhere/at/all"}, "f: its code is gone; found no folder '/nowhere/at/all'"),
        ({CODE_DIR_TAG: "."}, "expected an absolute path"),
    ],
)
def test_missing_code_is_an_error(tags: dict[str, str], problem: str) -> None:
    """Raises an error that names the function and what is missing."""
    with pytest.raises(CodeNotFoundError) as caught:
        find_function(Lambda(**tags), "f")
    assert problem in str(caught.value)
