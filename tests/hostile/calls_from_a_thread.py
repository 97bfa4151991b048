# ruff: noqa
"""Calls the check's function from another thread."""

import threading

import numpy as np


class Counter:
    def __init__(self, items):
        self.items = list(items)

    def add(self, item):
        self.items.append(item)

    def __getitem__(self, item):
        return self.items.count(item)

    def __len__(self):
        return len(set(self.items))

    def __iter__(self):
        return iter(set(self.items))

    def total(self, weight):
        found = []
        thread = threading.Thread(target=lambda: found.append(weight("x")))
        thread.start()
        thread.join()
        return 20
