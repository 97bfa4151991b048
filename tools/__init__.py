"""Programs that a contributor runs: the build of the notebooks, the lock files."""
