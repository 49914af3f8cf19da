"""What the layers are built for: Lambda's Python, its processor, and Amazon Linux 2023."""

from __future__ import annotations

from dataclasses import dataclass

# Python 3.11 runs on Amazon Linux 2 there, whose C library is too old for the wheels of numpy and pandas
PYTHONS = ("3.13", "3.12")
# Lambda's name of a processor and the name that wheels and markers have for it
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# Amazon Linux 2023 has glibc 2.34; wheels for 2.28 also run on the machines of most developers
GLIBC_MINORS = range(28, 4, -1)


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

    @property
    def machine(self) -> str:
        """The processor as wheels and environment markers name it."""
        return MACHINES[self.architecture]

    @property
    def marker_environment(self) -> dict[str, str]:
        """The values of all environment markers there; nothing is taken from the running Python.

        Examples
        --------
        >>> Target(architecture="arm64").marker_environment["platform_machine"]
        'aarch64'
        """
        # Lambda keeps its runtimes at the newest patch release, whose number is not known here
        full_version = f"{self.python}.99"
        return {
            "extra": "",
            "implementation_name": "cpython",
            "implementation_version": full_version,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": full_version,
            "python_version": self.python,
            "sys_platform": "linux",
        }

    @property
    def pip_options(self) -> list[str]:
        """What makes pip choose wheels for the target, newest C library first.

        pip takes each platform literally: it does not know that a wheel for glibc 2.17 runs on 2.28.
        """
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in GLIBC_MINORS] + [
            f"manylinux2014_{self.machine}"
        ]
        return [
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={self.python}",
            *(f"--platform={platform}" for platform in platforms),
        ]
