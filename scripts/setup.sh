#!/bin/sh
# Make .venv if it is missing, stale or broken; else end at once, without the network.
# setup.sh --check sets nothing up: its exit status is 0 if .venv is ready.
#
# The stamp .venv/.ready is the last file that a set-up writes. It names the folder and the Python that .venv was made
# for: a virtual environment stops working when either of them moves.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.ready

is_alive() {
    [ -f "$stamp" ] || return 1
    [ "$(sed -n 1p "$stamp")" = "$(pwd -P)" ] || return 1
    .venv/bin/python -c '' 2>/dev/null || return 1
    # Another Python was asked for
    [ -z "${PYTHON:-}" ] || [ "$(sed -n 2p "$stamp")" = "$python" ]
}

python=''
if [ -n "${PYTHON:-}" ]; then python=$(sh scripts/find_python.sh); fi

if is_alive; then
    if [ -z "$(find requirements/dev.txt pyproject.toml -newer "$stamp")" ]; then exit 0; fi
    if [ -z "$python" ]; then python=$(sed -n 2p "$stamp"); fi
    how=--update
else
    how=--new
fi
if [ "${1:-}" = --check ]; then exit 1; fi

if [ ! -x "$python" ]; then python=$(sh scripts/find_python.sh); fi
exec "$python" -E -s scripts/make_venv.py "$how" "$python"
