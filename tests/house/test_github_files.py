"""The files that GitHub reads: workflows, forms for issues, updates of dependencies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = [path for path in sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) if path.name != "config.yml"]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# The files in which Dependabot finds versions, by the name that it has for their kind
ECOSYSTEMS = {"pip": "requirements/dev.txt", "npm": "package-lock.json", "github-actions": ".github/workflows/ci.yml"}


def read(path: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def unpinned(workflow: str) -> list[str]:
    """Return the actions that a workflow does not pin by a commit with its version as comment."""
    used = re.findall(r"\buses:\s*(.+?)\s*$", workflow, re.MULTILINE)
    return [action for action in used if not action.startswith("./") and not PINNED.fullmatch(action)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    """A tag can be moved to other code, a commit cannot; the comment tells people which version it is."""
    workflow = path.read_text(encoding="utf-8")
    assert "uses:" in workflow
    assert unpinned(workflow) == []


@pytest.mark.parametrize(
    "action",
    [
        "actions/checkout@v6",
        "actions/checkout@de0fac2",
        f"actions/checkout@{'a' * 40}",
        f"actions/checkout@{'a' * 40} # v6",
        f"actions/checkout@{'a' * 39} # v6.0.2",
    ],
)
def test_an_action_that_is_not_pinned_is_caught(action: str) -> None:
    """A tag, a short commit, and a commit without its whole version are found."""
    assert unpinned(f"steps:\n  - uses: {action}\n") == [action]


def test_workflows_may_only_read() -> None:
    """No workflow has more than the right to read the repository, and no checkout leaves a token behind."""
    for path in WORKFLOWS:
        workflow = read(path)
        assert workflow["permissions"] == {"contents": "read"}
        for job in workflow["jobs"].values():
            assert "permissions" not in job
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_can_be_filled_in(path: Path) -> None:
    """GitHub shows a form only if it has a name, a description and fields with ids and labels of their own."""
    form = read(path)
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_dependencies_of_every_kind_are_updated() -> None:
    """Dependabot looks after each kind of dependency once a week, in one pull request, where its files are."""
    updates = read(GITHUB / "dependabot.yml")["updates"]
    assert [update["package-ecosystem"] for update in updates] == list(ECOSYSTEMS)
    for update in updates:
        file = ROOT / ECOSYSTEMS[update["package-ecosystem"]]
        assert file.exists()
        if update["package-ecosystem"] != "github-actions":
            assert ROOT / update["directory"].lstrip("/") == file.parent
        assert update["schedule"] == {"interval": "weekly"}
        assert [group["patterns"] for group in update["groups"].values()] == [["*"]]
