"""`python -m tests.integration.confined UNIT COMMAND…`: the command under the system calls that the unit leaves it.

systemd does that where it runs; a machine of tests has none, so the same filter is made with the same library.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

_ALLOW, _EPERM = 0x7FFF0000, 0x00050001  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
_SET_NO_NEW_PRIVS, _SET_MDWE, _REFUSE_EXEC_GAIN = 38, 65, 1  # prctl(2)


def calls_of(groups: list[str]) -> set[str]:
    """The names of system calls in groups such as @system-service."""
    found: set[str] = set()
    for group in groups:
        said = subprocess.run(
            ["systemd-analyze", "syscall-filter", group, "--no-pager"], capture_output=True, text=True, check=True
        ).stdout
        inside = re.findall(r"^ +([@\w-]+)$", said, re.MULTILINE)
        found |= {name for name in inside if not name.startswith("@")}
        found |= calls_of([name for name in inside if name.startswith("@")])
    return found


def allowed_by(unit: str) -> set[str]:
    lines = re.findall(r"^SystemCallFilter=(~?)(.*)$", unit, re.MULTILINE)
    allowed: set[str] = set()
    for taken, groups in lines:
        allowed = allowed - calls_of(groups.split()) if taken else allowed | calls_of(groups.split())
    # systemd always leaves what ends a process and begins a program.
    return allowed | calls_of(["@default"]) | {"execve", "exit", "exit_group"}


def confine(unit: str) -> None:
    library, libc = ctypes.CDLL("libseccomp.so.2"), ctypes.CDLL(None, use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_EPERM))
    for name in allowed_by(unit):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            assert library.seccomp_rule_add(context, _ALLOW, number, 0) == 0, name
    assert libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if "MemoryDenyWriteExecute=yes" in unit:
        assert libc.prctl(_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
    assert library.seccomp_load(context) == 0


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text("utf-8"))
    os.execvp(sys.argv[2], sys.argv[2:])
