"""Linux's own walls around one submission: a PID and a mount namespace, a small disk, no privileges.

Called inside the warm process only (`zygote.py`). Nothing here is imported on other systems before it is called.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

from course_lib.classroom.sandbox import seccomp

DISK = "/learner"  # where each submission's own disk is mounted
NOBODY = 611_000_000  # user ids from here on belong to nobody: the submissions' when the grader runs as root

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID = 0x20000, 0x08000000, 0x10000000, 0x20000000
_NOSUID, _NODEV, _NOEXEC, _REC, _PRIVATE = 2, 4, 8, 0x4000, 0x40000
_PR_CAPBSET_DROP, _PR_SET_DUMPABLE = 24, 4
_CAPABILITY_VERSION = 0x20080522


@dataclass(frozen=True)
class Room:
    """What one submission may use together, in all its processes; `user` is its user id where the grader is root."""

    user: int
    memory_mb: int
    disk_mb: int
    disk_files: int
    processes: int


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(returned: int, what: str) -> None:
    if returned != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(kind: str, place: str, flags: int, options: str = "") -> None:
    done = _libc().mount(
        kind.encode(), place.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode() if options else None
    )
    _checked(done, f"mount {kind} on {place}")


def own_user_namespace() -> int:
    """Enter a user namespace of our own and return, in a child that is process 1 of a PID namespace of that one.

    For an ordinary user, whose bubblewrap keeps no privilege that namespaces per submission need. The process that
    called stays and ends as its child ends.
    """
    user, group = os.getuid(), os.getgid()
    _checked(_libc().unshare(_NEWUSER | _NEWNS | _NEWPID | _NEWIPC), "a user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    child = os.fork()
    if child:
        os.closerange(3, 4096)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    _libc().prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    _mount("proc", "/proc", _NOSUID | _NODEV | _NOEXEC)
    return os.getpid()


class PidNamespaces:
    """Makes the next child of this process the first of a PID namespace of its own, again and again."""

    def __init__(self) -> None:
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self) -> int:
        """Fork; the child is process 1 of a new namespace: when it ends, so does all that it started."""
        _checked(_libc().unshare(_NEWPID), "a PID namespace")
        child = os.fork()
        if child:
            _checked(_libc().setns(self._own, _NEWPID), "the own PID namespace")
        else:
            os.close(self._own)
        return child


def furnish(room: Room) -> None:
    """Give process 1 of a submission its own mounts: an empty disk of limited size, a /proc of its own processes."""
    _checked(_libc().unshare(_NEWNS | _NEWIPC), "a mount namespace")
    _checked(_libc().mount(None, b"/", None, ctypes.c_ulong(_REC | _PRIVATE), None), "private mounts")
    owner = f",uid={room.user},gid={room.user}" if os.getuid() == 0 else ""
    options = f"size={room.disk_mb}m,nr_inodes={room.disk_files},mode=700{owner}"
    _mount("tmpfs", DISK, _NOSUID | _NODEV, options)
    _mount("proc", "/proc", _NOSUID | _NODEV | _NOEXEC)


def give_up_privileges(user: int) -> bool:
    """Become a user without any privilege, for good. Returns False when system calls could not be filtered."""
    libc = _libc()
    for capability in range(64):
        if libc.prctl(*map(ctypes.c_ulong, (_PR_CAPBSET_DROP, capability, 0, 0, 0))) != 0:
            break
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _checked(libc.capset(header, bytes(24)), "giving up privileges")
    filtered = seccomp.install()
    _checked(libc.prctl(*map(ctypes.c_ulong, (_PR_SET_DUMPABLE, 1, 0, 0, 0))), "its own /proc")
    return filtered


def watch(child: int, room: Room) -> tuple[str, int]:
    """As process 1, wait for the submission's process, and end the wait when all its processes use too much.

    Returns:
        ("exit", code), ("signal", number), ("memory", MB) or ("processes", count). The caller then ends, which ends
        all the others.
    """
    while True:
        signal.sigtimedwait([signal.SIGCHLD], 0.1)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return "exit", 0
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                return ("signal", -code) if code < 0 else ("exit", code)
            if pid == 0:
                break
        processes, pages = _use()
        if processes > room.processes + 2:
            return "processes", processes
        if pages * 4096 > room.memory_mb * 2**20 and _proportional_mb() > room.memory_mb:
            return "memory", _proportional_mb()


def _use() -> tuple[int, int]:
    """Return how many processes there are besides this one, and their private resident pages at most."""
    count, pages = 0, 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and process.name != "1":
            try:
                fields = (process / "statm").read_bytes().split()
            except OSError:
                continue
            count += 1
            pages += int(fields[1]) - int(fields[2])
    return count, pages


def _proportional_mb() -> int:
    """Resident memory of all processes together in MB, what they share counted once (slow)."""
    kilobytes = 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError, StopIteration):
                lines = (process / "smaps_rollup").read_bytes().splitlines()
                kilobytes += next(int(line.split()[1]) for line in lines if line.startswith(b"Pss:"))
    return kilobytes // 1024
