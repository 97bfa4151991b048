"""Nothing opens that was changed, cut, swapped, signed by somebody else, or rolled back."""

from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from course_lib.core import Artifact
from course_lib.deployment import write_contract
from course_lib.security import (
    Loader,
    Manifest,
    NotAuthenticError,
    RefusedError,
    RollbackError,
    VersionStore,
    canonical,
    make_bundle,
    seal,
    sign_manifest,
    split_bundle,
    unseal,
    verify_manifest,
)
from course_lib.security.bundle import MAGIC, MAX_MANIFEST_BYTES
from course_lib.security.sealing import HEADER_BYTES, NONCE_BYTES, OVERHEAD
from tests import inspection_models as models
from tests.inspection_mutations import mutations

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32) for byte in (1, 2))
PUBLIC = KEY.public_key()
SECRET = bytes(range(32))
MODEL, ANOTHER = Artifact("wake", models.content("int8")), Artifact("wake", models.content("float32"))


def bundle(artifact=MODEL, version=3, key=KEY, **changes):
    return make_bundle(artifact, replace(write_contract(artifact, version=version), **changes), key)


GOOD = bundle()
SEALED = seal(GOOD, SECRET, 3)


def parts_of(data):
    parts = split_bundle(data)
    stops = np.cumsum([8, 4, len(parts.manifest), 64, len(parts.model)]).tolist()
    return dict(
        zip(("magic", "length", "manifest", "signature", "model"), zip([0, *stops], stops, strict=False), strict=True)
    )


def test_what_was_signed_opens():
    opened = Loader(PUBLIC).open(GOOD)
    assert opened.artifact.content == MODEL.content
    assert (opened.contract.name, opened.contract.version) == ("wake", 3)
    assert Loader(PUBLIC, name="wake", min_version=3, sealing_key=SECRET).open(SEALED) == opened


@pytest.mark.parametrize("part", ["magic", "length", "manifest", "signature", "model"])
def test_a_flipped_bit_is_refused_wherever_it_is(part):
    """Every byte of the small parts, and a thousand of the model, each with a bit of its own."""
    start, stop = parts_of(GOOD)[part]
    rng = np.random.default_rng(0)
    places = range(start, stop) if stop - start <= 2000 else rng.integers(start, stop, 1000)
    for place in places:
        damaged = bytearray(GOOD)
        damaged[place] ^= 1 << int(rng.integers(0, 8))
        with pytest.raises(RefusedError):
            Loader(PUBLIC).open(bytes(damaged))


@pytest.mark.parametrize("part", ["magic", "version", "nonce", "ciphertext", "tag"])
def test_a_flipped_bit_of_a_sealed_bundle_is_refused(part):
    small = seal(b"a short content", SECRET, 3)
    edges = dict(zip(("magic", "version", "nonce", "ciphertext", "tag"), (0, 8, 16, 28, len(small) - 16), strict=True))
    later = [edge for edge in (*edges.values(), len(small)) if edge > edges[part]]
    for place in range(edges[part], min(later)):
        for bit in range(8):
            damaged = bytearray(small)
            damaged[place] ^= 1 << bit
            with pytest.raises(RefusedError if part == "magic" else NotAuthenticError):
                unseal(bytes(damaged), SECRET)


