"""Tests of resolving Serverless variables."""

import json
from pathlib import Path
from typing import Any

import pytest

from local_aws.errors import ServiceFileError
from local_aws.serverless.variables import MISSING, Variables


def resolve(tmp_path: Path, text: str, **files: str) -> Any:
    """Return the key ``x`` of a file with this text; `files` lie beside it, their dots written as underscores."""
    for name, content in files.items():
        (tmp_path / name.replace("_", ".")).write_text(content, encoding="utf-8")
    path = tmp_path / "serverless.yml"
    path.write_text(text, encoding="utf-8")
    outputs = {("other-dev", "Name"): "from-stack"}
    values = {"opt:stage": "dev", "sls:stage": "dev", "aws:region": "eu-west-1", "aws:accountId": "123456789012"}
    return Variables(path, values, lambda stack, output: outputs.get((stack, output), MISSING)).get("x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${sls:stage}", "dev"),
        ("a-${sls:stage}-${aws:region}-${aws:accountId}", "a-dev-eu-west-1-123456789012"),
        ("${opt:stage, 'x'}", "dev"),
        ("${opt:other, 'x, y'}", "x, y"),
        ('${opt:other, "x"}', "x"),
        ("${opt:other, 7}", 7),
        ("${opt:other, true}", True),
        ("${opt:a, self:b, ${opt:c}, 'last'}", "last"),
        ("${opt:other, ${self:custom.number}}", 5),
        ("${self:custom.number}", 5),
        ("n=${self:custom.number}", "n=5"),
        ("${self:custom.flag}!", "true!"),
        ("${self:custom.list.1}", "two"),
        ("${self:custom.by.${sls:stage}}", {"size": 1}),
        ("${self:custom.alias.size}", 1),
        ("${cf:other-${sls:stage}.Name}", "from-stack"),
        ("${cf:other-dev.Nothing, 'none'}", "none"),
        ("${file(part.yml):a.b}", "in dev"),
        ("${file(./part.yml)}", {"a": {"b": "in dev"}}),
        ("${file(part.json):a}", "json"),
        ("${file(no.yml), 'none'}", "none"),
    ],
)
def test_a_variable_has_its_value(tmp_path: Path, value: str, expected: object) -> None:
    """Keeps the type of a variable that is a whole value, and turns a variable inside a text into text."""
    text = (
        "custom: {number: 5, flag: true, list: [one, two], by: {dev: {size: 1}}, alias: '${self:custom.by.dev}'}\n"
        f"x: {json.dumps(value)}\n"
    )
    files = {"part_yml": "a: {b: 'in ${sls:stage}'}\n", "part_json": '{"a": "json"}'}
    assert resolve(tmp_path, text, **files) == expected


@pytest.mark.parametrize(
    "text", ["${AWS::Region}", "${Name}", "${Name.Arn}", "${!Literal}", "a ${AWS::StackName} b", "$.x"]
)
def test_cloudformations_variables_stay(tmp_path: Path, text: str) -> None:
    """Leaves pseudo parameters, logical ids and escapes unchanged."""
    assert resolve(tmp_path, f"x: '{text}'\n") == text


def test_the_environment_has_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefers an environment variable that is set to the fallback, and uses the fallback for one that is not."""
    monkeypatch.setenv("WHO", "ops")
    assert resolve(tmp_path, "x: ${env:WHO, 'nobody'} ${env:NOT_SET_ANYWHERE, 'nobody'}\n") == "ops nobody"


def test_both_kinds_of_variables_can_be_in_one_text(tmp_path: Path) -> None:
    """Replaces Serverless variables and leaves CloudFormation's."""
    assert resolve(tmp_path, "x: '${sls:stage}-${AWS::Region}-${Name}'\n") == "dev-${AWS::Region}-${Name}"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("${ssm:/a/b}", "variable 'ssm:/a/b' is not supported; expected sls:stage, opt:, self:"),
        ("${env:NOT_SET_ANYWHERE}", "'${env:NOT_SET_ANYWHERE}' has no value"),
        ("${self:a.b}", "'${self:a.b}' has no value"),
        ("${file(no.yml)}", "'${file(no.yml)}' has no value"),
        ("${file(../other.yml)}", "leaves the service's folder"),
        ("${cf:nobody.Name}", "'${cf:nobody.Name}' has no value"),
        ("a ${self:custom} b", "inside a text: found dict"),
        ("${self:x}", "variables go in a circle: self:x"),
        ("${self:custom.one}", "variables go in a circle: self:custom.one -> self:custom.two"),
        ("${sls:stage", "has no closing brace"),
    ],
)
def test_a_variable_without_value_is_an_error(tmp_path: Path, value: str, problem: str) -> None:
    """Raises an error with the file, the place, the variable and the supported sources."""
    text = f"custom: {{one: '${{self:custom.two}}', two: '${{self:custom.one}}'}}\nx: ['{value}']\n"
    if value == "${self:x}":
        text = "x: '${self:x}'\n"
    with pytest.raises(ServiceFileError) as caught:
        resolve(tmp_path, text)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'serverless.yml'}: ")


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """Shows at most five problems and counts the rest."""
    values = "".join(f"  k{number}: '${{self:no{number}}}'\n" for number in range(7))
    with pytest.raises(ServiceFileError) as caught:
        resolve(tmp_path, f"x:\n{values}")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines[:5]] == ["x.k0", "x.k1", "x.k2", "x.k3", "x.k4"]
    assert lines[5:] == ["... and 2 more"]


def test_sections_that_are_not_needed_are_not_resolved(tmp_path: Path) -> None:
    """Ignores unsupported variables in sections that are not needed."""
    assert resolve(tmp_path, "plugin: '${ssm:/a}'\nx: 1\n") == 1


def test_a_file_that_is_no_mapping_is_an_error(tmp_path: Path) -> None:
    """Raises an error with the type found."""
    with pytest.raises(ServiceFileError, match="found list; expected a mapping with 'service'"):
        resolve(tmp_path, "- x\n")
