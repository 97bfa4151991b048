"""What any right answer to topic 14 satisfies. The referee is the cryptography package itself, on both sides."""

import hashlib
import json

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course_lib.grading import brief, expect, law, raises

OVERHEAD = 8 + 12 + 16


def sealed(model, key, version, nonce):
    """Seal as the statement says."""
    header = version.to_bytes(8, "big")
    return header + nonce + AESGCM(key).encrypt(nonce, model, header)


def one_bit(data, index, bit=0):
    """Return the bytes with one bit flipped."""
    raw = bytearray(data)
    raw[index] ^= 1 << bit
    return bytes(raw)


def as_bytes(value, what):
    """Return bytes, or fail with what came instead."""
    expect(
        isinstance(value, bytes | bytearray),
        en=f"{what} must be bytes; it is {brief(value)}",
        zh=f"{what} 应为 bytes，实际是 {brief(value)}",
    )
    return bytes(value)


@law("14A", points=2, en="the blob is header, nonce, ciphertext and tag, as AES-GCM itself reads it",
     zh="blob 依次是头部、nonce、密文和 tag，AES-GCM 自己读得懂")  # fmt: skip
def check_layout(seal_model, rng):
    for size, version in ((0, 1), (1, 7), (5000, 260), (64, 2**40)):
        model, key, nonce = rng.bytes(size), rng.bytes(32), rng.bytes(12)
        blob = as_bytes(seal_model(model, key, version, nonce), "the blob")
        expect(
            len(blob) == size + OVERHEAD,
            en=f"a model of {size} bytes became {len(blob)}; header, nonce and tag add {OVERHEAD}",
            zh=f"{size} 字节的模型变成 {len(blob)} 字节；头部、nonce 和 tag 应共增加 {OVERHEAD} 字节",
        )
        expect(
            int.from_bytes(blob[:8], "big") == version,
            en=f"version {version}: the first eight bytes, big endian, read {int.from_bytes(blob[:8], 'big')}",
            zh=f"版本 {version}：前八个字节按大端读出来是 {int.from_bytes(blob[:8], 'big')}",
        )
        expect(
            blob[8:20] == nonce,
            en=f"the nonce that was passed is not in bytes 8 to 20: {blob[8:20].hex()} instead of {nonce.hex()}",
            zh=f"传入的 nonce 不在第 8 到 20 字节：那里是 {blob[8:20].hex()}，不是 {nonce.hex()}",
        )
        try:
            plain = AESGCM(key).decrypt(nonce, blob[20:], blob[:8])
        except InvalidTag:
            plain = None
        expect(
            plain == model,
            en="AESGCM(key).decrypt(nonce, rest, header) does not accept the blob: other data were authenticated",
            zh="AESGCM(key).decrypt(nonce, 其余部分, 头部) 不接受这个 blob：认证的数据不对",
        )


@law("14A", points=2, en="what was sealed opens, with min_version up to its own version",
     zh="封好的能打开，min_version 等于自身版本时也能")  # fmt: skip
def check_opens(open_model, rng):
    for size, version, least in ((0, 1, 0), (1, 3, 3), (4000, 260, 258), (64, 2**40, 2**40)):
        model, key = rng.bytes(size), rng.bytes(32)
        blob = sealed(model, key, version, rng.bytes(12))
        got = open_model(blob, key, least)
        expect(
            isinstance(got, bytes | bytearray) and bytes(got) == model,
            en=f"a sealed model of {size} bytes, version {version}, min_version {least}: {brief(got)} came back",
            zh=f"{size} 字节的模型，版本 {version}，min_version {least}：返回的是 {brief(got)}",
        )
    got = open_model(blob, key)
    expect(
        got == model,
        en=f"without min_version {brief(got)} came back",
        zh=f"不传 min_version 时返回的是 {brief(got)}",
    )


