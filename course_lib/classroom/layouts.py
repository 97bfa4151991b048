"""Whose file is this? What the paths of exports and of hand-made folders say about the learner.

When in doubt one learner is taken for two, never two for one: the first shows in the gradebook, the second would
hide somebody's work.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from course_lib.catalog import Topic
from course_lib.classroom.signs import in_name

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Owner:
    """Who returned a file.

    Attributes:
        name: as it is shown.
        ids: what an export knows them by: "moodle" (participant), "canvas" (user).
        stamp: when it was returned, as the layout says it (sorts as text); "" when it does not.
        number: of the resubmission, as the layout counts it.
    """

    name: str
    ids: tuple[tuple[str, str], ...] = ()
    stamp: str = ""
    number: int = 0


@dataclass(frozen=True)
class Notes:
    """What files beside the submissions say, by where it holds.

    Attributes:
        times: by folder, when it was returned.
        gradescope: by folder, the names of who returned it, and when.
        blackboard: by folder and the part of a name before `_attempt_`, the user's name.
    """

    times: Mapping[Parts, str] = field(default_factory=dict)
    gradescope: Mapping[Parts, tuple[str, str]] = field(default_factory=dict)
    blackboard: Mapping[Parts, str] = field(default_factory=dict)


_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_.*)?")
_CANVAS = re.compile(r"(?:LATE_)?(?P<name>[^/]*?[^\W\d][^/]*?)_(?:LATE_)?(?P<id>\d{3,})_(?P<sub>\d{3,})_(?P<rest>.+)")
# The first stamp is Blackboard's: what follows is a name that the learner gave.
BLACKBOARD = re.compile(r"(?P<head>.+?)_attempt_(?P<stamp>\d{4}(?:-\d\d){5})(?P<rest>[_.].*)?")
_EXCHANGE = re.compile(r"(?P<name>[^+]+)\+[^+]+\+(?P<stamp>\d{4}-\d\d-\d\d[ T][\d:. -]+\w*)(?:\+.*)?")
_HEAD = "blackboard"
_GRADESCOPE = re.compile(r"submission_\d+")
_AGAIN = re.compile(r"-(\d+)$")
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


def owners(files: Sequence[tuple[Parts, tuple[str, ...]]], notes: Notes, topics: Sequence[Topic]) -> list[Owner | None]:
    """Return the owner of every file, in order; None where the path says nothing.

    Args:
        files: for each its path inside what was returned, and the tasks that it holds.
        notes: what lay beside them.
        topics: whose names are no learner's names.
    """
    exports = [_by_export(parts, notes) for parts, _ in files]
    trusted = _trusted([parts for parts, _ in files], [match[1] if match else None for match in exports])
    found = [match[0] if match and match[1] in trusted else None for match in exports]
    found = _usernames(found)
    left = [index for index, owner in enumerate(found) if owner is None]
    for index, owner in zip(left, _by_hand([files[index] for index in left], topics), strict=True):
        found[index] = owner
    return _apart(found)


def _trusted(paths: list[Parts], depths: list[int | None]) -> set[int]:
    """Return the depths at which an export's names stand: at every level above, most folders must hold them.

    Otherwise a learner could put a folder with another's name, as an export writes it, into their own, as deep and
    as often as they like.
    """

    def most(depth: int, level: int) -> bool:
        everywhere = {parts[:level] for parts in paths}
        there = {parts[:level] for parts, each in zip(paths, depths, strict=True) if each == depth}
        return 2 * len(there) >= len(everywhere)

    known = {each for each in depths if each is not None}
    return {depth for depth in known if all(most(depth, level) for level in range(1, depth + 1))}


def _by_export(parts: Parts, notes: Notes) -> tuple[Owner, int] | None:
    """Return the owner and the depth of the name when a known export wrote this path; the outermost counts."""
    for depth, part in enumerate(parts):
        here = parts[: depth + 1]
        if part == "submitted" and depth + 2 < len(parts):
            return Owner(parts[depth + 1], stamp=notes.times.get(parts[: depth + 3], "")), depth
        if match := _MOODLE.fullmatch(part):
            return Owner(match["name"], (("moodle", match["id"]),)), depth
        if match := _EXCHANGE.fullmatch(part):
            return Owner(match["name"], stamp=match["stamp"]), depth
        if match := BLACKBOARD.fullmatch(part):
            known = notes.blackboard.get((*here[:-1], match["head"]))
            ids = () if known else ((_HEAD, match["head"]),)
            return Owner(known or match["head"], ids, stamp=match["stamp"]), depth
        if _GRADESCOPE.fullmatch(part):
            name, stamp = notes.gradescope.get(here, (part, ""))
            return Owner(name, stamp=stamp), depth
        if match := _CANVAS.fullmatch(part):
            again = _AGAIN.search(match["rest"].rpartition(".")[0] or match["rest"])
            return Owner(match["name"], (("canvas", match["id"]),), number=int(again[1][:9]) if again else 0), depth
    return None


def _usernames(found: list[Owner | None]) -> list[Owner | None]:
    """Take the assignment's name off Blackboard's "assignment_username", as far as it is the same for everybody."""
    heads = sorted({owner.name for owner in found if owner and owner.ids and owner.ids[0][0] == _HEAD})
    if not heads:
        return found
    first, last = heads[0], heads[-1]
    same = next((at for at, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first))
    cut = first.rfind("_", 0, same) + 1
    return [
        replace(owner, name=owner.name[cut:] or owner.name, ids=())
        if owner and owner.ids and owner.ids[0][0] == _HEAD
        else owner
        for owner in found
    ]


def _by_hand(files: Sequence[tuple[Parts, tuple[str, ...]]], topics: Sequence[Topic]) -> list[Owner | None]:
    """Return the owners in a hand-made arrangement: the first folder that can be a person's, else the file's name."""
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
    short = [name.rpartition("/")[2] if most and last[name.rpartition("/")[2]] == 1 else name for name in names]
    return [Owner(name) if name else None for name in short]


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


def _apart(found: list[Owner | None]) -> list[Owner | None]:
    """Give two people of one name their numbers."""
    ids: dict[str, set[object]] = defaultdict(set)
    for owner in found:
        if owner:
            ids[owner.name].add(owner.ids)
    return [
        replace(owner, name=f"{owner.name} ({owner.ids[0][1]})")
        if owner and owner.ids and len(ids[owner.name]) > 1
        else owner
        for owner in found
    ]
