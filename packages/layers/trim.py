"""Which files of an installed package a layer ships; the path alone decides.

Measured on papermill with pandas, boto3 and matplotlib: two thirds of about 330 MiB remain, with their bytecode.
matplotlib saves PNG and SVG; PDF and PostScript would need the fontTools that are dropped here. pyarrow has its arrays,
compute functions, CSV and JSON.
"""

from __future__ import annotations

from pathlib import PurePosixPath

# For compilers, type checkers, editors and browsers
DROPPED_SUFFIXES = frozenset(
    {".a", ".c", ".cc", ".cpp", ".h", ".hpp", ".in", ".map", ".pxd", ".pxi", ".pyc", ".pyi", ".pyx"}
)
DROPPED_FOLDER_NAMES = frozenset({"__pycache__", "test", "tests"})
# What uv installs beside the packages: commands, settings, manual pages, kernel specifications
DROPPED_TOP_FOLDERS = frozenset({"bin", "etc", "include", "share"})
DROPPED_FOLDERS = (
    "matplotlib/backends/web_backend",  # for a window in a browser
    "matplotlib/mpl-data/fonts/afm",  # metrics of PostScript's fonts
    "matplotlib/mpl-data/fonts/pdfcorefonts",
    "matplotlib/mpl-data/images",  # buttons of a window
    "matplotlib/mpl-data/sample_data",
    "numpy/_core/include",  # for compiling against numpy
    "numpy/_core/lib",
    "numpy/_pyinstaller",
    "numpy/f2py",
    "numpy/random/_examples",
    "numpy/random/lib",
    "pyarrow/include",  # for compiling against pyarrow
    "pyarrow/includes",
    "pyarrow/src",
)
# Beginnings of file names in pyarrow: libraries that are not needed, and modules that are linked to them
DROPPED_PYARROW = (
    "_acero.",
    "_azurefs.",
    "_dataset",
    "_flight.",
    "_gcsfs.",
    "_hdfs.",
    "_orc.",
    "_parquet",
    "_pyarrow_cpp_tests.",
    "_s3fs.",
    "_substrait.",
    "libarrow_flight.",
    "libarrow_python_flight.",
    "libarrow_s3.",
)
# What matplotlib needs of fontTools for PNG and SVG; each compiled module also exists in plain Python
SHIPPED_FONTTOOLS = frozenset({"__init__.py", "agl.py", "misc", "version.py"})
# The services that an ETL's notebooks and functions may call; botocore describes more than 400
SHIPPED_SERVICES = frozenset(
    {
        "cloudwatch",
        "dynamodb",
        "events",
        "kms",
        "lambda",
        "logs",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "stepfunctions",
        "sts",
    }
)
_SERVICE_DATA = (("botocore", "data"), ("boto3", "data"))
_LICENCE_NAMES = ("AUTHORS", "COPYING", "COPYRIGHT", "LICENCE", "LICENSE", "NOTICE")


def is_shipped(path: PurePosixPath) -> bool:
    """Tell whether a layer ships a file.

    Parameters
    ----------
    path
        Relative to the folder of installed packages.

    Examples
    --------
    >>> is_shipped(PurePosixPath("pandas/core/frame.py")), is_shipped(PurePosixPath("pandas/tests/test_frame.py"))
    (True, False)
    >>> is_shipped(PurePosixPath("botocore/data/s3/2006-03-01/service-2.json.gz"))
    True
    """
    top, *_ = path.parts
    # also the metadata of a vendored package, such as bleach's html5lib
    metadata = next((place for place, part in enumerate(path.parts[:-1]) if part.endswith(".dist-info")), None)
    if metadata is not None:
        return _is_shipped_metadata(PurePosixPath(*path.parts[metadata:]))
    if path.suffix in DROPPED_SUFFIXES or not DROPPED_FOLDER_NAMES.isdisjoint(path.parts[:-1]):
        return False
    if top in DROPPED_TOP_FOLDERS or any(path.is_relative_to(folder) for folder in DROPPED_FOLDERS):
        return False
    if path.parts[:2] in _SERVICE_DATA:
        return _is_shipped_service(path)
    if path.parts[:1] == ("pyarrow",) and len(path.parts) == 2:  # noqa: PLR2004 - a file of the package itself
        return not path.name.startswith(DROPPED_PYARROW) and not _is_second_copy(path.name)
    return top != "fontTools" or (path.parts[1] in SHIPPED_FONTTOOLS and path.suffix != ".so")


def _is_second_copy(name: str) -> bool:
    """Tell whether a library is a copy: wheels have no links, so it has three names, of which the middle is loaded."""
    return name.startswith("libarrow_python") and name.count(".") != 2  # noqa: PLR2004 - libarrow_python.so.2600


def _is_shipped_metadata(path: PurePosixPath) -> bool:
    """Tell whether metadata is shipped: the version, the entry points of plug-ins, and the licences."""
    return path.parts[1] in {
        "METADATA",
        "entry_points.txt",
        "licenses",
        "license_files",
    } or path.name.upper().startswith(_LICENCE_NAMES)


def _is_shipped_service(path: PurePosixPath) -> bool:
    """Tell whether a description is shipped: of all services, such as the endpoints, or of a shipped service."""
    service, *rest = path.parts[2:]
    return not rest or (service in SHIPPED_SERVICES and not path.name.startswith("examples-"))