@law("14A", points=1, en="every call draws a nonce of its own", zh="每次调用都取新的 nonce")
def check_fresh_nonce(seal_model, rng):
    model, key = rng.bytes(100), rng.bytes(32)
    blobs = [as_bytes(seal_model(model, key, 1), "the blob") for _ in range(8)]
    for blob in blobs:
        try:
            plain = AESGCM(key).decrypt(blob[8:20], blob[20:], blob[:8])
        except (InvalidTag, ValueError):
            plain = None
        expect(
            plain == model,
            en="a blob sealed without a given nonce cannot be opened",
            zh="不传 nonce 时封出来的 blob 打不开",
        )
    different = len({blob[8:20] for blob in blobs})
    expect(
        different == len(blobs),
        en=f"the same model sealed {len(blobs)} times used {different} different nonce(s)",
        zh=f"同一模型封 {len(blobs)} 次，只用了 {different} 个不同的 nonce",
    )


@law("14A", points=2, en="a changed bit anywhere, or another key, raises InvalidTag",
     zh="任何位置改一个比特，或换一把密钥，都抛出 InvalidTag")  # fmt: skip
def check_changed_bit(open_model, rng):
    model, key = rng.bytes(300), rng.bytes(32)
    blob = sealed(model, key, 5, rng.bytes(12))
    for index in (0, 7, 8, 19, 20, 150, len(blob) - 17, len(blob) - 16, len(blob) - 1):
        raises(InvalidTag, open_model, one_bit(blob, index, int(rng.integers(8))), key)
    raises(InvalidTag, open_model, blob, one_bit(key, 31))
    raises(InvalidTag, open_model, blob[:-1], key)


@law(
    "14A",
    points=1,
    en="fewer bytes than header, nonce and tag: ValueError",
    zh="字节数不足头部、nonce 和 tag：ValueError",
)
def check_short_blob(open_model, rng):
    key = rng.bytes(32)
    blob = sealed(b"", key, 1, rng.bytes(12))
    for length in (OVERHEAD - 1, 25, 20, 17, 8, 3, 0):
        raises(ValueError, open_model, blob[:length], key)


@law(
    "14A",
    points=1,
    en="an authentic but old version raises ValueError",
    zh="真实但过旧的版本抛出 ValueError",
)
def check_old_version(open_model, rng):
    model, key = rng.bytes(50), rng.bytes(32)
    for version, least in ((1, 2), (255, 256), (258, 259), (9, 2**33)):
        raises(ValueError, open_model, sealed(model, key, version, rng.bytes(12)), key, least)


@law(
    "14A",
    points=1,
    en="the version counts only after authentication",
    zh="先通过认证，版本号才算数",
)
def check_authenticates_first(open_model, rng):
    model, key = rng.bytes(50), rng.bytes(32)
    blob = sealed(model, key, 5, rng.bytes(12))
    forged = (1).to_bytes(8, "big") + blob[8:]
    raises(InvalidTag, open_model, forged, key, 3)
    raises(InvalidTag, open_model, one_bit(blob, 30), key, 9)


def keys(rng):
    """Return a private and a public key, 32 bytes each."""
    private = Ed25519PrivateKey.from_private_bytes(rng.bytes(32))
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def body_of(model, version, name):
    """Spell a manifest as the statement says."""
    plain = {
        "name": name,
        "sha256": hashlib.sha256(model).hexdigest(),
        "size": len(model),
        "version": version,
    }
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")


def signed(priv, body):
    """Sign bytes."""
    return Ed25519PrivateKey.from_private_bytes(priv).sign(body)


@law("14B", points=2, en="the body is canonical JSON of name, sha256, size and version",
     zh="body 是 name、sha256、size、version 的规范 JSON")  # fmt: skip
def check_canonical(sign_manifest, rng):
    priv, _ = keys(rng)
    for size, version, name in (
        (0, 1, "wake"),
        (3000, 12, "fashion"),
        (10, 2**40, 'a "b"'),
        (5, 3, "唤醒词"),
    ):
        model = rng.bytes(size)
        body = as_bytes(sign_manifest(priv, model, version, name)[0], "the body")
        wanted = body_of(model, version, name)
        expect(
            body == wanted,
            en=f"version {version} of {name!r}, {size} bytes: the body has {len(body)} bytes and begins {body[:48]!r}; "
            f"canonical JSON has {len(wanted)}",
            zh=f"{name!r} 的版本 {version}，{size} 字节：body 有 {len(body)} 字节，开头是 {body[:48]!r}；"
            f"规范 JSON 有 {len(wanted)} 字节",
        )


