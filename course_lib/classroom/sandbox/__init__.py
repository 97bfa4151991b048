"""What runs untrusted code. From the caller inwards, a process each, and only the last one sees the learner's code:

    engine.py   `grade_all(submissions, settings)`: lanes side by side, each with a checker that may die
    checker.py  holds the checks and the result channel; it talks to the learner's process through plain values
    workers.py  gives it that process: from warm.py (its side of a warm process) or, without walls, a fresh one
    zygote.py   the warm process: has imported what preload.py names, and forks a child per submission

The walls: contain.py (bubblewrap's command line, and the words for what is in force), linux.py (namespaces, disk and
privileges of one submission), seccomp.py (system calls). Nothing is imported here: the warm process must not see more
than it needs.
"""
