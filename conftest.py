"""Tests and nbval runs never touch a learner's progress, language or display."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# Set before any collection, so that the kernels which nbval starts inherit it. One folder per worker process.
_home = tempfile.mkdtemp(prefix="course-home-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["COURSE_HOME"] = _home
os.environ["COURSE_LANG"] = "en"

_root = str(Path(__file__).resolve().parent)
if _root not in sys.path:
    sys.path.insert(0, _root)
# The same for kernels and other processes that a test starts.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (_root, os.environ.get("PYTHONPATH"))))

# A busy machine is no failure: no property is judged by its milliseconds.
settings.register_profile("course", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("course")
