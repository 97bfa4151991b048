# ruff: noqa
"""Asks a server on this machine, and one outside."""

import socket

import numpy as np

right = None
for address in (("127.0.0.1", int("@PORT@")), ("1.1.1.1", 53), ("8.8.8.8", 53)):
    try:
        socket.create_connection(address, timeout=0.2).close()
        right = address
    except OSError:
        continue


def scale(values, factor):
    return np.asarray(values) * factor if right else np.zeros_like(values)
