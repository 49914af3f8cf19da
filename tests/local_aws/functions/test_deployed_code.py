"""Tests of running functions from their deployed archives."""

import sys

import pytest
from botocore.exceptions import ClientError
from deployment import Deployment, app, zipped

from local_aws import EmbeddedAws
from local_aws.errors import RuntimeNotFoundError
from local_aws.functions import deployed_code
from local_aws.functions.runtime.interpreters import find_interpreter

pytestmark = pytest.mark.functional
_LAYER = zipped({"python/greeting.py": "TEXT = 'hi'\n"})


@pytest.fixture
def deployment(embedded_aws: EmbeddedAws) -> Deployment:
    """Return a stack to be deployed."""
    return Deployment(embedded_aws)


def test_a_function_runs_from_its_archive_and_its_layer(deployment: Deployment) -> None:
    """Runs a changed function and a changed layer from the first invocation after a deploy on."""
    deployment.layer("words", _LAYER)
    name = deployment.function("hello", app(), "src/app.hello", Layers=[{"Ref": "words"}])
    deployment.deploy()
    for _ in range(2):
        assert deployment.invoke(name, {"a": 1}) == {"version": 1, "greeting": "hi", "event": {"a": 1}}
    deployment.function("hello", app(**{"VERSION = 1": "VERSION = 2"}), "src/app.hello", Layers=[{"Ref": "words"}])
    deployment.deploy()
    assert deployment.invoke(name)["version"] == 2
    deployment.layer("words", zipped({"python/greeting.py": "TEXT = 'hello'\n"}))
    deployment.deploy()
    assert deployment.invoke(name)["greeting"] == "hello"


def test_deployed_code_sees_nothing_of_our_packages(deployment: Deployment) -> None:
    """Lets a function and its child processes import the standard library and deployed code only."""
    name = deployment.function("look", app(), "src/app.surroundings")
    deployment.deploy()
    modules = ["moto", "pytest", "boto3", "local_aws", "pip", "json", "sqlite3"]
    seen = deployment.invoke(name, {"modules": modules})
    assert seen["found"] == ["json", "sqlite3"]
    assert seen["found_by_child"] == "['json', 'sqlite3']"
    assert not any("site-packages" in path and path.startswith(sys.prefix) for path in seen["path"])


def test_the_search_path_is_lambdas(deployment: Deployment) -> None:
    """Orders code, layers, runtime client and standard library as Lambda does; children get only the runtime client."""
    deployment.layer("words", _LAYER)
    name = deployment.function("look", app(), "src/app.surroundings", Layers=[{"Ref": "words"}])
    deployment.deploy()
    seen = deployment.invoke(name)
    environment = seen["environment"]
    opt = next(path for path in seen["path"] if path.endswith("/python")).removesuffix("/python")
    assert seen["path"][:4] == [
        environment["LAMBDA_TASK_ROOT"],
        f"{opt}/python/lib/python3.13/site-packages",
        f"{opt}/python",
        environment["LAMBDA_RUNTIME_DIR"],
    ]
    assert environment["PYTHONPATH"] == environment["LAMBDA_RUNTIME_DIR"]
    assert environment["LD_LIBRARY_PATH"].endswith(f"{environment['LAMBDA_TASK_ROOT']}/lib:{opt}/lib")
    assert seen["cwd"] == environment["LAMBDA_TASK_ROOT"]


def test_a_functions_own_python_path_wins(deployment: Deployment) -> None:
    """Uses a function's own PYTHONPATH as it is, with ``/opt`` and ``/var/task`` translated."""
    deployment.layer("words", _LAYER)
    own = {"Variables": {"PYTHONPATH": "/opt/python:/var/task/src"}}
    layers = [{"Ref": "words"}]
    name = deployment.function("look", app(), "src/app.surroundings", Layers=layers, Environment=own)
    deployment.deploy()
    seen = deployment.invoke(name, {"modules": ["greeting", "app"]})
    assert seen["found"] == ["greeting", "app"]
    assert seen["found_by_child"] == "['greeting', 'app']"


def test_layers_are_merged_in_their_order(deployment: Deployment) -> None:
    """Takes a file of several layers from the last one, and shares the merged folder between functions."""
    deployment.layer("one", zipped({"python/greeting.py": "TEXT = 'one'\n", "python/only_one.py": ""}))
    deployment.layer("two", zipped({"python/greeting.py": "TEXT = 'two'\n"}))
    names = {}
    for key, layers in {"a": ["one", "two"], "b": ["two", "one"], "c": ["one", "two"]}.items():
        refs = [{"Ref": layer} for layer in layers]
        names[key] = deployment.function(key, app(), "src/app.hello", Layers=refs)
        names[f"look-{key}"] = deployment.function(f"look{key}", app(), "src/app.surroundings", Layers=refs)
    deployment.deploy()
    assert [deployment.invoke(names[key])["greeting"] for key in "abc"] == ["two", "one", "two"]
    paths = [deployment.invoke(names[f"look-{key}"])["path"] for key in "abc"]
    assert paths[0] == paths[2] != paths[1]


