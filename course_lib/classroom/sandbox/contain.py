"""How a stranger's code is held on this machine: bubblewrap's command line, and the words for what is in force."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from course_lib.classroom.sandbox import linux
from course_lib.classroom.sandbox.zygote import FONTS
from course_lib.home import course_root, home
from course_lib.language import Say

_PACKAGE = Path(__file__).resolve().parents[2]
_SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/sbin", "/usr")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "fonts", "ssl/openssl.cnf")
_PROCESSORS = "/sys/devices/system/cpu"  # LiteRT looks there for what the processor can do
# What of a topic a learner's code may see; the solution, the laws and the wrong answers stay out.
_HIDDEN = ("exercise.py", "checks.py", "wrong.toml", "__pycache__")

CONTAINED = Say(
    "bubblewrap: a warm process forks a child per submission, which has its own process namespace, an empty folder on a"
    " disk of limited size, no network, a read-only view of the interpreter and the library, and sees no other"
    " submission, no solution and nobody's home; processor and wall time, memory (of each process and of all together),"
    " file size, number of files and of processes are limited",
    "bubblewrap：由预热好的进程为每份作业派生一个子进程；它有独立的进程命名空间、限定大小的空文件夹，没有网络，"
    "解释器与课程库只读，看不到其他作业、参考答案和任何人的主目录；处理器时间、总时长、内存（单个进程与全部进程合计）、"
    "文件大小、文件数与进程数都有上限",
)
CALLS = Say("dangerous system calls are filtered", "危险的系统调用已被过滤")
NO_CALLS = Say("NOT in force: no filter on system calls (unknown processor)", "未生效：系统调用过滤（处理器类型未知）")
ALONE = Say(
    "one fresh process per submission with limits where the system has them",
    "每份作业一个全新进程，并使用系统支持的资源上限",
)
NOT_ALONE = Say(
    "NOT in force: the network is reachable, other files of this user (solutions, other submissions, home) are"
    " visible and can be changed, the number of processes and the disk are not limited",
    "未生效：可以访问网络，能看到并修改本用户的其他文件（参考答案、其他作业、主目录），进程数与磁盘用量不受限制",
)


def because(reason: str) -> Say:
    """Say why bubblewrap is not used."""
    return Say(f"bubblewrap was not used: {reason}", f"未使用 bubblewrap：{reason}")


def joined(*parts: Say) -> Say:
    """Return sentences as one."""
    return Say("; ".join(each.en for each in parts), "；".join(each.zh for each in parts))


def obstacle() -> str:
    """Return why bubblewrap cannot even be tried here, or "" when it can."""
    if not sys.platform.startswith("linux"):
        return f"it exists on Linux only, this is {sys.platform}"
    if shutil.which("bwrap") is None:
        return "it is not installed (apt install bubblewrap)"
    return ""


def command(program: Iterable[str]) -> list[str]:
    """Return the bubblewrap command line that runs `program` (arguments of this interpreter) in a bare room."""
    root = os.getuid() == 0
    bwrap = shutil.which("bwrap") or "bwrap"
    arguments = [bwrap, "--die-with-parent", "--new-session", "--clearenv"]
    arguments += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if root:
        arguments += ["--cap-drop", "ALL"]
        for capability in ("SYS_ADMIN", "SETUID", "SETGID", "SYS_PTRACE", "SETPCAP"):
            arguments += ["--cap-add", f"CAP_{capability}"]
    else:
        arguments.append("--unshare-user")
    arguments += _view()
    for name, value in _environment().items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--chdir", "/", sys.executable, *program]


def _view() -> list[str]:
    """Return the arguments that lay out the file system."""
    arguments: list[str] = []
    bound: list[Path] = []
    made: set[Path] = set()

    def bind(place: Path | str, at: str = "") -> None:
        path, target = Path(place), at or str(place)
        if not path.exists() or (not at and any(path == each or each in path.parents for each in bound)):
            return
        for parent in reversed(Path(target).parents[:-1]):
            if parent not in made and not any(parent == each or each in parent.parents for each in bound):
                made.add(parent)
                arguments.extend(["--perms", "0755", "--dir", str(parent)])
        arguments.extend(["--ro-bind", str(path), target])
        if at in ("", str(path)):
            bound.append(path)

    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), name]
        elif name != "/usr" or path.is_dir():
            bind(path)
    for name in _ETC:
        bind(Path("/etc") / name)
    bind(_PROCESSORS)
    for prefix in (sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix):
        bind(prefix)
    for entry in (Path(sys.executable).parent, *map(Path, sys.path[1:])):
        if entry.name == "site-packages" or entry.parent.name == "lib":
            bind(entry)
    bind(_PACKAGE)
    courses = {course_root(), _PACKAGE.parent}
    for secret in [course / name for course in sorted(courses) for name in ("topics", "solutions", "tests")] + [home()]:
        if any(each in secret.parents for each in bound) and secret.exists():
            arguments += ["--tmpfs", str(secret)]
    for course in sorted(courses):
        for topic in sorted((course / "topics").glob("[0-9][0-9]_*")):
            for part in sorted(topic.iterdir()):
                if part.name not in _HIDDEN:
                    bind(part, str(part))  # also where its folder was just covered
    for cache in (os.environ.get("MPLCONFIGDIR", ""), str(Path.home() / ".cache" / "matplotlib")):
        for fonts in Path(cache).glob("fontlist-*.json") if cache else ():
            bind(fonts, f"{FONTS}/{fonts.name}")
    arguments += ["--tmpfs", linux.DISK]  # for what is imported; each submission has its own there
    if not any(Path("/tmp") in each.parents for each in bound):
        arguments += ["--symlink", linux.DISK, "/tmp"]
    return [*arguments, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("COURSE_LANG", "LD_LIBRARY_PATH") if name in os.environ}
    if "COURSE_ROOT" in os.environ:
        kept["COURSE_ROOT"] = str(course_root())
    return {
        **kept,
        "PATH": os.defpath,
        "HOME": linux.DISK,
        "TMPDIR": linux.DISK,
        "COURSE_HOME": f"{linux.DISK}/course_home",
        "COURSE_WORKER": "1",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # or the order of a set would be a matter of luck
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MALLOC_ARENA_MAX": "2",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
