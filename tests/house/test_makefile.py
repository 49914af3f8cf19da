"""Every target has a help text, and the documents and the Makefile name the same targets."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
RULE = re.compile(r"^(?P<target>[a-z][a-z-]*):(?!=)(?P<rest>.*)$", re.MULTILINE)
DOCUMENTS = ("README.md", "CONTRIBUTING.md")


def targets() -> dict[str, str]:
    """Return target → its help text, empty if it has none."""
    return {rule["target"]: rule["rest"].partition("## ")[2].strip() for rule in RULE.finditer(MAKEFILE)}


def mentioned() -> set[str]:
    """Return the targets that the documents call, in code: ``make X``, also with variables around it."""
    found = set()
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        for code in re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL):
            for words in re.findall(r"\bmake((?:[ ]+[A-Za-z_=./0-9-]+)+)", code):
                found |= {word for word in words.split() if re.fullmatch("[a-z][a-z-]*", word)}
    return found


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person would, not as a child of the make that runs these tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_target_has_help() -> None:
    """Each target has a line of help."""
    assert targets()
    assert [target for target, text in targets().items() if not text] == []


def test_every_target_is_phony() -> None:
    """Each target is phony, so that no file of its name can hide it."""
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert sorted(phony.split()) == sorted(targets())


@pytest.mark.parametrize("arguments", [(), ("help",)], ids=["make", "make help"])
def test_help_is_the_default_and_lists_every_target(arguments: tuple[str, ...]) -> None:
    """Plain make lists the targets with their help, and does nothing else."""
    shown = make(*arguments)
    assert (shown.returncode, shown.stderr) == (0, "")
    for target, text in targets().items():
        assert re.search(rf"^  {target} +{re.escape(text)}$", shown.stdout, re.MULTILINE)


def test_documents_and_makefile_name_the_same_targets() -> None:
    """Each target that README.md or CONTRIBUTING.md calls exists, and each target is called in one of them."""
    assert mentioned() - set(targets()) == set(), "the documents call targets that do not exist"
    assert set(targets()) - mentioned() == set(), "targets that no document mentions"


def test_a_value_reaches_its_command_whole() -> None:
    """A quote in DATA ends no argument of the shell: the line from a failure message works as it is."""
    data = """{"s3_object_key": "it's; echo.json"}"""
    shown = make("--dry-run", "invoke", "STAGE=dev", f"DATA={data}").stdout
    line = next(line for line in shown.splitlines() if "scripts/stage.py" in line)
    assert shlex.split(line)[-3:] == ["dev", "--data", data]


@pytest.mark.parametrize("target", ["deploy", "invoke", "logs", "remove", "rollback", "doctor"])
def test_nothing_is_built_before_the_stage_is_checked(target: str) -> None:
    """What takes minutes is no prerequisite: the script checks stage and account, then builds."""
    shown = make("--dry-run", target).stdout
    assert f"scripts/{target if target in ('rollback', 'doctor') else 'stage'}.py" in shown
    assert "package.py" not in shown
    assert "npm" not in shown
