"""Only a notebook's own parameters, with values of their types, reach papermill."""

import nbformat
import pytest

from etl.errors import ParametersError
from lambda_wrappers.parameters import Parameter, check_parameters, declared_parameters

DECLARED = (
    "name: str = 'a=b'  # help\nlimit: int = 5\nshare: float = 0.5\nflag: bool = True\nids: list = []\nmore: dict = {}"
)
GOOD = {"name": "x", "limit": 1, "share": 1, "flag": False, "ids": ["a"], "more": {"k": None}}


@pytest.fixture
def notebook(tmp_path):
    """Return a function that writes a notebook with the given parameter cells."""

    def write(*sources):
        cells = [nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]}) for source in sources]
        path = tmp_path / "n.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def test_reads_names_types_and_defaults(notebook):
    """Reads a default with an equals sign, which papermill's own reader cannot read."""
    assert declared_parameters(notebook(DECLARED))[:2] == [
        Parameter("name", "str", "a=b"),
        Parameter("limit", "int", 5),
    ]


def test_exactly_the_declared_parameters_pass(notebook):
    """Accepts an integer for a declared float."""
    check_parameters(notebook(DECLARED), GOOD)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"x = 1; import os": 1}, "unknown 'x = 1; import os'"),
        ({"Name": "x"}, "unknown 'Name'"),
        ({"name": None}, "'name' is a NoneType, expected str"),
        ({"limit": True}, "'limit' is a bool, expected int"),
        ({"limit": 1.0}, "'limit' is a float, expected int"),
        ({"limit": "1"}, "'limit' is a str, expected int"),
        ({"flag": 1}, "'flag' is a int, expected bool"),
        ({"share": float("nan")}, "'share' is a float"),
        ({"more": {"k": object()}}, "'more' is a dict"),
        ({"more": {"k": {1}}}, "'more' is a dict"),
    ],
)
def test_anything_else_is_refused(notebook, change, problem):
    """Refuses unknown names, other types and values that JSON cannot hold, and lists the declared names."""
    with pytest.raises(ParametersError) as caught:
        check_parameters(notebook(DECLARED), GOOD | change)
    assert problem in str(caught.value)
    assert "The notebook takes name, limit, share, flag, ids, more." in str(caught.value)


def test_a_missing_parameter_does_not_fall_back_to_the_sample(notebook):
    """Never runs on the sample by accident; all problems are in one message."""
    with pytest.raises(ParametersError, match="unknown 'nmae'; missing 'name'; missing 'ids'"):
        check_parameters(notebook(DECLARED), {"nmae": "x", "limit": 1, "share": 1.0, "flag": True, "more": {}})


@pytest.mark.parametrize(
    "cell",
    ["a = 1", "a: int", "a: int = 1 + 1", "a: Path = 1", "import os", "a: str = f'{1}'", "a.b: int = 1", "print(1)"],
)
def test_a_parameter_cell_holds_annotated_literals_only(notebook, cell):
    """Names any other statement with its line."""
    with pytest.raises(ParametersError, match=r"n\.ipynb, parameter cell, line 2: found"):
        declared_parameters(notebook("ok: int = 1\n" + cell))


@pytest.mark.parametrize("sources", [(), ("a: int = 1", "b: int = 1")])
def test_there_is_one_parameter_cell(notebook, sources):
    """Refuses a notebook without parameter cell, and one with two."""
    with pytest.raises(ParametersError, match=f"{len(sources)} cells have the tag"):
        declared_parameters(notebook(*sources))


def test_only_defaults_for_every_run_may_be_left_out(notebook):
    """Requires the parameters above the line; those below it are optional, and their types are checked."""
    path = notebook("bucket: str = 'sample'  # help\n# defaults for every run\nlimit: int = 5  # help")
    check_parameters(path, {"bucket": "x"})
    check_parameters(path, {"bucket": "x", "limit": 1})
    with pytest.raises(ParametersError, match="missing 'bucket'"):
        check_parameters(path, {"limit": 1})
    with pytest.raises(ParametersError, match="'limit' is a str, expected int"):
        check_parameters(path, {"bucket": "x", "limit": "1"})
