"""What of a package is shipped."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from layers.trim import is_shipped


@pytest.mark.parametrize(
    "path",
    [
        "pandas/core/frame.py",
        "pandas/_testing/__init__.py",
        "numpy/testing/__init__.py",
        "numpy/_core/_multiarray_umath.cpython-313-x86_64-linux-gnu.so",
        "numpy.libs/libscipy_openblas64_.so",
        "six.py",
        "test.py",
        "boto3/data/s3/2006-03-01/resources-1.json",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
        "botocore/data/stepfunctions/2016-11-23/endpoint-rule-set-1.json.gz",
        "fontTools/__init__.py",
        "fontTools/agl.py",
        "fontTools/misc/textTools.py",
        "matplotlib/mpl-data/matplotlibrc",
        "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf",
        "matplotlib_fontja/fonts/ipaexg.ttf",
        "matplotlib_fontja/fonts/IPA_Font_License_Agreement_v1.0.txt",
        "papermill-2.7.0.dist-info/METADATA",
        "papermill-2.7.0.dist-info/entry_points.txt",
        "papermill-2.7.0.dist-info/licenses/LICENSE",
        "numpy-2.5.5.dist-info/licenses/numpy/_core/src/LICENSE.txt",
        "six-1.17.0.dist-info/LICENSE",
        "tornado-6.6.1.dist-info/COPYING.txt",
        "bleach/_vendor/html5lib-1.1.dist-info/LICENSE",
    ],
)
def test_ships(path: str) -> None:
    """Code, data, metadata and licences."""
    assert is_shipped(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        "pandas/tests/test_frame.py",
        "bleach/_vendor/html5lib-1.1.dist-info/RECORD",
        "numpy/testing/tests/test_utils.py",
        "tornado/test/__main__.py",
        "pandas/__pycache__/x.cpython-313.pyc",
        "numpy/random/lib/libnpyrandom.a",
        "numpy/_core/include/numpy/arrayobject.h",
        "numpy/__init__.pyi",
        "numpy/random/bit_generator.pxd",
        "numpy/f2py/crackfortran.py",
        "zmq/backend/cython/_zmq.pyx",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "botocore/data/s3/2006-03-01/examples-1.json",
        "fontTools/subset/__init__.py",
        "fontTools/misc/bezierTools.cpython-313-x86_64-linux-gnu.so",
        "matplotlib/mpl-data/sample_data/goog.npz",
        "matplotlib/mpl-data/fonts/afm/cmex10.afm",
        "matplotlib/backends/web_backend/js/mpl.js",
        "papermill-2.7.0.dist-info/RECORD",
        "papermill-2.7.0.dist-info/WHEEL",
        "papermill-2.7.0.dist-info/INSTALLER",
    ],
)
def test_drops(path: str) -> None:
    """Tests, sources of compiled code, other services, what pip wrote."""
    assert not is_shipped(PurePosixPath(path))
