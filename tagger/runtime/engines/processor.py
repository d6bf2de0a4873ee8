"""The abilities of this machine's processor."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def multiplies_8_bits() -> bool:
    """Return whether sums of 8-bit products are exact.

    x86 processors without VNNI add two of them in 16 bits, which may overflow; this is assumed
    of unknown processors.
    """
    if platform.machine().lower() in ("arm64", "aarch64"):
        return True
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
