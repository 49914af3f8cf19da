"""One embedded AWS for the whole session: nbval uses it, and the tests, each with a stage of its own."""

from __future__ import annotations

import contextlib
import os

import pytest

from etl.cli.local_pipeline import deploy
from etl.cli.sample import load_sample
from local_aws import EmbeddedAws, environment_variables

_SHARED = pytest.StashKey()
_NOTEBOOKS_READY = pytest.StashKey()


def shared_aws(config: pytest.Config) -> EmbeddedAws:
    """Return the session's embedded AWS; the first call starts it, and this process then talks to it only."""
    if _SHARED not in config.stash:
        stack = contextlib.ExitStack()
        config.add_cleanup(stack.close)
        aws = stack.enter_context(EmbeddedAws())
        stack.enter_context(environment_variables(aws.environment()))
        config.stash[_SHARED] = aws
    return config.stash[_SHARED]


@pytest.fixture(scope="session")
def embedded_aws(request: pytest.FixtureRequest) -> EmbeddedAws:
    """Return the session's embedded AWS."""
    return shared_aws(request.config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Load the sample before nbval starts its first kernel, which inherits this process's environment."""
    if type(item).__name__ == "IPyNbCell" and _NOTEBOOKS_READY not in item.config.stash:
        load_sample(deploy(shared_aws(item.config)))
        # nbval starts its kernels by jupyter_client, whose kind of kernel this variable chooses
        os.environ.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "warm-fork")
        item.config.stash[_NOTEBOOKS_READY] = True