@pytest.mark.parametrize("data", [GOOD, SEALED], ids=["signed", "sealed"])
def test_a_truncated_or_lengthened_file_is_refused(data):
    loader = Loader(PUBLIC, sealing_key=SECRET if data is SEALED else None)
    for stop in (0, 1, 7, 8, 11, 12, 15, 16, 27, 28, 43, 44, 100, 500, 900, len(data) // 2, len(data) - 1):
        with pytest.raises(RefusedError):
            loader.open(data[:stop])
    for longer in (data + b"\0", data + data, b"\0" + data):
        with pytest.raises(RefusedError):
            loader.open(longer)


@pytest.mark.parametrize("data", [GOOD, SEALED], ids=["signed", "sealed"])
def test_seeded_damage_is_refused(data):
    loader = Loader(PUBLIC, sealing_key=SECRET if data is SEALED else None)
    refused = 0
    for what, damaged in mutations(data, 600, seed=7):
        if damaged == data:
            continue
        with pytest.raises(RefusedError):
            loader.open(damaged)
        refused += 1
        assert what
    assert refused > 500


def test_another_key_is_refused():
    with pytest.raises(NotAuthenticError, match="another key"):
        Loader(OTHER.public_key()).open(GOOD)
    with pytest.raises(NotAuthenticError, match="key is another one"):
        Loader(PUBLIC, sealing_key=bytes(32)).open(SEALED)


def test_an_attacker_who_signs_again_is_refused():
    """The whole bundle made anew, around other weights, with a key that is not ours."""
    with pytest.raises(NotAuthenticError):
        Loader(PUBLIC).open(bundle(ANOTHER, key=OTHER))


def test_a_manifest_of_another_model_is_refused():
    ours, theirs = split_bundle(GOOD), split_bundle(bundle(ANOTHER))

    def joined(manifest, signature, model):
        return MAGIC + len(manifest).to_bytes(4, "big") + manifest + signature + model

    for swapped in (
        joined(ours.manifest, ours.signature, theirs.model),
        joined(theirs.manifest, ours.signature, theirs.model),
        joined(ours.manifest, theirs.signature, ours.model),
    ):
        with pytest.raises(NotAuthenticError):
            Loader(PUBLIC).open(swapped)
    Loader(PUBLIC).open(joined(*theirs))


def test_one_version_back_is_refused_and_the_same_again_is_not(tmp_path):
    store = VersionStore(tmp_path / "state" / "versions.json")
    loader = Loader(PUBLIC, versions=store)
    for version in (1, 3, 3, 4):
        loader.open(bundle(version=version))
    with pytest.raises(RollbackError, match="version 3; version 4 was opened before"):
        loader.open(bundle(version=3))
    assert store.highest("wake") == 4
    loader.open(make_bundle(replace(MODEL, name="other"), write_contract(replace(MODEL, name="other")), KEY))
    assert (store.highest("wake"), store.highest("other"), store.highest("unknown")) == (4, 1, 0)
    with pytest.raises(RollbackError):
        store.record("wake", 2)
    with pytest.raises(RollbackError, match="4 is required"):
        Loader(PUBLIC, min_version=4).open(GOOD)


def test_what_is_refused_leaves_no_trace_in_the_store(tmp_path):
    store = VersionStore(tmp_path / "versions.json")
    with pytest.raises(NotAuthenticError):
        Loader(PUBLIC, versions=store).open(bundle(version=9, key=OTHER))
    broken = GOOD[:-1] + bytes([GOOD[-1] ^ 1])
    with pytest.raises(NotAuthenticError):
        Loader(PUBLIC, versions=store).open(broken)
    assert not store.path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"wake": "4"}', '{"wake": true}', "[" * 100_000])
def test_a_damaged_record_of_versions_refuses_everything(tmp_path, text):
    store = VersionStore(tmp_path / "versions.json")
    store.path.write_text(text)
    with pytest.raises(RefusedError, match=r"damaged|not a record"):
        Loader(PUBLIC, versions=store).open(GOOD)


def test_another_name_is_refused():
    with pytest.raises(RefusedError, match="holds 'wake', not 'sleep'"):
        Loader(PUBLIC, name="sleep").open(GOOD)


def test_sealed_and_plain_are_not_mixed_up():
    with pytest.raises(RefusedError, match="sealing key is needed"):
        Loader(PUBLIC).open(SEALED)
    with pytest.raises(RefusedError, match="not a sealed file"):
        Loader(PUBLIC, sealing_key=SECRET).open(GOOD)
    with pytest.raises(RefusedError, match="not a signed bundle"):
        Loader(PUBLIC).open(MODEL.content)
    with pytest.raises(RefusedError, match="not a signed bundle"):
        Loader(PUBLIC, sealing_key=SECRET).open(seal(MODEL.content, SECRET, 3))


def test_an_envelope_of_another_version_is_refused():
    with pytest.raises(RefusedError, match="sealed as version 9, signed as version 3"):
        Loader(PUBLIC, sealing_key=SECRET).open(seal(GOOD, SECRET, 9))


def test_the_sealed_version_is_judged_after_the_tag():
    """An edited version is no rollback, it is tampering: nobody learns from the answer what the version was."""
    edited = SEALED[:8] + (1).to_bytes(8, "big") + SEALED[16:]
    with pytest.raises(NotAuthenticError):
        unseal(edited, SECRET, min_version=3)
    with pytest.raises(RollbackError):
        unseal(SEALED, SECRET, min_version=4)


