"""Work that runs by itself: making the shipped models again, sweeps, searches, gates."""

from course_lib.automation.cache import Cache
from course_lib.automation.gate import Gate, gate
from course_lib.automation.halving import Halving, Rung, halve, halving
from course_lib.automation.pareto import choose, pareto
from course_lib.automation.search import Search, search
from course_lib.automation.sweep import Sweep, sweep
from course_lib.automation.trial import Trial

__all__ = [
    "Cache",
    "Gate",
    "Halving",
    "Rung",
    "Search",
    "Sweep",
    "Trial",
    "choose",
    "gate",
    "halve",
    "halving",
    "pareto",
    "search",
    "sweep",
]
