"""The commands that bring a model out of the door, from the command line to the files they write."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from course_lib.cli import app
from course_lib.core import Artifact
from course_lib.core.files import write_whole
from course_lib.deployment import has_tflite_micro
from course_lib.security import new_keys
from tests import inspection_models as models


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_LANG", raising=False)
    monkeypatch.chdir(tmp_path)
    Artifact("wake", models.content("int8")).save("wake.tflite")
    new_keys(tmp_path / "keys")
    new_keys(tmp_path / "others")
    return tmp_path


@pytest.fixture
def run(capsys):
    def call(line):
        with pytest.raises(SystemExit) as ended:
            app(line.split())
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def refused(result):
    code, _, err = result
    assert code == 2
    assert err.startswith("course: ")
    assert err.count("\n") == 1
    return err


def test_a_contract_is_written_beside_the_model_and_holds_for_it_alone(run, place):
    assert run("contract wake.tflite --version 4")[1] == "wake.contract.json\n"
    assert json.loads((place / "wake.contract.json").read_text("utf-8"))["version"] == 4
    assert run("contract wake.tflite --check")[0] == 0
    Artifact("wake", models.content("float32")).save("wake.tflite")
    refused(run("contract wake.tflite --check"))
    (place / "wake.contract.json").unlink()
    assert "course contract" in refused(run("contract wake.tflite --check"))


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")
def test_the_c_source_compiles_and_is_the_model(run, place):
    assert run("export wake.tflite --to c -o out")[0] == 0
    main = '#include <stdio.h>\n#include "g_wake.h"\nint main(void) { fwrite(g_wake, 1, g_wake_len, stdout); }\n'
    (place / "out" / "main.c").write_text(main)
    subprocess.run(["gcc", "-std=c11", "-Iout", "out/main.c", "out/g_wake.c", "-o", "out/main"], check=True)
    printed = subprocess.run(["out/main"], capture_output=True, check=True).stdout
    assert printed == models.content("int8")


def test_micro_source_comes_with_its_operators_and_what_the_runtime_said(run, place):
    code, out, _ = run("export wake.tflite --to micro -o out --symbol g_x")
    assert code == 0
    header = (place / "out" / "g_x_micro.h").read_text("utf-8")
    assert "resolver.Add" in header
    assert ("g_x_arena_bytes" in header) == has_tflite_micro()
    assert "TFLite Micro" in out
    assert "C variable" in refused(run("export wake.tflite --to c --symbol 3x"))


def test_device_says_what_is_planned_and_that_energy_is_a_model(run):
    code, out, _ = run("device wake.tflite --battery 500 --rate 2")
    assert code == 0
    for words in ("LiteRT, planned:", "TFLite Micro, planned:", "modelled after Horowitz", "not a measurement"):
        assert words in out


def test_packing_comes_back_to_the_same_bytes_and_never_over_another_file(run, place):
    assert run("pack wake.tflite")[0] == 0
    refused(run("unpack wake.tflite.packed"))
    (place / "wake.tflite").unlink()
    assert run("unpack wake.tflite.packed")[0] == 0
    assert (place / "wake.tflite").read_bytes() == models.content("int8")
    damaged = bytearray((place / "wake.tflite.packed").read_bytes())
    damaged[-3] ^= 4
    (place / "bad.packed").write_bytes(damaged)
    refused(run("unpack bad.packed -o bad.tflite"))
    assert not (place / "bad.tflite").exists()


def test_what_was_signed_and_sealed_opens_and_everything_else_is_refused(run, place):
    assert run("sign wake.tflite --key keys/signing.pem --version 2")[0] == 0
    assert run("sign wake.tflite --key keys/signing.pem --version 1 -o old.bundle")[0] == 0
    public, secret = "--key keys/signing.pub.pem", "--sealing-key keys/sealing.key"
    assert "wake, version 2" in run(f"verify wake.bundle {public}")[1]
    assert run("seal wake.bundle --key keys/sealing.key")[0] == 0
    assert run(f"open wake.sealed {public} {secret} -o opened.tflite")[0] == 0
    assert (place / "opened.tflite").read_bytes() == models.content("int8")
    assert (place / "opened.contract.json").exists()

    bundle = (place / "wake.bundle").read_bytes()
    (place / "cut.bundle").write_bytes(bundle[:-1])
    (place / "tampered.bundle").write_bytes(bundle[:-1] + bytes([bundle[-1] ^ 1]))
    out = "-o never.tflite"
    assert "version 2 was opened before" in refused(run(f"open old.bundle {public} {out}"))
    for line in (
        f"open cut.bundle {public} {out}",
        f"open tampered.bundle {public} {out}",
        f"open wake.bundle --key others/signing.pub.pem {out}",
        f"open wake.sealed {public} --sealing-key others/sealing.key {out}",
        f"open wake.sealed {public} {out}",
        f"open wake.bundle {public} --name sleep {out}",
        f"open wake.bundle {public} --min-version 3 {out}",
        f"open wake.bundle {public}",
    ):
        refused(run(line))
    assert not (place / "never.tflite").exists()
    assert "version 2" in run(f"open wake.bundle {public} -o again.tflite")[1]


def test_a_contract_of_another_file_is_not_signed(run, place):
    run("contract wake.tflite")
    Artifact("wake", models.content("float32")).save("wake.tflite")
    refused(run("sign wake.tflite --key keys/signing.pem"))
    assert not (place / "wake.bundle").exists()


def test_keys_are_made_once_and_never_in_a_checkout(run, place):
    refused(run("keys keys"))
    (place / "repository" / ".git").mkdir(parents=True)
    assert "git checkout" in refused(run("keys repository/keys"))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a"
    assert write_whole(path, "é\n").read_bytes() == "é\n".encode()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"x")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a", b"x")
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix == ".part") == []
