"""Tests of where the gateway forwards to."""

import pytest

from local_aws.errors import UnsafeUpstreamError
from local_aws.gateway.forwarding import Forwarder


@pytest.mark.parametrize("host", ["s3.amazonaws.com", "localhost", "10.0.0.1", "0.0.0.0", ""])  # noqa: S104
def test_it_never_forwards_to_another_machine(host: str) -> None:
    """Accepts a literal loopback address only."""
    with pytest.raises(UnsafeUpstreamError, match="it would forward to another machine"):
        Forwarder(host, 80)
    Forwarder("127.0.0.1", 80)