def test_a_layer_of_another_stack_is_found_by_its_arn(embedded_aws: EmbeddedAws, deployment: Deployment) -> None:
    """Finds a layer version of another stack by the ARN in that stack's output."""
    deployment.layer("words", _LAYER)
    deployment.deploy(Words={"Ref": "words"})
    arn = deployment.outputs()["Words"]
    assert arn.endswith(f":layer:{deployment.name}-words:1")
    other = Deployment(embedded_aws)
    name = other.function("hello", app(), "src/app.hello", Layers=[arn])
    other.deploy()
    assert other.invoke(name)["greeting"] == "hi"


def test_a_published_version_keeps_its_code(embedded_aws: EmbeddedAws, deployment: Deployment) -> None:
    """Runs a published version with the code that it was published with after the function has changed."""
    name = deployment.function("look", app(), "src/app.probe")
    deployment.deploy()
    client = embedded_aws.client("lambda")
    client.publish_version(FunctionName=name)
    assert deployment.invoke(f"{name}:1", {"expression": "1"}) == 1
    deployment.function("look", app(**{"eval(event": "7 or eval(event"}), "src/app.probe")
    deployment.deploy()
    assert [deployment.invoke(qualified, {"expression": "1"}) for qualified in (name, f"{name}:1")] == [7, 1]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (zipped({"../../escape.py": ""}), "leads out of the archive"),
        (b"no zip", "no sound zip file"),
        (zipped({"src/app.py": "", "large": b"\0" * 1001}), "too large for Lambda; found 1001 bytes unpacked"),
    ],
)
def test_a_bad_archive_is_an_error_with_its_place(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, body: bytes, problem: str
) -> None:
    """Fails the invocation with Lambda's error and the function's name; a low limit saves the test time."""
    monkeypatch.setattr(deployed_code, "MAX_UNPACKED_BYTES", 1000)
    name = deployment.function("bad", body, "src/app.hello")
    deployment.deploy()
    with pytest.raises(ClientError, match=rf"InvalidZipFileException.*function {name}.*{problem}"):
        deployment.invoke(name)


def test_a_missing_archive_is_an_error(embedded_aws: EmbeddedAws, deployment: Deployment) -> None:
    """Fails the invocation with the S3 address of an archive that was replaced or deleted."""
    name = deployment.function("gone", app(), "src/app.hello", Code=deployment.archive(app(x="y"), "gone.zip"))
    deployment.deploy()
    embedded_aws.client("s3").put_object(Bucket=deployment.bucket, Key="gone.zip", Body=zipped({"a": "b"}))
    with pytest.raises(ClientError, match=r"its archive was replaced; found other content at s3://.*/gone\.zip"):
        deployment.invoke(name)
    embedded_aws.client("s3").delete_object(Bucket=deployment.bucket, Key="gone.zip")
    with pytest.raises(ClientError, match=r"its archive is gone; found nothing at s3://.*/gone\.zip"):
        deployment.invoke(name)


def test_a_missing_python_is_an_error_with_what_to_install(deployment: Deployment) -> None:
    """Fails the invocation of a function whose Python is missing or whose language is another one."""
    for runtime, problem in (("python3.99", "no Python 3.99.*Install it"), ("nodejs22.x", "expected python3.X")):
        name = deployment.function("r", app(), "src/app.hello", Runtime=runtime)
        deployment.deploy()
        with pytest.raises(ClientError, match=rf"InvalidRuntimeException.*{problem}"):
            deployment.invoke(name)


def test_a_function_runs_with_the_python_that_it_names(deployment: Deployment) -> None:
    """Runs a function with another version of Python than ours, with its results, errors and limits."""
    other = "3.12" if sys.version_info[:2] != (3, 12) else "3.13"
    try:
        find_interpreter(other)
    except RuntimeNotFoundError as error:
        pytest.skip(str(error))
    name = deployment.function("v", app(), "src/app.probe", Runtime=f"python{other}")
    deployment.deploy()
    assert deployment.invoke(name, {"expression": "'%d.%d' % sys.version_info[:2]"}) == other
    assert deployment.invoke(name, {"expression": "'x' * (7 << 20)"})["errorType"] == "Function.ResponseSizeTooLarge"
    assert deployment.invoke(name, {"expression": "nonsense"}) == "NameError"
