#!/bin/sh
# Print the path of the best Python for this project: CPython 3.13, else 3.12, else 3.11.
# $PYTHON, where set, is the only candidate. Each candidate is run: a pyenv shim of an inactive version is on PATH and
# fails, and Debian's python3 without python3-venv cannot make a virtual environment. uv cannot do this: it is not
# installed yet, gives up at such a shim, and does not look into pyenv's folder.
set -u

# Prints "<version>|<problem, empty if none>|<path>" on any Python, old ones too. The path is the interpreter behind
# shims and virtual environments, so that it outlives them.
probe='
import sys
sys.path[:] = [folder for folder in sys.path if folder]
version = "%d.%d.%d" % tuple(sys.version_info[:3])
problem = ""
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    problem = "is not 3.11, 3.12 or 3.13"
elif sys.implementation.name != "cpython":
    problem = "is not CPython"
elif not getattr(sys, "_is_gil_enabled", lambda: True)():
    problem = "is a free-threaded build, for which many packages ship nothing"
else:
    for name in ("venv", "ensurepip", "ssl", "zlib", "ctypes"):
        try:
            __import__(name)
        except ImportError:
            problem = "has no module %s" % name
            if name in ("venv", "ensurepip"):
                problem += " (on Debian and Ubuntu: apt-get install python%d.%d-venv)" % sys.version_info[:2]
            break
print("|".join((version, problem, getattr(sys, "_base_executable", None) or sys.executable)))
'

rejected=''
seen='|'

# try CANDIDATE VERSION: prints the interpreter and exits if it is usable and of that version ("" takes any).
try() {
    answer=$("$1" -E -s -c "$probe" </dev/null 2>/dev/null) || answer=''
    version=${answer%%|*}
    rest=${answer#*|}
    problem=${rest%%|*}
    path=${rest#*|}
    case $answer in
        *'|'*'|'?*) ;;
        *) version='' problem='does not run' path=$1 ;;
    esac
    if [ -z "$problem" ]; then
        case $version in "$2"*) printf '%s\n' "$path"; exit 0 ;; esac
        return 0
    fi
    case $seen in *"|$1|"*) return 0 ;; esac
    seen="$seen$1|"
    rejected="$rejected
  $1${version:+ ($version)}: $problem"
}

# try_path NAME VERSION: tries each NAME on PATH, not only the first, which may be a shim.
try_path() {
    old_ifs=$IFS
    IFS=:
    set -f
    for folder in $PATH; do
        IFS=$old_ifs
        if [ -f "$folder/$1" ] && [ -x "$folder/$1" ]; then try "$folder/$1" "$2"; fi
    done
    set +f
    IFS=$old_ifs
}

pyenv_root=$(pyenv root 2>/dev/null) || pyenv_root=${PYENV_ROOT:-${HOME:-}/.pyenv}
# try_pyenv VERSION: tries each version that pyenv has installed, active or not.
try_pyenv() {
    for candidate in "$pyenv_root/versions/$1"*/bin/python; do
        if [ -x "$candidate" ]; then try "$candidate" "$1"; fi
    done
}

expected='expected CPython 3.11, 3.12 or 3.13 that can make a virtual environment'

if [ -n "${PYTHON:-}" ]; then
    case $PYTHON in
        */*) try "$PYTHON" '' ;;
        *) try_path "$PYTHON" '' ;;
    esac
    case $PYTHON in python3.1[123]) try_pyenv "${PYTHON#python}." ;; esac
    printf '%s\n' "find_python: PYTHON=$PYTHON is not usable; found${rejected:- nothing of that name on PATH}" \
        "$expected. Name another one, or unset PYTHON to let this script choose." >&2
    exit 1
fi

for wanted in 3.13 3.12 3.11; do
    try_path "python$wanted" "$wanted."
    try_pyenv "$wanted."
    try_path python3 "$wanted."
    try_path python "$wanted."
done

printf '%s\n' "find_python: no usable Python; found${rejected:- none on PATH}" \
    "$expected. Install one, or name it: make setup PYTHON=/path/to/python3.13" >&2
exit 1
