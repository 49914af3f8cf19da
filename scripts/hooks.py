"""Configure this clone of git to show and merge notebooks cell by cell, and to check before each commit.

nbdime compares the notebooks. Where .venv is missing, in an older checkout or after 'make clean', git compares them as
plain text. Nothing outside the clone changes; `python scripts/hooks.py --remove` undoes it all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# git runs both in the top folder of the working tree, so that each worktree of a clone uses its own .venv
DIFF = (
    "f() { if [ -x .venv/bin/git-nbdiffdriver ]; then .venv/bin/git-nbdiffdriver diff "
    '"$@"; else git --no-pager diff --no-index --no-ext-diff "$2" "$5" || :; fi; }; f'
)
MERGE = (
    "f() { if [ -x .venv/bin/git-nbmergedriver ]; then .venv/bin/git-nbmergedriver merge "
    '"$@"; else git merge-file --marker-size="$4" "$2" "$1" "$3"; fi; }; f %O %A %B %L %P'
)
SETTINGS = {
    "diff.jupyternotebook.command": DIFF,
    "merge.jupyternotebook.driver": MERGE,
    "merge.jupyternotebook.name": "notebooks, cell by cell",
}


def main() -> int:
    """Configure the clone, or undo it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--remove", action="store_true", help="undo it")
    options = parser.parse_args()
    if _run("git", "rev-parse", "--git-dir"):
        print("hooks: this is no clone of git (an archive?); there is nothing to set up.", file=sys.stderr)
        return 1
    for name, value in SETTINGS.items():
        _run("git", "config", "--local", *(["--unset-all", name] if options.remove else [name, value]))
    # an older checkout has no .pre-commit-config.yaml, and is not checked
    action = ["uninstall"] if options.remove else ["install", "--allow-missing-config"]
    failed = _run(sys.executable, "-m", "pre_commit", *action, quiet=False)
    if failed:
        return failed
    if options.remove:
        print("Gone: git shows notebooks as plain text again, and checks nothing.")
    else:
        print("From now on, in this clone: 'git diff' and 'git merge' show notebooks cell by cell, and each commit is")
        print("checked by 'make lint' and the notebooks' rules ('git commit --no-verify' passes them by).")
    return 0


def _run(*command: str, quiet: bool = True) -> int:
    return subprocess.run(command, cwd=ROOT, capture_output=quiet, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
