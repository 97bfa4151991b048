"""Keys: where they come from, and where they may not lie."""

import base64
import os
import sys
import types

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from course_lib.security import new_keys, sealing_key, signing_key, verifying_key

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


@pytest.fixture
def keys(tmp_path):
    return new_keys(tmp_path / "keys")


def test_new_keys_belong_together_and_are_new(keys, tmp_path):
    private, public, secret = keys
    verifying_key(str(public)).verify(signing_key(str(private)).sign(b"x"), b"x")
    assert len(sealing_key(str(secret))) == 32
    others = new_keys(tmp_path / "others")
    assert {path.read_bytes() for path in keys}.isdisjoint(path.read_bytes() for path in others)


@posix
def test_new_keys_are_readable_by_nobody_else(keys):
    private, public, secret = keys
    assert [path.stat().st_mode & 0o777 for path in (private, secret)] == [0o600, 0o600]
    assert public.stat().st_mode & 0o022 == 0


def test_new_keys_never_replace_old_ones(keys):
    before = [path.read_bytes() for path in keys]
    keys[0].unlink()
    with pytest.raises(FileExistsError, match="another folder"):
        new_keys(keys[0].parent)
    assert not keys[0].exists()
    assert [path.read_bytes() for path in keys[1:]] == before[1:]


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644, 0o777])
def test_a_secret_that_others_can_reach_is_refused(keys, mode):
    for path, read in ((keys[0], signing_key), (keys[2], sealing_key)):
        path.chmod(mode)
        with pytest.raises(ValueError, match=r"chmod go-rwx") as refused:
            read(str(path))
        assert path.read_text()[30:60] not in str(refused.value)
        path.chmod(0o400)
        read(str(path))


@posix
def test_a_public_key_that_others_can_change_is_refused(keys):
    keys[1].chmod(0o644)
    verifying_key(str(keys[1]))
    keys[1].chmod(0o666)
    with pytest.raises(ValueError, match="others may write"):
        verifying_key(str(keys[1]))


def test_no_key_in_a_repository(tmp_path, keys):
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    for folder in (checkout, checkout / "deep" / "er"):
        with pytest.raises(ValueError, match="git checkout"):
            new_keys(folder)
        assert not list(folder.glob("*.pem"))
    (checkout / "deep").mkdir()
    for path, read in ((keys[0], signing_key), (keys[2], sealing_key)):
        moved = path.rename(checkout / "deep" / path.name)
        with pytest.raises(ValueError, match="git checkout"):
            read(str(moved))
    verifying_key(str(keys[1].rename(checkout / "signing.pub.pem")))  # no secret


def test_a_worktree_is_a_repository_too(tmp_path):
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    with pytest.raises(ValueError, match="git checkout"):
        new_keys(tmp_path / "keys")


def test_keys_from_the_environment(keys, monkeypatch):
    private, public, secret = (path.read_text() for path in keys)
    monkeypatch.setenv("A_SIGNING_KEY", private)
    monkeypatch.setenv("A_ONE_LINE_KEY", private.replace("\n", "\\n"))
    monkeypatch.setenv("A_PUBLIC_KEY", public)
    monkeypatch.setenv("A_SEALING_KEY", secret)
    for name in ("A_SIGNING_KEY", "A_ONE_LINE_KEY"):
        verifying_key("env:A_PUBLIC_KEY").verify(signing_key(f"env:{name}").sign(b"x"), b"x")
    assert sealing_key("env:A_SEALING_KEY") == sealing_key(str(keys[2]))
    with pytest.raises(ValueError, match="A_MISSING_KEY is not set"):
        sealing_key("env:A_MISSING_KEY")


def test_keys_from_the_keyring(keys, monkeypatch):
    entries = {("course", "seal"): keys[2].read_text()}
    fake = types.SimpleNamespace(get_password=lambda service, user: entries.get((service, user)))
    monkeypatch.setitem(sys.modules, "keyring", fake)
    assert sealing_key("keyring:course/seal") == sealing_key(str(keys[2]))
    with pytest.raises(ValueError, match="no entry"):
        sealing_key("keyring:course/other")
    with pytest.raises(ValueError, match="keyring:SERVICE/USER"):
        sealing_key("keyring:course")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ImportError, match="pip install keyring"):
        sealing_key("keyring:course/seal")


def test_keys_of_another_kind_are_refused(monkeypatch):
    pem = serialization.Encoding.PEM
    other = ec.generate_private_key(ec.SECP256R1())
    private = other.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = other.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    monkeypatch.setenv("PRIVATE", private.decode())
    monkeypatch.setenv("PUBLIC", public.decode())
    with pytest.raises(ValueError, match="another kind"):
        signing_key("env:PRIVATE")
    with pytest.raises(ValueError, match="another kind"):
        verifying_key("env:PUBLIC")


def test_a_key_with_a_passphrase_is_named_as_such(monkeypatch):
    locked = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    monkeypatch.setenv("LOCKED", locked.decode())
    with pytest.raises(ValueError, match="no unencrypted private key"):
        signing_key("env:LOCKED")


@pytest.mark.parametrize("text", ["x", "AAAA", "not base64!", base64.b64encode(bytes(33)).decode()])
def test_what_is_no_key_is_refused_without_being_shown(monkeypatch, text):
    monkeypatch.setenv("KEY", text)
    for read in (signing_key, verifying_key, sealing_key):
        with pytest.raises(ValueError, match="env:KEY") as refused:
            read("env:KEY")
        assert len(text) < 3 or text not in str(refused.value)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        signing_key(str(tmp_path / "none.pem"))
