"""The commands that sign, seal, verify and open a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib.cli.commands import app
from course_lib.cli.files import Model, Out, free_path, print_contract, read_contract
from course_lib.language import Say

if TYPE_CHECKING:
    from course_lib.security import Loader, VersionStore

_KEY = "A file outside of any repository, env:NAME or keyring:SERVICE/USER."
_PublicKey = Annotated[str, typer.Option("--key", metavar="KEY", help=f"The public key. {_KEY}")]
_Sealing = Annotated[str | None, typer.Option("--sealing-key", metavar="KEY", help="For a sealed file.")]
_Name = Annotated[str | None, typer.Option(help="The only model to accept; without it any that the key signed.")]
_Least = Annotated[int, typer.Option(min=1, help="The oldest version to accept.")]
LIMITS = Say(
    "This does not hide the model from whoever owns the device: the keys are there, and while it runs it lies in "
    "memory in plain.",
    "这并不能对设备的拥有者保密：密钥就在设备上，模型运行时以明文存在于内存中。",
)


@app.command()
def keys(folder: Annotated[Path, typer.Argument(help="A folder outside of any repository.")]) -> None:
    """Make a signing key, its public key, and a sealing key."""
    from course_lib.security import new_keys

    for path in new_keys(folder):
        print(path)


@app.command()
def sign(
    model: Model,
    key: Annotated[str, typer.Option(metavar="KEY", help=f"The private key. {_KEY}")],
    version: Annotated[int | None, typer.Option(min=1, help="Must count up; without it the contract's.")] = None,
    name: Annotated[str | None, typer.Option(help="Without it the contract's, or the file's.")] = None,
    out: Out = None,
) -> None:
    """Sign a model: one file with the model, its contract and an Ed25519 signature.

    A contract beside the model is used, and must fit it; otherwise one is written from the file.
    """
    from course_lib.core import Artifact
    from course_lib.core.files import write_whole
    from course_lib.deployment import load_verified, write_contract
    from course_lib.deployment.contract import path_beside
    from course_lib.security import make_bundle, signing_key

    artifact, beside = Artifact.load(model), path_beside(model)
    if beside.exists():
        terms = read_contract(beside)
        load_verified(artifact, terms)
    else:
        terms = write_contract(artifact)
    terms = replace(terms, name=name or terms.name, version=version or terms.version)
    bundle = make_bundle(artifact, terms, signing_key(key))
    path = write_whole(out or model.with_suffix(".bundle"), bundle)
    extra = len(bundle) - artifact.raw_bytes
    print(
        Say(
            f"{path}: {terms.name}, version {terms.version}, {extra:,} bytes more than the model. Anybody can read it; "
            "nobody can change it unnoticed.",
            f"{path}：{terms.name}，版本 {terms.version}，比模型多 {extra:,} 字节。任何人都能读，但改动必被发现。",
        )
    )


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="What `course sign` or `course seal` wrote.")],
    key: _PublicKey,
    name: _Name = None,
    min_version: _Least = 1,
    sealing_key: _Sealing = None,
) -> None:
    """Verify a bundle: signature, version, digest, contract. Nothing is recorded."""
    opened = _loader(key, name, min_version, sealing_key).open(bundle.read_bytes())
    print_contract(opened.contract, opened.artifact.raw_bytes)


@app.command()
def seal(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="What `course sign` wrote.")],
    key: Annotated[str, typer.Option(metavar="KEY", help=f"The sealing key. {_KEY}")],
    out: Out = None,
) -> None:
    """Encrypt a signed bundle (AES-256-GCM). Its version stays readable."""
    from course_lib.core.files import write_whole
    from course_lib.security import Manifest, sealing_key, split_bundle
    from course_lib.security import seal as sealed

    content = bundle.read_bytes()
    version = Manifest.from_bytes(split_bundle(content).manifest).version
    path = write_whole(out or bundle.with_suffix(".sealed"), sealed(content, sealing_key(key), version))
    print(Say(f"{path}: version {version}. {LIMITS}", f"{path}：版本 {version}。{LIMITS}"))


@app.command("open")
def open_bundle(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="What `course sign` or `course seal` wrote.")],
    key: _PublicKey,
    name: _Name = None,
    min_version: _Least = 1,
    sealing_key: _Sealing = None,
    versions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Record of the highest version opened of each model.")
    ] = None,
    out: Out = None,
) -> None:
    """Open a bundle that verifies: the model, its contract beside it.

    A version older than one that was opened before is refused.
    """
    from course_lib.deployment.contract import path_beside
    from course_lib.home import home
    from course_lib.security import VersionStore

    path = free_path(out or bundle.with_suffix(".tflite"), given=out is not None)
    store = VersionStore(versions or home() / "opened-versions.json")
    opened = _loader(key, name, min_version, sealing_key, store).open(bundle.read_bytes())
    opened.artifact.save(path)
    opened.contract.save(path_beside(path))
    print_contract(opened.contract, opened.artifact.raw_bytes)
    print(path)


def _loader(
    key: str, name: str | None, min_version: int, sealing: str | None, versions: VersionStore | None = None
) -> Loader:
    from course_lib.security import Loader, verifying_key
    from course_lib.security import sealing_key as read_sealing_key

    secret = read_sealing_key(sealing) if sealing else None
    return Loader(verifying_key(key), name, min_version, secret, versions)
