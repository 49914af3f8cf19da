"""``make notebooks`` shows what changed, row by row, before it writes anything."""

import io

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import execute_notebooks
from execute_notebooks import NotebookFailedError, changes, execute, review


def code(cell_id, *outputs, source="x", count=1):
    """Return a code cell with outputs."""
    return new_code_cell(source, id=cell_id, outputs=list(outputs), execution_count=count)


def showing(**data):
    """Return an output with content by kind, `_` for `/`."""
    return new_output("execute_result", {kind.replace("_", "/"): content for kind, content in data.items()})


def differences(old, new):
    """Return the changes between two versions of one cell's outputs, as lines."""
    return changes(new_notebook(cells=[code("c", *old)]), new_notebook(cells=[code("c", *new)])).splitlines()


class TestChanges:
    """What is printed of a change."""

    def test_prints_nothing_of_equal_outputs(self):
        """Prints no line if nothing changed."""
        assert differences([showing(text_plain="a")], [showing(text_plain="a")]) == []

    def test_compares_a_table_row_by_row(self):
        """Prints the changed row among its neighbours, and nothing of the HTML that repeats it."""
        before = showing(text_plain="  id  n\n0  a  1\n1  b  2\n2  c  3", text_html="<b>1</b>")
        after = showing(text_plain="  id  n\n0  a  1\n1  b  9\n2  c  3", text_html="<b>9</b>")
        assert differences([before], [after])[2:] == [
            *("     id  n", "   0  a  1", "-  1  b  2", "+  1  b  9", "   2  c  3")
        ]

    def test_names_the_cell(self):
        """Names a changed output as nbdime names it for git, with the id of the cell in place of its number."""
        assert differences([showing(text_plain="1")], [showing(text_plain="2")])[0] == "## modified /c/output:"

    def test_compares_json_value_by_value(self):
        """Ignores the text that stands for the JSON, and the order of keys, which nbformat sorts when it writes."""
        data = [{"application/json": {"n": n, "m": 1}, "text/plain": "<JSON>"} for n in (1, 2)]
        lines = differences(*([new_output("execute_result", values)] for values in data))
        assert lines[2:] == ["   {", '     "m": 1,', '-    "n": 1', '+    "n": 2', "   }"]

    def test_only_names_a_picture(self):
        """Prints kind and fingerprint, beside the text that describes the picture."""
        before, after = (showing(image_png=png, text_plain="<Figure>") for png in ("AAAA", "BBBB"))
        lines = differences([before], [after])
        assert lines[2] == "   <Figure>"
        assert [line[:14] for line in lines[3:]] == ["-  [image/png ", "+  [image/png "]

    def test_names_markup_where_only_markup_changed(self):
        """Prints no HTML."""
        before, after = (showing(text_html=html, text_plain="1") for html in ("<b>1</b>", "<i>1</i>"))
        lines = differences([before], [after])
        assert lines[0] == "## modified /c/markup:"
        assert "<" not in "".join(lines)

    def test_shows_an_output_that_is_new_or_gone(self):
        """Compares with nothing, too."""
        assert differences([showing(text_plain="1")], [])[1:] == ["-  1", "+  "]
        assert differences([], [showing(text_plain="1")])[1:] == ["-  ", "+  1"]

    def test_cuts_a_long_change(self):
        """Prints how many lines are left out."""
        old, new = (showing(text_plain="\n".join(f"{letter}{n}" for n in range(100))) for letter in "ab")
        lines = differences([old], [new])
        assert len(lines) == 61
        assert lines[-1] == "... and 142 more lines"

    def test_shows_order_and_metadata(self):
        """Compares the execution count, and the metadata of the notebook."""
        before, after = new_notebook(cells=[code("c")]), new_notebook(cells=[code("c", count=7)])
        after.metadata["kernelspec"] = {"name": "python3"}
        assert changes(before, after).splitlines() == [
            *("## replaced /c/execution_count:", "-  1", "+  7", "## modified /metadata")
        ]

    def test_colours_only_on_request(self):
        """Prints no control characters into a file or a pipe."""
        cells = [code("c", showing(text_plain=text)) for text in "12"]
        before, after = (new_notebook(cells=[cell]) for cell in cells)
        assert "\x1b" not in changes(before, after)
        assert "\x1b[31m-  1" in changes(before, after, use_color=True)


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
    """Who accepts a change, and what is written then."""

    def test_a_refused_change_is_shown_and_not_written(self, committed, executed, capsys):
        """Returns 1 and leaves the file, and nothing else, in the folder."""
        before = committed.read_bytes()
        assert review(executed, ask=lambda: False) == 1
        shown = capsys.readouterr().out
        changed = "## modified /rows/output:\n@@ -1,2 +1,2 @@\n   a,1\n-  b,3\n+  b,4\n"
        assert shown == f"n.ipynb: changed\n{changed}Nothing was written.\n"
        assert committed.read_bytes() == before
        assert list(committed.parent.iterdir()) == [committed]

    @pytest.mark.parametrize("ask", [None, lambda: True], ids=["ACCEPT=1", "yes"])
    def test_an_accepted_change_is_written(self, committed, executed, capsys, ask):
        """Returns 0; a second review finds nothing to accept."""
        assert review(executed, ask=ask) == 0
        assert "Written: n.ipynb." in capsys.readouterr().out
        assert nbformat.read(committed, as_version=4).cells[0].outputs[0].text == "a,1\nb,4\n"
        assert review(executed, ask=pytest.fail) == 0
        assert capsys.readouterr().out == "n.ipynb: as committed\n"
        assert list(committed.parent.iterdir()) == [committed]

    def test_without_a_terminal_nobody_accepts(self, committed, executed, capsys, monkeypatch):
        """Writes nothing in a script or in CI, where nobody can answer."""
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
        before = committed.read_bytes()
        assert review(executed, ask=execute_notebooks._ask) == 1
        assert "'make notebooks ACCEPT=1' accepts" in capsys.readouterr().out
        assert committed.read_bytes() == before

    @pytest.mark.parametrize(
        ("answer", "accepted"), [("y", True), ("YES", True), ("", False), ("n", False), ("x", False)]
    )
    def test_on_a_terminal_only_a_yes_accepts(self, monkeypatch, answer, accepted):
        """Takes a bare Return as a no."""
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda _prompt: answer)
        assert execute_notebooks._ask() is accepted


@pytest.mark.notebook
@pytest.mark.slow
class TestExecute:
    """A notebook in a real kernel."""

    def test_a_planted_change_is_found_and_the_file_left_alone(self, committed):
        """Executes in memory and finds the planted difference."""
        before = committed.read_bytes()
        notebook = execute(committed)
        assert changes(nbformat.read(committed, as_version=4), notebook).endswith("-  b,3\n+  b,4")
        assert committed.read_bytes() == before

    def test_a_failing_cell_is_named(self, committed):
        """Names cell and error, and writes nothing."""
        notebook = nbformat.read(committed, as_version=4)
        notebook.cells[0].source = "print(1)\n1 / 0"
        nbformat.write(notebook, committed)
        before = committed.read_bytes()
        with pytest.raises(NotebookFailedError, match=r"^n\.ipynb, cell rows: ZeroDivisionError: division by zero\."):
            execute(committed)
        assert committed.read_bytes() == before
