"""The committed notebooks read well, were run in order, and hide nothing from nbval."""

import json
import re

import pytest

from etl.provenance import ROOT
from lambda_wrappers.parameters import DEFAULTS_HOLD_BELOW

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# a cell may show nothing only where its tag says why
SHOWS_NOTHING = {"parameters", "nbval-ignore-output"}
MOST_LINES, MOST_OUTPUT_BYTES = 15, 100_000


def cells(path, kind=None):
    """Return a notebook's cells, of one kind or all."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def tags(cell):
    """Return a cell's tags."""
    return set(cell["metadata"].get("tags", []))


def source(cell):
    """Return a cell's source."""
    return "".join(cell["source"])


def faults(path):
    """Return what nbval would pass over: cells that it compares, but that have nothing to compare."""
    return [
        cell["id"]
        for cell in cells(path, "code")
        if cell["execution_count"] is None or not (cell["outputs"] or tags(cell) & SHOWS_NOTHING)
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
class TestCommittedNotebook:
    """What holds for each of them."""

    def test_every_compared_cell_has_something_to_compare(self, path):
        """Otherwise nbval would pass without comparing anything."""
        assert faults(path) == []

    def test_was_run_in_order(self, path):
        """In one go, from a fresh kernel."""
        counts = [cell["execution_count"] for cell in cells(path, "code")]
        assert counts == list(range(1, len(counts) + 1))

    def test_has_no_error_and_no_warning_output(self, path):
        """What analysts open shows results."""
        outputs = [output for cell in cells(path, "code") for output in cell["outputs"]]
        assert not [out for out in outputs if out["output_type"] == "error" or out.get("name") == "stderr"]

    def test_has_one_parameter_cell_and_one_result_cell_the_last(self, path):
        """The runner needs both."""
        code = cells(path, "code")
        assert [tags(cell) for cell in code if "parameters" in tags(cell)] == [{"parameters"}]
        assert [cell["id"] for cell in code if "result" in tags(cell)] == [code[-1]["id"]]

    def test_every_parameter_has_its_help(self, path):
        """The comment is what ``papermill --help-notebook`` shows."""
        (cell,) = [cell for cell in cells(path, "code") if "parameters" in tags(cell)]
        lines = [line for line in source(cell).splitlines() if line != DEFAULTS_HOLD_BELOW]
        assert all(re.search(r"  # \S", line) for line in lines)

    def test_says_question_input_output_and_who_runs_it(self, path):
        """The title is a card."""
        title = source(cells(path)[0])
        assert title.startswith("# ")
        assert all(f"**{word}**" in title for word in ("Question", "Input", "Output", "Run by"))

    def test_cells_are_thin_and_explained(self, path):
        """At most 15 lines, and at most two code cells without a sentence; parameters are a line each."""
        kinds = "".join("c" if cell["cell_type"] == "code" else "m" for cell in cells(path))
        assert "ccc" not in kinds
        thin = [cell for cell in cells(path, "code") if "parameters" not in tags(cell)]
        assert max(source(cell).count("\n") + 1 for cell in thin) <= MOST_LINES

    def test_an_ignored_cell_says_why(self, path):
        """The prose before it names nbval, or the imports' prose after it does."""
        found = cells(path)
        for place, cell in enumerate(found):
            if "nbval-ignore-output" in tags(cell):
                around = source(found[place - 1]) + source(found[place + 1])
                assert "nbval" in around, cell["id"]

    def test_metadata_is_normalised(self, path):
        """A diff shows meaning, not machines."""
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["metadata"] == {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        assert all(set(cell["metadata"]) <= {"tags"} for cell in document["cells"])

    def test_outputs_are_small_and_hold_no_secret(self, path):
        """Committed outputs are for reading."""
        for cell in cells(path, "code"):
            text = json.dumps(cell["outputs"])
            assert len(text) <= MOST_OUTPUT_BYTES, cell["id"]
            assert not re.search(r"AKIA[0-9A-Z]{16}|aws_secret|BEGIN [A-Z ]*PRIVATE KEY|/home/|/root/", text), cell[
                "id"
            ]


def test_a_compared_cell_without_output_is_refused(tmp_path):
    """The guard itself: a cleared output and a cell that was never run are both seen."""
    document = json.loads(NOTEBOOKS[1].read_text(encoding="utf-8"))
    by_id = {cell["id"]: cell for cell in document["cells"]}
    by_id["join"]["outputs"] = []
    by_id["rows"]["execution_count"] = None
    (tmp_path / "n.ipynb").write_text(json.dumps(document), encoding="utf-8")
    assert faults(tmp_path / "n.ipynb") == ["join", "rows"]
