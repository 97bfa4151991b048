"""Linux's filter on system calls, for a process that runs a stranger's code.

What a read-only view, an empty network and limits leave open goes through few calls: a new user namespace brings back
every privilege inside it (and a tmpfs without a limit), `ptrace` and its relatives reach other processes, `memfd`,
System V memory and io_uring escape the limits, and VM sockets pass by the network namespace.
Numbers are from the kernel's `syscall_64.tbl` and `asm-generic/unistd.h`.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

# name: (x86_64, aarch64)
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
}
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6

_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_X32 = 0x40000000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_Line = tuple[int, int, int, int]  # code, lines to jump over when true, when false, value


def program(machine: str) -> bytes | None:
    """Return the filter as BPF for "x86_64" or "aarch64"; None for a machine whose numbers are not known."""
    if machine not in _ARCHITECTURES:
        return None
    column, architecture = _ARCHITECTURES[machine]

    def on(number: int, *body: _Line) -> list[_Line]:
        """Lines for one call; the last of them returns."""
        return [(_JUMP_EQUAL, 0, len(body), number), *body]

    refuse = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    allow = (_RETURN, 0, 0, _ALLOW)
    argument = (_LOAD, 0, 0, _FIRST_ARGUMENT)
    families = [(_JUMP_EQUAL, len(_FAMILIES) - index, 0, family) for index, family in enumerate(_FAMILIES)]
    lines: list[_Line] = [(_LOAD, 0, 0, _ARCHITECTURE), (_JUMP_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    lines += [(_LOAD, 0, 0, _NUMBER), (_JUMP_GREATER, 0, 1, _X32), refuse]
    for numbers in _REFUSED.values():
        lines += on(numbers[column], refuse)
    lines += on(_CLONE3[column], (_RETURN, 0, 0, _ERROR | errno.ENOSYS))  # then the C library takes clone
    lines += on(_CLONE[column], argument, (_JUMP_BITS, 0, 1, _NAMESPACES), refuse, allow)
    lines += on(_SOCKET[column], argument, *families, (_RETURN, 0, 0, _ERROR | errno.EAFNOSUPPORT), allow)
    lines.append(allow)
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def install() -> bool:
    """Filter this process and all that it starts, for good. Returns False where the numbers are not known.

    Raises:
        OSError: when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc, libc.prctl(*map(ctypes.c_ulong, (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))))
    code = program(platform.machine())
    if code is None:
        return False

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]

    filled = Program(len(code) // 8, code)
    _checked(libc, libc.prctl(ctypes.c_ulong(_PR_SET_SECCOMP), ctypes.c_ulong(_FILTER), ctypes.byref(filled)))
    return True


def _checked(libc: ctypes.CDLL, returned: int) -> None:
    if returned != 0:
        number = ctypes.get_errno()
        raise OSError(number, "the system-call filter could not be set")
