"""What comes back from a class: every file counts or is listed with the reason, whatever the layout and the zip."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import string
import tempfile
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib import catalog
from course_lib.classroom.intake import submissions, unzip
from course_lib.classroom.intake.notes import Notes
from course_lib.classroom.intake.owners import owners
from course_lib.classroom.intake.reading import Reader
from course_lib.classroom.intake.signs import all_signs
from course_lib.classroom.intake.submissions import find
from course_lib.classroom.texts import readable
from course_lib.grading.cells import read_cells
from course_lib.language import Say
from tests.grading_course import make_course

ROOT = Path(__file__).resolve().parents[1]
SCALE = "def scale(values, factor):\n    return values * factor\n"
COUNTER = "class Counter:\n    def __init__(self, items):\n        self.items = items\n"
STUB = "def scale(values, factor):\n    raise NotImplementedError\n"
CHECKED = 'check("7A")\n'


def notebook(*codes):
    cells = [{"cell_type": "code", "metadata": {}, "source": code, "outputs": []} for code in codes]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


ANSWER = notebook(SCALE, CHECKED)


@pytest.fixture(scope="module")
def shared():
    """One reading process for all tests: starting one takes a third of a second."""
    reader = Reader()
    yield reader
    reader.close()


@pytest.fixture(autouse=True)
def course(tmp_path_factory, monkeypatch, shared):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path_factory.mktemp("course"))))

    @contextmanager
    def lend():
        yield shared

    monkeypatch.setattr(submissions, "reader", lend)


def lay_out(root, files):
    """Write files below a folder; a later one is newer."""
    for index, (name, text) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(path, (10**9 + index, 10**9 + index))
    return root


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for index, (name, text) in enumerate(files.items()):
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, index, 0)), text, zipfile.ZIP_DEFLATED)
    return path


def found_in(tmp_path, files, **options):
    return find(lay_out(tmp_path / "returned", files), tmp_path / "work", **options)


def who(found):
    return {each.name: each.learner for each in found.submissions}


def why(found):
    return {each.name: each.kind for each in found.unmatched}


# Every file is accounted for

PIECES = st.sampled_from(
    ["ann", "bob", "张三", "Ann_12_assignsubmission_file_", "submitted", "04", "hw1", ".ipynb_checkpoints", "x\u202ey"]
)
NAMES = st.sampled_from(
    [
        "a.ipynb",
        "07_scale_a_list.ipynb",
        "b.py",
        "c.zip",
        "leeann_123_456_x-1.ipynb",
        "d.docx",
        ".DS_Store",
        "timestamp.txt",
    ]
)
CONTENTS = st.sampled_from(
    [ANSWER, notebook(STUB, CHECKED), notebook(COUNTER), SCALE, "{", "", "\0\1", notebook("x = 1")]
)
TREES = st.dictionaries(
    st.builds(lambda folders, name: "/".join([*folders, name]), st.lists(PIECES, max_size=3), NAMES),
    CONTENTS,
    max_size=7,
)


def accounted_for(found, names):
    told = {each.name for each in found.submissions} | {each.name for each in found.unmatched}
    assert told == names
    assert all(each.learner and each.tasks and each.cells for each in found.submissions)
    assert all(each.reason.en and each.reason.zh for each in found.unmatched)
    assert len({(each.learner, task) for each in found.submissions for task in each.tasks}) == sum(
        len(each.tasks) for each in found.submissions
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_every_file_of_a_folder_or_a_zip_counts_or_is_listed_with_the_reason(files):
    names = {readable(name) for name in files}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "returned").mkdir()
        lay_out(root / "returned", files)
        accounted_for(find(root / "returned", root / "work"), names)
        accounted_for(find(zipped(root / "class.zip", files), root / "work2"), names)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(string.ascii_letters + "./\\\0:é张\u202e", max_size=12), st.booleans()), max_size=6))
def test_whatever_the_names_in_a_zip_nothing_leaves_the_folder_and_every_entry_is_told(entries):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with zipfile.ZipFile(root / "class.zip", "w") as out:
            for name, code in entries:
                entry = zipfile.ZipInfo("x")
                entry.filename = entry.orig_filename = name + (".ipynb" if code else "")
                out.writestr(entry, ANSWER)
        count = len(zipfile.ZipFile(root / "class.zip").infolist())  # every one has content, whatever its name
        found = find(root / "class.zip", root / "work")
        assert len(found.submissions) + len(found.unmatched) >= count
        inside = {path for path in root.rglob("*") if path.is_file()} - {root / "class.zip"}
        assert all(path.is_relative_to(root / "work") for path in inside)
        assert not [path for path in inside if path.suffix == ".ipynb"]  # read, and gone
        assert all(each.path.is_relative_to(root / "work") for each in found.submissions)


# Layouts

SLUG = "07_scale_a_list"
LAYOUTS = {
    "one folder per learner": {f"ann/{SLUG}.ipynb": "ann", "bob/x.ipynb": "bob", "李雷/answer/b.ipynb": "李雷"},
    "a folder around them": {f"class/ann/{SLUG}.ipynb": "ann", "class/bob/x.ipynb": "bob"},
    "by assignment": {f"hw1/ann/{SLUG}.ipynb": "ann", f"hw1/bob/{SLUG}.ipynb": "bob"},
    "by topic": {f"{SLUG}/ann/x.ipynb": "ann", f"{SLUG}/bob/x.ipynb": "bob"},
    "groups": {
        "Monday/ann/a.ipynb": "ann", "Monday/bob/a.ipynb": "bob",
        "Friday/cid/a.ipynb": "cid", "Friday/dan/a.ipynb": "dan",
    },
    "names in files": {
        f"ann_lee_{SLUG}.ipynb": "ann_lee", f"{SLUG}_bob-final (2).ipynb": "bob", "张三_作业7.ipynb": "张三",
        "07A Zoë Ng.ipynb": "Zoë Ng", "20231234-07.ipynb": "20231234",
        f"o.brien@uni.edu {SLUG} copy.py": "o.brien@uni.edu",
    },
    "names in files of a folder": {f"stuff/ann_{SLUG}.ipynb": "ann", f"stuff/bob_{SLUG}.ipynb": "bob"},
    "nbgrader": {
        f"submitted/ann/ps1/{SLUG}.ipynb": "ann", f"submitted/bob/ps1/{SLUG}.ipynb": "bob",
        f"submitted/bob/ps1/.ipynb_checkpoints/{SLUG}-checkpoint.ipynb": None,
    },
    "nbgrader in a folder": {"course/submitted/ann/ps1/x.ipynb": "ann", "course/submitted/bob/ps1/x.ipynb": "bob"},
    "nbgrader's exchange": {
        "ann+ps1+2026-11-24 10:00:00.123 UTC/x.ipynb": "ann", "bob+ps1+2026-11-24 11:00:00.5 UTC+abc/x.ipynb": "bob"
    },
    "moodle": {
        "Ann Lee_1234_assignsubmission_file_/x.ipynb": "Ann Lee", "王芳_99_assignsubmission_file/deep/x.ipynb": "王芳"
    },
    "moodle, two of one name": {
        "Ann Lee_1234_assignsubmission_file_/x.ipynb": "Ann Lee (1234)",
        "Ann Lee_1235_assignsubmission_file_/x.ipynb": "Ann Lee (1235)",
    },
    "moodle without folders": {"Ann Lee_1234_assignsubmission_file_x.ipynb": "Ann Lee"},
    "canvas": {
        "leeann_40001_900001_x-1.ipynb": "leeann", "garciajose_LATE_40002_900002_x.ipynb": "garciajose",
        "LATE_ngzoe_40003_900003_07_scale_a_list.ipynb": "ngzoe",
    },
    "blackboard": {
        "PS 1_alee_attempt_2026-11-24-10-11-12_x.ipynb": "alee",
        "PS 1_bng_attempt_2026-11-24-10-11-12_x.ipynb": "bng"
    },
    "gradescope without its list": {"submission_11/x.ipynb": "submission_11", "submission_12/x.ipynb": "submission_12"},
    "one learner alone": {f"{SLUG}.ipynb": "returned"},
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_learner_is_read_from_the_layout(tmp_path, layout):
    expected = LAYOUTS[layout]
    found = found_in(tmp_path, dict.fromkeys(expected, ANSWER))
    assert who(found) == {name: learner for name, learner in expected.items() if learner}


def test_learners_who_returned_zips_are_known_by_what_the_export_says_about_the_zip(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as out:
        out.writestr("my work/x.ipynb", ANSWER)
    nested = zipped(tmp_path / "deep.zip", {"deeper.zip": inner.getvalue()}).read_bytes()
    files = {
        "Ann_12_assignsubmission_file_/all.zip": inner.getvalue(),
        "Bob_13_assignsubmission_file_/all.zip": nested,
        "Cid_14_assignsubmission_file_/all.zip": b"PK\3\4 no more",
    }
    found = find(zipped(tmp_path / "class.zip", files), tmp_path / "work")
    assert who(found) == {"Ann_12_assignsubmission_file_/all/my work/x.ipynb": "Ann"}
    assert why(found) == {
        "Bob_13_assignsubmission_file_/all/deeper.zip": "refused",
        "Cid_14_assignsubmission_file_/all.zip": "damaged",
    }


def test_what_lies_beside_submissions_names_their_owners_and_nobody_elses(tmp_path):
    yml = ":submission_11:\n"  # not what Gradescope writes
    listed = (
        "submission_11:\n  :submitters:\n  - :name: Ann Lee\n    :sid: '1'\n  :created_at: 2026-11-24 10:00:00 Z\n"
        "submission_12:\n  :submitters:\n  - :name: Bob Ng\n  :created_at: 2026-11-24 11:00:00 Z\n"
    )
    files = {
        "export/submission_metadata.yml": listed,
        "export/submission_11/x.ipynb": ANSWER,
        "export/submission_12/x.ipynb": ANSWER,
        "export/submission_12/submission_metadata.yml": listed.replace("Ann Lee", "Mallory").replace(
            "Bob Ng", "Mallory"
        ),
    }
    assert sorted(who(found_in(tmp_path / "a", files)).values()) == ["Ann Lee", "Bob Ng"]
    assert sorted(who(found_in(tmp_path / "b", {**files, "export/submission_metadata.yml": yml})).values()) == [
        "submission_11",
        "submission_12",
    ]
    blackboard = {
        "PS_1_a_lee_attempt_2026-11-24-10-11-12.txt": "Name: Ann Lee (a_lee)\nAssignment: PS 1\n",
        "PS_1_a_lee_attempt_2026-11-24-10-11-12_x.ipynb": ANSWER,
        "PS_1_b_lee_attempt_2026-11-24-10-11-12_x.ipynb": ANSWER,
        "PS_1_b_lee_attempt_2026-11-24-10-11-12_y.txt": "Name: Bob (a_lee)\n",
    }
    assert sorted(who(found_in(tmp_path / "c", blackboard)).values()) == ["a_lee", "lee"]
    forged = "PS_1_b_lee_attempt_2026-11-24-10-11-12_x_attempt_2036-01-01-00-00-00"
    blackboard |= {f"{forged}.txt": "Name: Ann Lee (a_lee)\n", f"{forged}.ipynb": ANSWER}
    assert sorted(who(found_in(tmp_path / "d", blackboard)).values()) == ["a_lee", "lee"]


def test_nobody_can_hand_in_for_another(tmp_path):
    files = {f"{name}/x.ipynb": ANSWER for name in ("ann", "bob", "cid")}
    forged = {
        "mal/Bob_13_assignsubmission_file_/x.ipynb": notebook(STUB, CHECKED),
        "mal/submitted/bob/ps1/y.ipynb": ANSWER,
        "mal/bob_12345_67890_z.ipynb": ANSWER,
        "mal/bob+ps1+2036-01-01 00:00:00 UTC/x.ipynb": ANSWER,
    }
    found = found_in(tmp_path / "hand", {**files, **forged})
    assert {name for name, learner in who(found).items() if learner == "bob"} == {"bob/x.ipynb"}
    deeper = {f"mal/{at}/submitted/bob/ps1/{name}": notebook(SCALE) for at in "12345" for name in ("x.py", "y.ipynb")}
    deeper |= {f"mal/{at}/submitted/bob/ps1/timestamp.txt": "2036-01-01" for at in "12345"}
    deeper |= {"mal/1/2/bob+ps1+2036-01-01 00:00:00 UTC/z.ipynb": ANSWER}
    for source in (lay_out(tmp_path / "deep", {**files, **deeper}), zipped(tmp_path / "deep.zip", {**files, **deeper})):
        found = find(source, tmp_path / "work")
        assert {name for name, learner in who(found).items() if learner == "bob"} == {"bob/x.ipynb"}
    moodle = {f"{name}_1{index}_assignsubmission_file_/x.ipynb": ANSWER for index, name in enumerate(("ann", "bob"))}
    forged = {f"mal_77_assignsubmission_file_/{name}": text for name, text in {**forged, **moodle}.items()}
    found = found_in(tmp_path / "moodle", {**moodle, **forged})
    assert {each.learner for each in found.submissions} == {"ann", "bob", "mal"}
    assert [name for name, learner in who(found).items() if learner == "bob"] == [
        "bob_11_assignsubmission_file_/x.ipynb"
    ]


NAMES_OF_PEOPLE = """Ann Lee|ann_lee|ann-lee|O'Brien|李雷|张三丰|José García|van der Berg|J. R. Smith|s1234567|s7654321
20231234|x.lee@uni.edu|Müller|Test User|Alex Part|Max New|Copy Cat|Will Work|Will Test|Ex Machina|A|B2|Anna-Lena
Øyvind|Иван Петров|عائشة|Task Li|Lab Rat|陈 晓|Week Ng|Peter2|P01|Solution Sam|Leo 9|Team 3|Group 4|user04""".replace(
    "\n", "|"
).split("|")
ARRANGEMENTS = [
    *(
        "{name}/{slug}.ipynb",
        "returned 2026/{name}/x.ipynb",
        "{name}/homework/final/answer.ipynb",
        "hw3/{name}/{slug}.ipynb",
    ),
    *("{slug}_{name}.ipynb", "{name}_{slug}.ipynb", "{name} {slug}.ipynb", "07_{name}.ipynb", "{name} 07.ipynb"),
    *("{name}.ipynb", "{slug}/{name}.ipynb", "07A_{name}.ipynb", "7B-{name}-v2.ipynb", "{name}_第7次作业.ipynb"),
    *("{name}作业7.ipynb", "{name}_1234_assignsubmission_file_/x.ipynb", "submitted/{name}/ps1/x.ipynb"),
]


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_names_that_look_like_something_else_are_still_names(arrangement):
    paths = [arrangement.format(name=name, slug=SLUG) for name in NAMES_OF_PEOPLE]
    found = owners([(tuple(path.split("/")), ("7A", "7B")) for path in paths], Notes(), catalog.topics())
    assert [each.name for each in found if each] == NAMES_OF_PEOPLE


PEOPLE = st.lists(st.text("abcdeé张李 -.", min_size=1, max_size=8), min_size=2, max_size=5, unique_by=str.casefold)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, st.integers(0, 3), st.sampled_from(["", "class 2026/", "Group A/"]))
def test_two_folders_of_two_people_are_never_taken_for_one_learner(names, depth, around):
    files = [((*filter(None, around.split("/")), name, *["x"] * depth, "a.ipynb"), ("7A",)) for name in names]
    found = owners(files, Notes(), catalog.topics())
    shown = [each.name for each in found if each]
    assert len(set(shown)) == len(shown)


# Tasks are recognised by what is in a file


def test_the_exercises_of_the_course_are_recognised_whatever_is_done_to_them(monkeypatch, shared, tmp_path):
    monkeypatch.setenv("COURSE_ROOT", str(ROOT))
    signs, dice = all_signs(), random.Random(5)
    for topic in signs.topics:
        for kind in ("exercises", "solutions"):
            rendered = ROOT / kind / f"{topic.name}.ipynb"
            if not rendered.is_file():  # a topic in the making
                continue
            data = json.loads(rendered.read_text("utf-8"))
            whole = {"everything": data["cells"]}
            marks = ("check(", "finish(")
            whole["no calls"] = [each for each in data["cells"] if not any(m in "".join(each["source"]) for m in marks)]
            whole["twice and shuffled"] = dice.sample(2 * data["cells"], 2 * len(data["cells"]))
            for change, cells in whole.items():
                path = tmp_path / "homework.ipynb"
                path.write_text(json.dumps({**data, "cells": cells}), "utf-8")
                content = shared.read(path)
                assert not isinstance(content, Say)
                found = signs.recognise(content, ("ann", "homework.ipynb"))
                assert found.tasks == topic.tasks, (topic.name, kind, change)
                assert found.answered == (set(topic.tasks) if kind == "solutions" else set()), (
                    topic.name,
                    kind,
                    change,
                )


@pytest.mark.parametrize(
    ("codes", "name", "tasks"),
    [
        ([SCALE], "x.ipynb", ("7A",)),
        ([COUNTER], "x.ipynb", ("7B",)),
        (["scale = lambda v, f: v"], "x.ipynb", ("7A",)),
        (["check('07a')"], "x.ipynb", ("7A",)),
        (["finish('07')"], "x.ipynb", ("7A", "7B")),
        (["# check('7A')"], "x.ipynb", ()),
        (["def scale(:\n", "x = 1"], "x.ipynb", ("7A",)),
        ([SCALE], "07_x.ipynb", ("7A", "7B")),
        (["x = 1"], f"my {SLUG} work.ipynb", ("7A", "7B")),
        (["x = 1"], "x.ipynb", ()),
        (["check('99A')"], "x.ipynb", ()),
    ],
)
def test_what_names_a_task(tmp_path, codes, name, tasks):
    found = found_in(tmp_path, {f"ann/{name}": notebook(*codes)})
    assert sum((each.tasks for each in found.submissions), ()) == tasks
    assert why(found) == ({} if tasks else {f"ann/{name}": "no task"})


# Of several answers the latest counts


def test_the_latest_answer_to_a_task_counts_but_an_answer_before_an_untouched_exercise(tmp_path):
    other = SCALE.replace("*", "+")
    found = found_in(
        tmp_path,
        {
            "ann/old.ipynb": ANSWER,
            "ann/both.ipynb": notebook(other, COUNTER),
            "ann/new.ipynb": notebook(other, CHECKED),
            "ann/fresh copy.ipynb": notebook(STUB, CHECKED),
        },
    )
    assert {each.name: each.tasks for each in found.submissions} == {
        "ann/new.ipynb": ("7A",),
        "ann/both.ipynb": ("7B",),
    }
    assert why(found) == dict.fromkeys(["ann/old.ipynb", "ann/both.ipynb", "ann/fresh copy.ipynb"], "older")
    assert all("ann/new.ipynb" in each.reason.en and "ann/new.ipynb" in each.reason.zh for each in found.unmatched)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("leeann_40001_900001_x.ipynb", "leeann_40001_900002_x-2.ipynb"),
        ("PS_ann_attempt_2026-11-24-10-11-12_x.ipynb", "PS_ann_attempt_2026-11-25-00-00-00_x.ipynb"),
        ("ann/x.ipynb", "ann/x (1).ipynb"),
    ],
)
def test_what_the_layout_says_about_time_comes_before_the_clock_of_the_file(tmp_path, older, newer):
    root = lay_out(tmp_path / "returned", {newer: ANSWER, older: notebook(SCALE, CHECKED, "1")})
    for path in root.rglob("*.ipynb"):
        os.utime(path, (10**9, 10**9))
    found = find(root, tmp_path / "work")
    assert list(who(found)) == [newer]
    assert why(found) == {older: "older"}


def test_only_the_tasks_asked_for_are_graded_and_the_others_listed(tmp_path):
    files = {"ann/a.ipynb": ANSWER, "ann/b.ipynb": notebook(COUNTER)}
    found = found_in(tmp_path, files, only=["7B"])
    assert [each.tasks for each in found.submissions] == [("7B",)]
    assert why(found) == {"ann/a.ipynb": "not asked"}


# Zips that mean harm


def entry(name, mode=0, flag=0):
    info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    info.external_attr = mode << 16
    info.flag_bits = flag
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../x.ipynb",
        "a/../../x.ipynb",
        "/etc/x.ipynb",
        "C:\\x.ipynb",
        "..\\x.ipynb",
        "\\\\host\\x.ipynb",
        "a/" * 60 + "x.ipynb",
    ],
)
def test_a_name_that_points_elsewhere_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as out:
        out.writestr(entry(name), ANSWER)
        out.writestr("ann/x.ipynb", ANSWER)
    found = find(tmp_path / "class.zip", tmp_path / "work")
    assert who(found) == {"ann/x.ipynb": "ann"}
    assert [each.kind for each in found.unmatched] == ["refused"]


def test_links_devices_passwords_and_doubles_are_refused_one_by_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as out:
        out.writestr(entry("ann/link.ipynb", stat.S_IFLNK | 0o777), "/etc/passwd")
        out.writestr(entry("ann/pipe.ipynb", stat.S_IFIFO | 0o644), "")
        out.writestr("ann/secret.ipynb", ANSWER)
        out.writestr("ann/x.ipynb", "{")
        with pytest.warns(UserWarning, match="Duplicate"):
            out.writestr("ann/x.ipynb", ANSWER)
    content = (tmp_path / "class.zip").read_bytes()
    at = content.rindex(b"ann/secret.ipynb") - 46 + 8  # the flags in the central directory
    (tmp_path / "class.zip").write_bytes(content[:at] + b"\1\0" + content[at + 2 :])
    found = find(tmp_path / "class.zip", tmp_path / "work")
    assert who(found) == {"ann/x.ipynb": "ann"}
    assert sorted((each.name, each.kind) for each in found.unmatched) == [
        (f"ann/{name}.ipynb", "refused") for name in ("link", "pipe", "secret", "x")
    ]


def test_a_link_in_a_folder_is_refused(tmp_path):
    (tmp_path / "secret.ipynb").write_text(ANSWER)
    root = lay_out(tmp_path / "returned", {"ann/x.ipynb": ANSWER})
    (root / "ann/y.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (root / "bob").symlink_to(tmp_path)
    found = find(root, tmp_path / "work")
    assert who(found) == {"ann/x.ipynb": "ann"}
    assert why(found) == {"ann/y.ipynb": "refused", "bob": "refused"}


@pytest.mark.parametrize("limit", ["size", "total", "ratio", "count"])
def test_a_bomb_is_refused_while_it_is_unpacked(tmp_path, monkeypatch, limit):
    change = {
        "size": ("MAX_BYTES", 5000),
        "total": ("MAX_TOTAL_BYTES", 10_200),
        "ratio": ("RATIO_FROM", 5000),
        "count": ("MAX_ENTRIES", 1),
    }
    monkeypatch.setattr(unzip, *change[limit])
    monkeypatch.setattr(unzip, "MAX_RATIO", 10)
    bomb = notebook("#" * (100_000 if limit != "total" else 10_000))
    found = find(zipped(tmp_path / "class.zip", {"ann/x.ipynb": ANSWER, "bob/x.ipynb": bomb}), tmp_path / "work")
    assert who(found) == {"ann/x.ipynb": "ann"}
    assert why(found) == {"bob/x.ipynb": "refused"}
    assert sum(path.stat().st_size for path in (tmp_path / "work").rglob("*") if path.is_file()) < 10_000


def test_what_one_learner_zips_leaves_the_others_their_room_and_the_disk_empty(tmp_path, monkeypatch):
    monkeypatch.setattr(unzip, "MAX_INNER_BYTES", 30_000)
    monkeypatch.setattr(unzip, "MAX_TOTAL_BYTES", 40_000)
    (tmp_path / "class/ann").mkdir(parents=True)
    bomb = {f"{each}.ipynb": notebook("#" * 10_000) for each in range(9)}
    zipped(tmp_path / "class/ann/all.zip", bomb)
    zipped(tmp_path / "class/bob.zip", {"x.ipynb": ANSWER})
    lay_out(tmp_path / "class/cid", {"x.ipynb": ANSWER})
    found = find(tmp_path / "class", tmp_path / "work")
    assert {"bob", "cid"} <= set(who(found).values())
    assert sum(kind == "refused" for kind in why(found).values()) == 7
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]


def test_a_cell_of_empty_lines_is_read_in_no_time(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("\n" * 200_000 + "(\n  %time x\n!ls\n")
    started = time.monotonic()
    (cell,) = read_cells(path)
    assert time.monotonic() - started < 5
    assert cell.code.endswith("(\n  pass\npass\n")


def test_a_notebook_of_very_many_cells_is_refused_before_its_code_is_looked_at(tmp_path):
    started = time.monotonic()
    found = found_in(tmp_path / "class", {"ann/x.ipynb": notebook(*["0"] * 100_000), "bob/x.ipynb": ANSWER})
    assert time.monotonic() - started < 5
    assert why(found) == {"ann/x.ipynb": "damaged"}
    (told,) = found.unmatched
    assert (told.reason.en, told.reason.zh) == ("It holds more than 20,000 cells.", "单元格太多，无法评分。")


def test_a_zip_that_lies_about_sizes_unpacks_no_more_than_it_may(tmp_path, monkeypatch):
    monkeypatch.setattr(unzip, "MAX_BYTES", 5000)
    path = zipped(tmp_path / "class.zip", {"bob/x.ipynb": notebook("#" * 100_000), "ann/x.ipynb": ANSWER})
    content = path.read_bytes()
    size = len(notebook("#" * 100_000)).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (300).to_bytes(4, "little")))
    found = find(path, tmp_path / "work")
    assert who(found) == {"ann/x.ipynb": "ann"}
    assert why(found) == {"bob/x.ipynb": "refused"}


def test_chinese_names_of_any_zip_program_are_read(tmp_path):
    for encoding, name in (("gb18030", "张三"), ("utf-8", "李雷")):
        info = zipfile.ZipInfo(f"{name}/x.ipynb".encode(encoding).decode("cp437"))
        raw = f"{name}/x.ipynb".encode(encoding)
        with zipfile.ZipFile(tmp_path / f"{encoding}.zip", "w") as out:
            info.filename = info.orig_filename = "x" * len(raw)
            out.writestr(info, ANSWER)
        path = tmp_path / f"{encoding}.zip"
        path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
        assert who(find(path, tmp_path / f"work-{encoding}")) == {f"{name}/x.ipynb": name}


# Files that cannot be read


FOR_R = ANSWER.replace('"metadata": {}, "nbformat"', '"metadata": {"kernelspec": {"language": "R"}}, "nbformat"')
DAMAGED = ("", "{", "[" * 200_000, b"\xff\xfe\0", '{"cells": 3, "nbformat": 4}', FOR_R, notebook("#" * 4_800_000))


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_listed_under_its_learner_in_both_languages(tmp_path, content):
    found = found_in(tmp_path, {"ann/07.ipynb": content, "bob/x.ipynb": ANSWER})
    assert who(found) == {"bob/x.ipynb": "bob"}
    (listed,) = found.unmatched
    assert (listed.name, listed.kind, listed.learner) == ("ann/07.ipynb", "damaged", "ann")
    assert listed.reason.en != listed.reason.zh
    assert any("\u4e00" <= each <= "\u9fff" for each in listed.reason.zh)
    assert str(tmp_path) not in listed.reason.en
    assert found.learners == ("ann", "bob")


def test_a_file_that_kills_its_reader_costs_that_file_alone(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(ANSWER)
    reader = Reader()
    try:
        first = reader.read(path)
        reader._child.kill()
        assert isinstance(reader.read(path), Say)
        assert reader.read(path) == first
    finally:
        reader.close()


def test_a_source_that_is_none_is_said_in_a_sentence(tmp_path):
    (tmp_path / "x.rar").write_bytes(b"Rar!")
    (tmp_path / "x.zip").write_bytes(zipped(tmp_path / "y.zip", {"a/x.ipynb": ANSWER}).read_bytes()[:-30])
    for name, words in (("absent", "there is no"), ("x.rar", "neither a folder nor a zip"), ("x.zip", "neither")):
        with pytest.raises(ValueError, match=words):
            find(tmp_path / name, tmp_path / "work")
