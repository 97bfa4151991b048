"""Where a number was measured. A latency without this is gossip."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# The instruction sets that decide how fast integer kernels are, by their names in /proc/cpuinfo.
TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "neon", "asimd", "asimddp", "i8mm")


@dataclass(frozen=True)
class Environment:
    """The machine and the versions behind a measurement."""

    cpu: str
    cores: int
    flags: tuple[str, ...]
    os: str
    python: str
    litert: str

    @staticmethod
    @cache
    def here() -> Environment:
        """Describe this machine. The CPU flags are read on Linux and empty elsewhere."""
        info = _cpuinfo()
        flags = set((info.get("flags") or info.get("Features") or "").split())
        return Environment(
            cpu=info.get("model name") or platform.processor() or platform.machine(),
            cores=os.cpu_count() or 1,
            flags=tuple(flag for flag in TELLING_FLAGS if flag in flags),
            os=f"{platform.system()} {platform.machine()}",
            python=platform.python_version(),
            litert=installed("ai-edge-litert"),
        )

    def __str__(self) -> str:
        flags = f" ({' '.join(self.flags)})" if self.flags else ""
        return f"{self.cpu}{flags}, {self.cores} cores, {self.os}, Python {self.python}, LiteRT {self.litert}"


def installed(package: str) -> str:
    """Return the installed version of a package, or an empty string."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _cpuinfo() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}
