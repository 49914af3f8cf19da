"""``make notebooks`` shows what changed, row by row, before it writes anything."""

import doctest
import io

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import execute_notebooks
import notebook_changes
from execute_notebooks import NotebookFailedError, execute, review
from notebook_changes import changes


def code(cell_id, *outputs, source="x", count=1):
    """Return a code cell with outputs."""
    return new_code_cell(source, id=cell_id, outputs=list(outputs), execution_count=count)


def showing(**data):
    """Return an output with content by kind, `_` for `/`."""
    return new_output("execute_result", {kind.replace("_", "/"): content for kind, content in data.items()})


def differences(old, new):
    """Return the changes between two versions of one cell's outputs."""
    return changes(new_notebook(cells=[code("c", *old)]), new_notebook(cells=[code("c", *new)]))


class TestChanges:
    """What is printed of a change."""

    def test_nothing_is_said_of_what_is_the_same(self):
        """No change, no line."""
        assert differences([showing(text_plain="a")], [showing(text_plain="a")]) == []

    def test_a_table_is_compared_row_by_row(self):
        """The changed row, with one row around it; its markup does not repeat it."""
        before = showing(text_plain="  id  n\n0  a  1\n1  b  2\n2  c  3", text_html="<b>1</b>")
        after = showing(text_plain="  id  n\n0  a  1\n1  b  9\n2  c  3", text_html="<b>9</b>")
        assert differences([before], [after]) == ["cell c:", "   0  a  1", "  -1  b  2", "  +1  b  9", "   2  c  3"]

    def test_json_is_compared_value_by_value(self):
        """As the result cell shows it."""
        data = [{"application/json": {"n": n, "m": 1}, "text/plain": "<JSON>"} for n in (1, 2)]
        found = differences(*([new_output("execute_result", values)] for values in data))
        assert found == ["cell c:", "   {", '  -  "n": 1,', '  +  "n": 2,', '     "m": 1']

    def test_a_picture_is_only_named(self):
        """Its bytes tell a person nothing."""
        before, after = (showing(image_png=png, text_plain="<Figure>") for png in ("AAAA", "BBBB"))
        assert differences([before], [after]) == ["cell c:", "  picture changed"]

    def test_markup_alone_is_said_to_be_markup(self):
        """The text says nothing then."""
        before, after = (showing(text_html=html, text_plain="1") for html in ("<b>1</b>", "<i>1</i>"))
        assert differences([before], [after]) == ["cell c:", "  only the markup changed, the text is the same"]

    def test_an_output_that_went_or_came_is_seen(self):
        """Against nothing at all, too."""
        assert differences([showing(text_plain="1")], []) == ["cell c:", "  -1"]
        assert differences([], [showing(text_plain="1")]) == ["cell c:", "  +1"]

    def test_a_long_change_is_cut(self):
        """And says how much is left out."""
        old, new = (showing(text_plain="\n".join(f"{letter}{n}" for n in range(100))) for letter in "ab")
        found = differences([old], [new])
        assert len(found) == 62
        assert found[-1] == "  ... and 140 more lines"

    def test_the_example_is_true(self):
        """As the docstring shows it."""
        assert doctest.testmod(notebook_changes).failed == 0

    def test_order_and_metadata_are_named(self):
        """Both are part of the file."""
        one, other = new_notebook(cells=[code("c")]), new_notebook(cells=[code("c", count=7)])
        other.metadata["kernelspec"] = {"name": "python3"}
        assert changes(one, other) == [
            "cell c:",
            "  its place in the run: 1 -> 7",
            "metadata of the notebook: normalised",
        ]


@pytest.fixture
def committed(tmp_path):
    """Return the path of a notebook whose output was planted: it says 3 where the code gives 4."""
    path = tmp_path / "n.ipynb"
    cells = [
        code("rows", new_output("stream", name="stdout", text="a,1\nb,3\n"), source="print('a,1')\nprint('b,4')"),
    ]
    notebook = new_notebook(cells=cells)
    execute_notebooks.normalise(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def executed(committed):
    """Return it as if it had been executed."""
    notebook = nbformat.read(committed, as_version=4)
    notebook.cells[0].outputs[0].text = "a,1\nb,4\n"
    return {committed: notebook}


class TestReview:
    """Who decides, and what happens then."""

    def test_a_refused_change_is_shown_and_not_written(self, committed, executed, capsys):
        """Exit 1."""
        before = committed.read_bytes()
        assert review(executed, ask=lambda: False) == 1
        shown = capsys.readouterr().out
        assert shown == "n.ipynb: changed\n  cell rows:\n     a,1\n    -b,3\n    +b,4\nNothing was written.\n"
        assert committed.read_bytes() == before
        assert list(committed.parent.iterdir()) == [committed]

    @pytest.mark.parametrize("ask", [None, lambda: True], ids=["ACCEPT=1", "yes"])
    def test_an_accepted_change_is_written(self, committed, executed, capsys, ask):
        """Exit 0; a second time there is nothing to accept."""
        assert review(executed, ask=ask) == 0
        assert "Written: n.ipynb." in capsys.readouterr().out
        assert nbformat.read(committed, as_version=4).cells[0].outputs[0].text == "a,1\nb,4\n"
        assert review(executed, ask=pytest.fail) == 0
        assert capsys.readouterr().out == "n.ipynb: as committed\n"
        assert list(committed.parent.iterdir()) == [committed]

    def test_without_a_terminal_nobody_accepts(self, committed, executed, capsys, monkeypatch):
        """A script, or CI, only looks."""
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
        before = committed.read_bytes()
        assert review(executed, ask=execute_notebooks._ask) == 1
        assert "'make notebooks ACCEPT=1' accepts" in capsys.readouterr().out
        assert committed.read_bytes() == before

    @pytest.mark.parametrize(
        ("answer", "accepted"), [("y", True), ("YES", True), ("", False), ("n", False), ("x", False)]
    )
    def test_on_a_terminal_only_a_yes_accepts(self, monkeypatch, answer, accepted):
        """Return alone is a no."""
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda _prompt: answer)
        assert execute_notebooks._ask() is accepted


@pytest.mark.notebook
@pytest.mark.slow
class TestExecute:
    """A real kernel."""

    def test_a_planted_change_is_found_and_the_file_left_alone(self, committed):
        """The notebook is executed in memory."""
        before = committed.read_bytes()
        notebook = execute(committed)
        assert changes(nbformat.read(committed, as_version=4), notebook)[-1] == "  +b,4"
        assert committed.read_bytes() == before

    def test_a_failing_cell_is_named(self, committed):
        """With its error; nothing is written."""
        notebook = nbformat.read(committed, as_version=4)
        notebook.cells[0].source = "print(1)\n1 / 0"
        nbformat.write(notebook, committed)
        before = committed.read_bytes()
        with pytest.raises(NotebookFailedError, match=r"^n\.ipynb, cell rows: ZeroDivisionError: division by zero\."):
            execute(committed)
        assert committed.read_bytes() == before
