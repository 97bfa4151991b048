# ruff: noqa
"""Calls the check's function without end."""

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
        while True:
            try:
                weight("x")
            except BaseException:
                continue
