"""The lock files and environment.yml follow from pyproject.toml, and a disagreement would be noticed."""

import importlib.metadata
import re
import shutil
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import lock

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (lock.FULL, lock.CORE, lock.EXTRAS)
FILES = ("pyproject.toml", "environment.yml", *LOCKS)


@pytest.fixture
def copy(tmp_path):
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def pins(name):
    return lock.read_lock((ROOT / name).read_text("utf-8"))


def edit(path, pattern, replacement):
    text, count = re.subn(pattern, replacement, path.read_text("utf-8"), count=1, flags=re.M)
    assert count == 1, f"{pattern} is not in {path.name}"
    path.write_text(text, "utf-8")


def test_everything_follows_from_pyproject():
    assert list(lock.problems(ROOT)) == []


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "complaint"),
    [
        ("pyproject.toml", r"^dependencies = \[", 'dependencies = [\n  "left-pad",', "left-pad is missing"),
        ("pyproject.toml", r"numpy==[\d.]+", "numpy==1.0", "numpy==.* does not satisfy numpy==1.0"),
        ("pyproject.toml", r'"ruff"', '"ruff<0.1"', "requirements-extras.lock: ruff==.* does not satisfy"),
        ("pyproject.toml", r"setuptools>=\d+", "setuptools<1", "core.lock: setuptools==.* does not satisfy"),
        ("pyproject.toml", r"backports-strenum<[\d.]+", "backports-strenum<1", "strenum==.* does not satisfy"),
        (lock.CORE, r"^numpy==[\d.]+", "numpy==2.0.0", "numpy==2.0.0 is not the version that requirements.lock has"),
        (lock.CORE, r"^rich==", "poor==", "poor is not in requirements.lock"),
        (lock.FULL, r"^tensorflow==[\d.]+", "tensorflow==2.0.0", "tensorflow==2.0.0 does not satisfy"),
        (lock.EXTRAS, r"^ruff==[\d.]+", "rich==14.0.0", "rich is already in requirements-core.lock"),
        (lock.FULL, r"^(rich==[\d.]+)( \\\n +--hash=sha256:[0-9a-f]+)+", r"\1", "rich has no hash"),
        ("environment.yml", r"- numpy==[\d.]+", "- numpy==2.0.0", "environment.yml"),
        ("environment.yml", r"python=3\.11", "python=3.9", "environment.yml"),
    ],
)
def test_a_disagreement_is_named(copy, name, pattern, replacement, complaint):
    edit(copy / name, pattern, replacement)
    found = "\n".join(lock.problems(copy))
    assert re.search(complaint, found), found


@pytest.mark.parametrize("line", ["--index-url https://x.invalid", "-e .", "numpy>=2", "n @ https://x.invalid/n"])
def test_a_lock_holds_nothing_but_exact_pins(line):
    with pytest.raises(ValueError, match="line 2"):
        lock.read_lock(f"# made by hand\n{line}\n")


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_an_index_or_a_host(name):
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"https?:|index-url|find-links|trusted-host|^--", text, re.M)
    assert "file:" not in text


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("python", ["3.11.7", "3.12.1", "3.13.0"])
@pytest.mark.parametrize(
    "platform",
    [
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
        {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
        {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
    ],
    ids=["linux", "macos", "windows"],
)
def test_every_supported_machine_gets_at_most_one_version_of_a_package(name, python, platform):
    here = {**platform, "python_full_version": python, "python_version": python.rsplit(".", 1)[0]}
    chosen = [pin.name for pin in pins(name) if not pin.marker or Marker(pin.marker).evaluate(here)]
    assert len(chosen) == len(set(chosen))
    assert len(chosen) > 10


def test_the_core_has_what_the_set_up_needs_and_no_tensorflow():
    names = {pin.name for pin in pins(lock.CORE)}
    assert {"uv", "setuptools", "jupyterlab", "ai-edge-litert"} <= names
    assert not names & {"tensorflow", "tf-keras", "keras", "tensorflow-model-optimization"}
    assert {"pytest-xdist", "ruff", "mypy"} <= {pin.name for pin in pins(lock.EXTRAS)}


def test_a_lock_is_closed_what_its_packages_require_is_in_it():
    """Follow the requirements of what is installed here: --require-hashes refuses any that no lock pins."""
    core, extras = pins(lock.CORE), pins(lock.EXTRAS)
    for tier in (core, core + extras, pins(lock.FULL)):
        known = {pin.name for pin in tier}
        for name in sorted(known):
            try:
                needs = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:
                continue  # for another platform, or a tier that is not installed
            for need in map(Requirement, needs):
                if need.marker is None or need.marker.evaluate({"extra": ""}):
                    assert canonicalize_name(need.name) in known, f"{name} needs {need}"


def test_what_is_installed_here_is_what_was_locked():
    # Only what was installed: setuptools, once imported, puts the copies that it carries on sys.path as well.
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    installed = {
        canonicalize_name(each.metadata["Name"]): each.version
        for each in importlib.metadata.distributions(path=sorted(folders))
    }
    assert len(installed) > 100
    for pin in {*pins(lock.FULL), *pins(lock.CORE), *pins(lock.EXTRAS)}:
        if pin.name in installed and (not pin.marker or Marker(pin.marker).evaluate()):
            assert installed[pin.name] == pin.version


@pytest.mark.parametrize("python", ["3.11.7", "3.12.1", "3.13.0"])
def test_every_supported_python_is_allowed_by_what_is_locked(python):
    """uv overlooks an upper bound on Python, and pip, which conda and Binder use, refuses the package."""
    here = {"python_full_version": python, "python_version": python.rsplit(".", 1)[0]}
    refused = []
    for pin in {*pins(lock.FULL), *pins(lock.CORE), *pins(lock.EXTRAS)}:
        if pin.marker and not Marker(pin.marker).evaluate(here):
            continue
        try:
            found = importlib.metadata.distribution(pin.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        wanted = found.metadata["Requires-Python"]
        if found.version == pin.version and wanted and not SpecifierSet(wanted).contains(python):
            refused.append(f"{pin.line} wants Python {wanted}")
    assert refused == []


def test_environment_yml_is_what_conda_reads():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    conda = [each for each in environment["dependencies"] if isinstance(each, str)]
    (pip,) = [each["pip"] for each in environment["dependencies"] if isinstance(each, dict)]
    assert conda == ["python=3.11", "pip"]
    assert pip[-1] == "-e ."
    assert [Requirement(each).name for each in pip[:-1]] == [pin.name for pin in pins(lock.FULL)]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert Requirement(f"python{project['requires-python']}").specifier.contains("3.11.0")


def test_the_check_command_passes_here_and_fails_on_a_disagreement(copy, monkeypatch, capsys):
    assert lock.main(["--check"]) == 0
    monkeypatch.setattr(lock, "ROOT", copy)
    edit(copy / "environment.yml", r"python=3\.11", "python=3.9")
    assert lock.main(["--check"]) == 1
    assert "python start.py lock" in capsys.readouterr().err
