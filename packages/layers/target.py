"""What the layers are built for: Lambda's Python, its processor, and Amazon Linux 2023."""

from __future__ import annotations

from dataclasses import dataclass

# Lambda's Python 3.11 runs on Amazon Linux 2, whose C library is too old for the wheels of numpy and pandas
PYTHONS = ("3.13", "3.12")
# Lambda's name of a processor and the name in wheels and environment markers
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Target:
    """A Lambda runtime.

    Attributes
    ----------
    python
        Major and minor version, such as ``3.13``.
    architecture
        ``x86_64`` or ``arm64``, as Lambda writes it.
    """

    python: str = "3.13"
    architecture: str = "x86_64"

    def __str__(self) -> str:
        return f"Python {self.python} on {self.architecture}"

    @property
    def platform(self) -> str:
        """The platform as uv names it. Amazon Linux 2023 has glibc 2.34; wheels for 2.28 also run on most laptops."""
        return f"{MACHINES[self.architecture]}-manylinux_2_28"

    @property
    def marker_environment(self) -> dict[str, str]:
        """The values of all environment markers on the target; none comes from the running Python.

        Examples
        --------
        >>> Target(architecture="arm64").marker_environment["platform_machine"]
        'aarch64'
        """
        # Lambda updates its runtimes to the newest patch release, whose number is not known here
        full_version = f"{self.python}.99"
        return {
            "implementation_name": "cpython",
            "implementation_version": full_version,
            "os_name": "posix",
            "platform_machine": MACHINES[self.architecture],
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": full_version,
            "python_version": self.python,
            "sys_platform": "linux",
        }
