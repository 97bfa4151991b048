# The same commands as `python start.py COMMAND`, which works without make. ARGS="..." is passed on, TIER=core too.
PYTHON ?= $(shell for p in python3 python python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && echo $$p && exit; \
  done; echo python3)
ARGS ?=
export TIER

.DEFAULT_GOAL := help
.PHONY: help lab test setup lint build lock

help lab test setup lint build lock:
	@$(PYTHON) start.py $@ $(ARGS)
