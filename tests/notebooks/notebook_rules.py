"""The rules for each committed notebook: a rule takes a notebook's JSON and returns the places that break it."""

import json
import re

# only a cell with one of these tags may show nothing
SHOWS_NOTHING = {"parameters", "nbval-ignore-output"}
MAX_LINES, MAX_OUTPUT_BYTES, MAX_NOTEBOOK_BYTES = 15, 100_000, 400_000
MAX_MARKDOWN_LINES = 20
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CARD = ("Question", "Input", "Output", "Run by")
SECRETS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "an AWS secret": r"(?i)aws_?(?:secret|session)",
    "a private key": r"BEGIN [A-Z ]*PRIVATE KEY",
    "a token": r"\b(?:gh[pousr]_|github_pat_|xox[abpr]-|eyJ[A-Za-z0-9_-]{10,}\.)[A-Za-z0-9_-]{10,}",
    "a password": r"(?i)\b(?:password|passwd|api_?key|access_?token)\s*[=:]\s*[\"']?[^\s\"']{4,}",
    "a signed address": r"X-Amz-Signature=",
    "a folder of somebody's machine": r"/home/|/root/|/Users/|[A-Z]:\\\\Users",
}
PARAMETER = re.compile(r"[a-z0-9_]+: (?:str|int|float|bool|list|dict) = .+?  # \S.{9,}")


def source(cell):
    """Return a cell's source."""
    return "".join(cell["source"])


def tags(cell):
    """Return a cell's tags."""
    return set(cell["metadata"].get("tags", []))


def code_cells(notebook):
    """Return the cells that run."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def parameter_lines(cell):
    """Return the lines of a parameters cell that each declare one; a comment on a line of its own divides them."""
    return [line for line in source(cell).splitlines() if not line.startswith("#")]


def was_run_in_order(notebook):
    """Find cells that were not run in one go, from a fresh kernel."""
    return [
        f"{cell['id']}: run as {cell['execution_count']}, expected {number}"
        for number, cell in enumerate(code_cells(notebook), start=1)
        if cell["execution_count"] != number
    ]


def compares_something(notebook):
    """Find cells without output, which nbval would pass without comparing anything."""
    return [cell["id"] for cell in code_cells(notebook) if not (cell["outputs"] or tags(cell) & SHOWS_NOTHING)]


def has_no_error_and_no_warning(notebook):
    """Find cells that show errors or warnings: an analyst wants to see results."""
    return [
        cell["id"]
        for cell in code_cells(notebook)
        if any(out["output_type"] == "error" or out.get("name") == "stderr" for out in cell["outputs"])
    ]


def has_its_parameters_first(notebook):
    """Expect one parameters cell, the first to run, tagged with nothing else."""
    places = [place for place, cell in enumerate(code_cells(notebook)) if "parameters" in tags(cell)]
    if places != [0]:
        return [f"cells tagged 'parameters': {places}, expected the first code cell"]
    cell = code_cells(notebook)[0]
    return [] if tags(cell) == {"parameters"} else [f"{cell['id']}: other tags beside 'parameters'"]


def has_complete_help(notebook):
    """Expect of each parameter a type, a literal and ten characters of help, for ``papermill --help-notebook``."""
    cells = [cell for cell in code_cells(notebook) if "parameters" in tags(cell)]
    return [line for cell in cells for line in parameter_lines(cell) if not PARAMETER.fullmatch(line)]


def has_a_card(notebook):
    """Expect a title that says question, input, output and who runs it."""
    title = source(notebook["cells"][0])
    missing = [word for word in CARD if f"| **{word}** | " not in title]
    return missing + ([] if title.startswith("# ") else ["title"])


def has_thin_cells(notebook):
    """Find long cells: code is read at a glance, prose in one go; parameters are a line each, however many."""
    limits = {"code": MAX_LINES, "markdown": MAX_MARKDOWN_LINES}
    return [
        cell["id"]
        for cell in notebook["cells"]
        if source(cell).count("\n") + 1 > limits[cell["cell_type"]] and "parameters" not in tags(cell)
    ]


def is_explained(notebook):
    """Find places with more than two code cells in a row, without a sentence."""
    kinds = "".join(cell["cell_type"][0] for cell in notebook["cells"])
    return [notebook["cells"][match.start()]["id"] for match in re.finditer("ccc", kinds)]


def says_why_a_cell_is_ignored(notebook):
    """Find cells that nbval does not compare without prose beside them that names nbval."""
    cells = notebook["cells"]
    return [
        cell["id"]
        for place, cell in enumerate(cells)
        if "nbval-ignore-output" in tags(cell)
        and "nbval" not in "".join(source(beside) for beside in cells[max(place - 1, 0) : place + 2] if beside != cell)
    ]


def has_normal_metadata(notebook):
    """Find metadata that a diff should not show, and cell ids that are no words: diffs and tests name cells by them."""
    wrong = [
        cell["id"]
        for cell in notebook["cells"]
        if not set(cell["metadata"]) <= {"tags"} or not re.fullmatch(r"[a-z]+(-[a-z]+)*", cell["id"])
    ]
    return wrong + ([] if notebook["metadata"] == METADATA else ["notebook"])


def has_small_outputs(notebook):
    """Find outputs that are too large for reading."""
    large = [cell["id"] for cell in code_cells(notebook) if len(json.dumps(cell["outputs"])) > MAX_OUTPUT_BYTES]
    return large + (["notebook"] if len(json.dumps(notebook)) > MAX_NOTEBOOK_BYTES else [])


def holds_no_secret(notebook):
    """Search code, prose and outputs for secrets; images are not text."""
    secrets = []
    for cell in notebook["cells"]:
        outputs = [
            {kind: text for kind, text in output.get("data", output).items() if not kind.startswith("image/")}
            for output in cell.get("outputs", [])
        ]
        text = source(cell) + json.dumps(outputs)
        secrets += [f"{cell['id']}: {name}" for name, pattern in SECRETS.items() if re.search(pattern, text)]
    return secrets


RULES = {
    rule.__name__: rule
    for rule in (
        was_run_in_order,
        compares_something,
        has_no_error_and_no_warning,
        has_its_parameters_first,
        has_complete_help,
        has_a_card,
        has_thin_cells,
        is_explained,
        says_why_a_cell_is_ignored,
        has_normal_metadata,
        has_small_outputs,
        holds_no_secret,
    )
}
