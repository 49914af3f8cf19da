#!/bin/sh
# Make .venv if it is missing, stale or broken; else end at once, without the network.
#
# setup.sh          sets up what is needed
# setup.sh --check  only tells, by its exit status, whether .venv is ready
#
# The stamp .venv/.ready is the last thing a set-up writes. It names the folder and the Python that .venv was made for: a
# virtual environment dies when either of them moves.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.ready

alive() {
    [ -f "$stamp" ] || return 1
    [ "$(sed -n 1p "$stamp")" = "$(pwd -P)" ] || return 1
    .venv/bin/python -c '' 2>/dev/null || return 1
    # Another Python was asked for
    [ -z "${PYTHON:-}" ] || [ "$(sed -n 2p "$stamp")" = "$python" ]
}

python=''
if [ -n "${PYTHON:-}" ]; then python=$(sh scripts/find_python.sh); fi

if alive; then
    if [ -z "$(find requirements/dev.txt pyproject.toml -newer "$stamp")" ]; then exit 0; fi
    if [ -z "$python" ]; then python=$(sed -n 2p "$stamp"); fi
    how=--update
else
    how=--new
fi
if [ "${1:-}" = --check ]; then exit 1; fi

if [ ! -x "$python" ]; then python=$(sh scripts/find_python.sh); fi
exec "$python" -E -s scripts/make_venv.py "$how" "$python"