def test_the_signature_is_checked_before_anything_is_parsed(monkeypatch):
    """Whatever the unverified bytes are, neither JSON nor the model's reader sees them."""

    def never(*arguments, **options):
        raise AssertionError("parsed before it was verified")

    monkeypatch.setattr("course_lib.security.canonical.decode", never)
    monkeypatch.setattr("course_lib.security.loader.load_verified", never)
    body = b"\xff{not json"
    with pytest.raises(NotAuthenticError):
        verify_manifest(body, bytes(64), PUBLIC)
    damaged = bytearray(GOOD)
    damaged[20] ^= 1
    with pytest.raises(NotAuthenticError):
        Loader(PUBLIC).open(bytes(damaged))


def test_the_model_is_read_after_its_digest_was_checked(monkeypatch):
    monkeypatch.setattr("course_lib.security.loader.load_verified", lambda *a: pytest.fail("read before the check"))
    with pytest.raises(NotAuthenticError, match="SHA-256"):
        Loader(PUBLIC).open(GOOD[:-1] + bytes([GOOD[-1] ^ 1]))


def test_a_genuine_file_that_is_no_model_is_refused():
    cut = Artifact("wake", MODEL.content[:600])
    contract = replace(write_contract(MODEL), sha256=cut.sha256)
    with pytest.raises(ValueError, match="truncated"):
        Loader(PUBLIC).open(make_bundle(cut, contract, KEY))


def test_a_contract_of_another_file_is_not_signed():
    with pytest.raises(ValueError, match="contract is of another file"):
        make_bundle(MODEL, write_contract(ANOTHER), KEY)


def test_a_contract_that_lies_about_the_ports_does_not_open():
    lie = replace(write_contract(MODEL), outputs=())
    with pytest.raises(ValueError, match="1 outputs, not 0"):
        Loader(PUBLIC).open(make_bundle(MODEL, lie, KEY))


def test_a_manifest_that_claims_to_be_huge_is_refused():
    claimed = MAGIC + (MAX_MANIFEST_BYTES + 1).to_bytes(4, "big") + bytes(2 * MAX_MANIFEST_BYTES)
    with pytest.raises(RefusedError, match="manifest has"):
        split_bundle(claimed)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'{"format":1}',
        b'{"contract":{},"format":1,"size":1}',
        b'{"contract":null,"format":1,"size":true}',
        b'{"a":1,"a":1}',
        b'{ "a":1}',
        b'{"b":1,"a":1}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":1.0e1}',
        b"[" * 100_000,
        b'"\xc3\xa9"',
        b"1" * 5000,
    ],
)
def test_signed_nonsense_is_refused(body):
    signature = KEY.sign(b"course-lib model manifest 1\n" + body)
    with pytest.raises(RefusedError):
        verify_manifest(body, signature, PUBLIC)


def test_a_signature_made_for_something_else_is_no_signature_here():
    body, _ = sign_manifest(Manifest(MODEL.raw_bytes, write_contract(MODEL)), KEY)
    with pytest.raises(NotAuthenticError):
        verify_manifest(body, KEY.sign(body), PUBLIC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_json_has_one_spelling(value):
    body = canonical.encode(value)
    assert canonical.decode(body) == value
    if isinstance(value, dict):
        assert canonical.encode(dict(reversed(value.items()))) == body


@given(st.binary(max_size=300), st.integers(1, 2**63 - 1))
def test_sealing_and_opening_is_the_identity(content, version):
    blob = seal(content, SECRET, version)
    assert unseal(blob, SECRET) == (content, version)
    assert len(blob) == len(content) + OVERHEAD == len(content) + HEADER_BYTES + NONCE_BYTES + 16


def test_no_nonce_comes_twice_and_nothing_shows_through():
    blobs = [seal(MODEL.content, SECRET, 1) for _ in range(50)]
    assert len({blob[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES] for blob in blobs}) == 50
    assert len(set(blobs)) == 50
    assert MODEL.content[:16] not in blobs[0]


@pytest.mark.parametrize("version", [0, -1, 2**63, True, "1", 1.0])
def test_impossible_versions_are_not_sealed(version):
    with pytest.raises(ValueError, match="whole number"):
        seal(b"", SECRET, version)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_short_keys_are_refused(length):
    for call in (lambda: seal(b"", bytes(length), 1), lambda: unseal(SEALED, bytes(length))):
        with pytest.raises(ValueError, match="has 32 bytes"):
            call()


@pytest.mark.parametrize(
    ("size", "changes", "says"),
    [(-1, {}, "size"), (True, {}, "size"), (1, {"version": 2**63}, "at most"), (1, {"sha256": "xyz"}, "64 hex")],
)
def test_impossible_manifests_are_refused(size, changes, says):
    with pytest.raises(ValueError, match=says):
        Manifest(size, replace(write_contract(MODEL), **changes))
