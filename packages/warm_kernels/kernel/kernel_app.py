"""The kernel application of forked kernels: ipykernel's own, which ends in order."""

from __future__ import annotations

from ipykernel.kernelapp import IPKernelApp

CONTROL_SECONDS = 1.0


class WarmKernelApp(IPKernelApp):
    """ipykernel's application without its stall at a graceful shutdown.

    The control thread answers a shutdown request, lets the main thread go on to its end, and then flushes the output
    through the output thread. The first things that the main thread does at its end are to stop the output thread and
    to join the control thread. If it is quicker, the flush waits ten seconds for a thread that is gone;
    jupyter_client sends a SIGTERM after 2.5.
    """

    def start(self) -> None:
        """Run until the end; then end the control thread, while the output thread still serves it."""
        try:
            super().start()  # type: ignore[no-untyped-call]
        finally:
            if self.control_thread and self.control_thread.is_alive():
                self.control_thread.stop()
                self.control_thread.join(CONTROL_SECONDS)
