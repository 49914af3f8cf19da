"""The committed notebooks read well, were run in order, and hide nothing from nbval."""

import copy
import json
import re

import papermill
import pytest
from click.testing import CliRunner
from notebook_rules import MAX_LINES, RULES, code_cells, parameter_lines, source, tags
from papermill.cli import papermill as papermill_command

from etl.runs.provenance import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OF_PEOPLE = {"explore.ipynb"}  # run by no handler
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def read(path):
    """Return a notebook's JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


@every_notebook
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_committed_notebook_keeps_the_rule(path, rule):
    """What the rule names is what to repair."""
    assert rule(read(path)) == [], rule.__doc__


@every_notebook
def test_its_last_cell_gives_the_result_if_the_pipeline_runs_it(path):
    """The runner needs exactly one; nobody waits for the answer of a notebook that is for people."""
    code = code_cells(read(path))
    expected = [] if path.name in OF_PEOPLE else [code[-1]["id"]]
    assert [cell["id"] for cell in code if "result" in tags(cell)] == expected


@every_notebook
def test_papermill_explains_each_parameter(path):
    """``papermill --help-notebook`` says name, type, default and help of each."""
    answer = CliRunner().invoke(papermill_command, ["--help-notebook", str(path)])
    assert answer.exit_code == 0, answer.output
    shown = " ".join(answer.output.split())
    known = papermill.inspect_notebook(str(path))
    (cell,) = [cell for cell in code_cells(read(path)) if "parameters" in tags(cell)]
    lines = parameter_lines(cell)
    assert len(known) == len(lines)
    for line in lines:
        name, type_name, default, text = re.fullmatch(r"(\w+): (\w+) = (.*?)  # (.*)", line).groups()
        assert known[name]["inferred_type_name"] == type_name
        assert known[name]["help"] == text
        # papermill shows its help in a column, so words are compared, not lines
        expected = f"{name}: {type_name} (default {default}) {text}"
        assert expected.replace(" ", "") in shown.replace(" ", "")


@every_notebook
def test_a_notebook_for_people_writes_nothing(path):
    """It may be run on any stage at any time."""
    code = "\n".join(source(cell) for cell in code_cells(read(path)))
    writes = set(re.findall(r"write_new|writing|\bput\w*\(|upload|to_csv|to_parquet|open\(", code))
    assert path.name not in OF_PEOPLE or not writes


def changed(cell_id=None, **values):
    """Return a function that changes the values of one cell, or of the notebook."""

    def change(notebook):
        cell = notebook if cell_id is None else next(cell for cell in notebook["cells"] if cell["id"] == cell_id)
        cell.update(copy.deepcopy(values))

    return change


def shown(text, kind="text/plain"):
    """Return the outputs of a cell that shows something."""
    return [{"output_type": "execute_result", "data": {kind: text}, "metadata": {}, "execution_count": 1}]


def no_sentence(notebook):
    """Drop the prose between two pairs of code cells."""
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "rows-prose"]


def no_word_of_nbval(notebook):
    """Drop the reason why a cell is ignored."""
    for cell in notebook["cells"]:
        cell["source"] = source(cell).replace("nbval", "the test")


MUTATIONS = [
    ("was_run_in_order", changed("rows", execution_count=None)),
    ("was_run_in_order", changed("rows", execution_count=99)),
    ("compares_something", changed("join", outputs=[])),
    ("has_no_error_and_no_warning", changed("join", outputs=[{"output_type": "error"}])),
    ("has_no_error_and_no_warning", changed("join", outputs=[{"output_type": "stream", "name": "stderr"}])),
    ("has_its_parameters_first", changed("parameters", metadata={})),
    ("has_its_parameters_first", changed("join", metadata={"tags": ["parameters"]})),
    ("has_its_parameters_first", changed("parameters", metadata={"tags": ["parameters", "result"]})),
    ("has_complete_help", changed("parameters", source="run_date: str = '2021-03-23'")),
    ("has_complete_help", changed("parameters", source="run_date: str = '2021-03-23'  # a date")),
    ("has_complete_help", changed("parameters", source="run_date = '2021-03-23'  # the date of the run")),
    ("has_a_card", changed("title", source="# 2. Join\n\nJoins.")),
    ("has_a_card", changed("title", source="Join")),
    ("has_thin_cells", changed("rows", source="x = 1\n" * MAX_LINES + "x")),
    ("has_thin_cells", changed("rows-prose", source="A line.\n" * 20 + "A line.")),
    ("is_explained", no_sentence),
    ("says_why_a_cell_is_ignored", no_word_of_nbval),
    ("has_normal_metadata", changed("rows", metadata={"scrolled": True})),
    ("has_normal_metadata", changed("rows", id="3f2a99c0")),
    ("has_normal_metadata", changed(metadata={"kernelspec": {"name": "my-env"}})),
    ("has_small_outputs", changed("rows", outputs=shown("x" * 100_001))),
    ("holds_no_secret", changed("rows", outputs=shown("AKIA" + "A" * 16))),
    ("holds_no_secret", changed("rows", outputs=shown("/home/ann/data.json"))),
    ("holds_no_secret", changed("rows", source="password = 'hunter22'")),
    ("holds_no_secret", changed("rows", source="url = 'https://b.s3.amazonaws.com/k?X-Amz-Signature=1'")),
    ("holds_no_secret", changed("rows-prose", source="The token is ghp_" + "a" * 36 + ".")),
    (
        "holds_no_secret",
        changed("rows", outputs=[{"output_type": "stream", "name": "stdout", "text": "ASIA" + "B" * 16}]),
    ),
]


@pytest.mark.parametrize(
    ("rule", "mutation"), MUTATIONS, ids=[f"{number}-{rule}" for number, (rule, _change) in enumerate(MUTATIONS)]
)
def test_each_rule_sees_a_broken_copy(rule, mutation):
    """The guards themselves: one change, and the rule names it; before it, there was nothing to name."""
    notebook = read(ROOT / "notebooks" / "02_join.ipynb")
    assert RULES[rule](notebook) == []
    mutation(notebook)
    assert RULES[rule](notebook) != []


def test_every_rule_is_broken_once():
    """A new rule is proved, too."""
    assert {rule for rule, _change in MUTATIONS} == set(RULES)
