"""Signed and sealed models, and a loader that opens only what verifies.

What this gives: a model that was changed, cut, swapped, signed by somebody else or rolled back is not opened, and a
sealed one is not read by whoever copies the file. What it does not give:

- A key that is on a device can be taken from it by whoever owns the device. So can the model: while it runs it lies in
  memory in plain (Sun et al. 2021, "Mind Your Weight(s)": 66 % of protected app models could be extracted). What nobody
  may ever see stays on a server.
- Encryption alone says nothing about who made a file, and a signature hides nothing: they are two things.
- A sealed model is decrypted into memory as a whole; a plain one is mapped, page by page.
- A genuine model can still be wrong, backdoored by its training data, or fooled by its input.
- Nothing here withstands an attacker who changes the program, its public key or its record of versions.
"""

from course_lib.security.bundle import make_bundle, split_bundle
from course_lib.security.errors import NotAuthenticError, RefusedError, RollbackError
from course_lib.security.keys import new_keys, sealing_key, signing_key, verifying_key
from course_lib.security.loader import Loader
from course_lib.security.manifest import Manifest, sign_manifest, verify_manifest
from course_lib.security.sealing import seal, unseal
from course_lib.security.versions import VersionStore

__all__ = [
    "Loader",
    "Manifest",
    "NotAuthenticError",
    "RefusedError",
    "RollbackError",
    "VersionStore",
    "make_bundle",
    "new_keys",
    "seal",
    "sealing_key",
    "sign_manifest",
    "signing_key",
    "split_bundle",
    "unseal",
    "verify_manifest",
    "verifying_key",
]
