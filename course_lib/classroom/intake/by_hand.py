"""Whose file is this, where people named the folders and the files?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence, Set

from course_lib.catalog import Topic
from course_lib.classroom.intake.notes import Parts
from course_lib.classroom.intake.signs import in_name

# Words that say what a file is, not whose: alone or with numbers they are no name.
_LIST = """
    answer answers assignment assignments attempt attempts backup better checkpoint complete completed copy corrected
    course done downloads draft edit edited ex exam exercise exercises export file files final finished fixed handin
    handins homework homeworks hw ipynb lab labs late latest my new notebook notebooks ok old part problem ps quiz
    resubmission returned revised solution solutions solved submission submissions submitted task tasks test the topic
    try untitled update updated upload uploads v ver version week work workbook zip
    作业 练习 提交 答案 副本 最终 最终版 终稿 复制 草稿 第 周 次 任务 题 修改版 重交"""
_WORDS = frozenset(_LIST.split())
_WORD = re.compile(r"[^\W\d_]+|\d+")
_TOKEN = re.compile(r"[^\s_\-+()（）【】\[\]{}]+")
_COPY = re.compile(r"[(（]\d+[)）]")
_TAIL = re.compile(r"(?:(?:第\d+[周次题])?(?:作业|练习|任务|提交|答案|副本|最终版?|终稿|草稿)(?:第?\d+[周次题]?)?)+$")


def by_hand(files: Sequence[tuple[Parts, tuple[str, ...]]], topics: Sequence[Topic]) -> list[str]:
    """Return whose each file is, in a hand-made arrangement: the first folder that can be a person's, else its name."""
    folders = [[part for part in parts[:-1] if not _says_what(part, topics)] for parts, _ in files]
    titles = Counter(word for parts, _ in files for word in {each.casefold() for each in _WORD.findall(parts[-1])})
    common = frozenset(word for word, count in titles.items() if count > 1 and 2 * count > len(files))
    labels = [own_part(parts[-1], tasks, topics, common) for parts, tasks in files]
    tasks = [each for _, each in files]
    while folders and all(folders) and len({each[0] for each in folders}) == 1 and _is_wrapper(folders, labels, tasks):
        folders = [each[1:] for each in folders]
    groups = _groups(folders, labels, tasks)
    most = 2 * len(groups) > len({each[0] for each in folders if each})
    chains = [[*own, label] if label else own for own, label in zip(folders, labels, strict=True)]
    names = [
        "/".join(chain[: 2 if most or (len(own) > 1 and own[0] in groups) else 1])
        for own, chain in zip(folders, chains, strict=True)
    ]
    last = Counter(name.rpartition("/")[2] for name in set(names))
    return [name.rpartition("/")[2] if most and last[name.rpartition("/")[2]] == 1 else name for name in names]


def _is_wrapper(folders: list[list[str]], labels: list[str], tasks: list[tuple[str, ...]]) -> bool:
    """True when the one folder that holds everything is no learner's: several answers to one task are in it."""
    inner = [each[1] if len(each) > 1 else label for each, label in zip(folders, labels, strict=True)]
    return all(inner) and _clash(inner, tasks)


def _groups(folders: list[list[str]], labels: list[str], tasks: list[tuple[str, ...]]) -> set[str]:
    """Return the first folders that hold answers of several people to one task."""
    members: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(folders):
        if each:
            members[each[0]].append(index)
    found = set()
    for group, mine in members.items():
        inner = [folders[index][1] if len(folders[index]) > 1 else labels[index] for index in mine]
        if all(inner) and _clash(inner, [tasks[index] for index in mine]):
            found.add(group)
    return found


def _clash(names: list[str], tasks: list[tuple[str, ...]]) -> bool:
    """True when one task is answered under two names."""
    seen: dict[str, str] = {}
    return any(seen.setdefault(task, name) != name for name, mine in zip(names, tasks, strict=True) for task in mine)


def own_part(filename: str, tasks: Sequence[str], topics: Sequence[Topic], common: Set[str] = frozenset()) -> str:
    """Return what a file's name says beside the topic, the task and words such as "final (2)"; "" when nothing.

    Such a word with a capital, beside a single other one, may be somebody's surname, unless it is `common`.
    """
    stem = filename.rpartition(".")[0] if filename.lower().endswith((".ipynb", ".py")) else filename
    stem = _COPY.sub(" ", stem)
    for topic in topics:
        slug = "[ _-]".join(re.escape(word) for word in topic.slug.split("_"))
        stem = re.sub(rf"(?i)(?<![a-z0-9])(?:0?{topic.number}[ _-])?{slug}(?![a-z])", " ", stem)
    spelled = {task for each in tasks for task in (each, each.zfill(3))}
    spelled |= {number for each in tasks for number in (each[:-1], each[:-1].zfill(2))}
    tokens = [token for match in _TOKEN.finditer(stem) if (token := _TAIL.sub("", match[0]))]
    tokens = [token for token in tokens if token.upper() not in spelled]
    alone = sum(not _only_words(token) for token in tokens) == 1
    kept = [
        token
        for token in tokens
        if not _only_words(token) or (alone and token.istitle() and token.casefold() not in common)
    ]
    joined = re.search(r"\W*?".join(map(re.escape, kept)), stem.replace("_", " ")) if kept else None
    return stem[joined.start() : joined.end()].strip() if joined else " ".join(kept)


def _only_words(token: str) -> bool:
    words = _WORD.findall(token.casefold())
    return all(word in _WORDS or (word.isdigit() and len(words) > 1) for word in words)


def _says_what(folder: str, topics: Sequence[Topic]) -> bool:
    """True for a folder named after a topic, a week, an assignment: nobody's name."""
    if re.fullmatch(r"\d{1,2}[A-Za-z]?", folder) or any(in_name(topic, folder) for topic in topics):
        return True
    words = _WORD.findall(_TAIL.sub("", folder).casefold())
    return all(word in _WORDS or word.isdigit() for word in words) and not all(word.isdigit() for word in words)
