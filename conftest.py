"""One embedded AWS for the whole session: the tests share it, each with a stage of its own, and so does nbval."""

from __future__ import annotations

import os

import pytest

from etl.cli.local_pipeline import deploy
from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW
from etl.storage.devices_file import read_devices_file
from local_aws import EmbeddedAws

_SHARED = pytest.StashKey()
_NOTEBOOKS_READY = pytest.StashKey()


def shared_aws(config: pytest.Config) -> EmbeddedAws:
    """Return the session's embedded AWS, started when it is first asked for; this process then talks to it only."""
    if _SHARED not in config.stash:
        before, aws = dict(os.environ), EmbeddedAws()
        aws.__enter__()

        def stop() -> None:
            aws.__exit__(None, None, None)
            os.environ.clear()
            os.environ.update(before)

        config.add_cleanup(stop)
        os.environ.update(aws.environment())
        config.stash[_SHARED] = aws
    return config.stash[_SHARED]


@pytest.fixture(scope="session")
def embedded_aws(request: pytest.FixtureRequest) -> EmbeddedAws:
    """Return the session's embedded AWS."""
    return shared_aws(request.config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Load the sample before nbval starts its first kernel, which gets its environment from this process."""
    if type(item).__name__ == "IPyNbCell" and _NOTEBOOKS_READY not in item.config.stash:
        pipeline = deploy(shared_aws(item.config))
        with SAMPLE_RAW.open("rb") as raw:
            pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
        # nbval starts its kernels by jupyter_client, which takes this one's word for how
        os.environ.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "warm-fork")
        item.config.stash[_NOTEBOOKS_READY] = True