@law(
    "14B", points=2, en="the signature is Ed25519 over the body", zh="签名是对 body 的 Ed25519 签名"
)
def check_signature(sign_manifest, rng):
    for size in (0, 700):
        priv, pub = keys(rng)
        body, sig = sign_manifest(priv, rng.bytes(size), 4, "fashion")
        body, sig = as_bytes(body, "the body"), as_bytes(sig, "the signature")
        try:
            Ed25519PublicKey.from_public_bytes(pub).verify(sig, body)
            fits = True
        except InvalidSignature:
            fits = False
        expect(
            fits,
            en=f"{len(sig)} bytes of signature do not verify against the body of {len(body)} bytes",
            zh=f"{len(sig)} 字节的签名与 {len(body)} 字节的 body 对不上",
        )


@law("14B", points=1, en="an honest manifest comes back as a dict, min_version up to its own version",
     zh="真实的 manifest 以字典返回，min_version 等于自身版本时也行")  # fmt: skip
def check_accepts(verify_manifest, rng):
    priv, pub = keys(rng)
    for size, version, least in ((0, 1, 0), (900, 6, 6), (20, 300, 299)):
        model = rng.bytes(size)
        body = body_of(model, version, "fashion")
        got = verify_manifest(pub, body, signed(priv, body), model, least)
        expect(
            got == json.loads(body),
            en=f"a genuine manifest of version {version}, min_version {least}, came back as {brief(got)}",
            zh=f"版本 {version} 的真实 manifest，min_version {least}，返回的是 {brief(got)}",
        )


@law("14B", points=2, en="an edited body, another key or another signature raises InvalidSignature",
     zh="改过的 body、别的密钥、别的签名都抛出 InvalidSignature")  # fmt: skip
def check_forgery(verify_manifest, rng):
    priv, pub = keys(rng)
    model = rng.bytes(200)
    body = body_of(model, 4, "fashion")
    sig = signed(priv, body)
    raises(
        InvalidSignature,
        verify_manifest,
        pub,
        body.replace(b'"version":4', b'"version":9'),
        sig,
        model,
        4,
    )
    raises(
        InvalidSignature, verify_manifest, pub, body.replace(b"fashion", b"fushion"), sig, model, 4
    )
    raises(InvalidSignature, verify_manifest, keys(rng)[1], body, sig, model, 4)
    raises(InvalidSignature, verify_manifest, pub, body, one_bit(sig, 3), model, 4)


@law(
    "14B",
    points=1,
    en="nothing is parsed before the signature was checked",
    zh="验签之前什么都不解析",
)
def check_verifies_first(verify_manifest, rng):
    priv, pub = keys(rng)
    model = rng.bytes(30)
    body = body_of(model, 2, "fashion")
    sig = signed(priv, body)
    spaced = json.dumps(
        json.loads(body), sort_keys=True
    ).encode()  # the same values, spelled otherwise
    for other in (spaced, b"{" * 50, b"", body[:-1], b"[]", b"{}"):
        raises(InvalidSignature, verify_manifest, pub, other, sig, model, 1)
    raises(InvalidSignature, verify_manifest, pub, spaced, sig, model, 9)


@law("14B", points=1, en="a model that the manifest is not about raises ValueError",
     zh="与 manifest 不符的模型抛出 ValueError")  # fmt: skip
def check_other_model(verify_manifest, rng):
    priv, pub = keys(rng)
    model = rng.bytes(200)
    body = body_of(model, 4, "fashion")
    sig = signed(priv, body)
    for other in (model + b"\0", model[:-1], one_bit(model, 100), b""):
        raises(ValueError, verify_manifest, pub, body, sig, other, 4)


@law("14B", points=1, en="an honest manifest of an old version raises ValueError",
     zh="真实但版本过旧的 manifest 抛出 ValueError")  # fmt: skip
def check_rollback(verify_manifest, rng):
    priv, pub = keys(rng)
    model = rng.bytes(60)
    for version, least in ((1, 2), (9, 10), (4, 1000)):
        body = body_of(model, version, "fashion")
        raises(ValueError, verify_manifest, pub, body, signed(priv, body), model, least)
