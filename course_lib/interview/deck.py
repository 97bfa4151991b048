"""The cards as an Anki deck: the same note for the same card at every export, whatever its text has become.

Anki recognises a note by its guid and takes the newer text, so a deck can be exported and imported again without
losing what Anki knows about the learner. Notes of the two languages are different notes, in two decks.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from course_lib.catalog import Topic
from course_lib.interview.flashcards import KIND_NAMES, Flashcard, flashcards, ids
from course_lib.language import Say

NAME = Say("TFLite compression: the interview", "TFLite 模型压缩面试")
_LISTENS = Say("What an interviewer listens for", "面试官想听到的")
_RIGHT, _WRONG = Say("Right:", "正确："), Say("Wrong:", "错误：")
_LESSON = Say("Lesson: `{}`, “{}”", "课程：`{}`，“{}”")
_FIELDS = ("Question", "Answer", "Topic", "Id")
_CSS = """
.card { font-family: sans-serif; font-size: 18px; line-height: 1.45; text-align: left; max-width: 42em; margin: 0 auto;
  padding: 0 .6em; }
.topic { font-size: 14px; opacity: .8; }
code { font-family: monospace; background: rgba(128, 128, 128, .16); padding: 0 .2em; }
ol, ul { padding-left: 1.4em; }
"""
_FIRST_ID = 1_600_000_000_000  # notes and cards are numbered by a millisecond; the ids of a card fall into three years
_SPAN = 100_000_000_000


@dataclass(frozen=True)
class Contents:
    """What an .apkg file holds: guid -> fields of each note, and the number of cards."""

    deck: str
    notes: dict[str, tuple[str, ...]]
    ids: dict[str, int]
    cards: int


def deck(topics: Sequence[Topic], language: str, when: float) -> bytes:
    """Return an .apkg file with the cards of the topics.

    Args:
        topics: in order; those that are not written have no cards.
        language: "en" or "zh".
        when: seconds since 1970, which is how new Anki takes the texts to be; an earlier export never replaces a later.

    Raises:
        ValueError: there is no card, or the language is unknown.
        CardError: a card cannot be read, or names a number that was not measured.
    """
    import genanki

    cards = flashcards(topics, language)
    if not cards:
        raise ValueError(str(Say("none of these topics has cards yet", "这些主题都还没有卡片")))
    model = genanki.Model(
        _number("model", language),
        f"{NAME.to('en')} ({language})",
        fields=[{"name": name} for name in _FIELDS],
        templates=[
            {
                "name": "Card",
                "qfmt": f'<div lang="{language}"><p class="topic">{{{{Topic}}}}</p>{{{{Question}}}}</div>',
                "afmt": f'{{{{FrontSide}}}}<hr id="answer"><div lang="{language}">{{{{Answer}}}}</div>',
            }
        ],
        css=_CSS,
    )
    whole = genanki.Deck(_number("deck", language), NAME.to(language))
    for position, card in enumerate(cards):
        whole.add_note(_note(genanki, model, card, language, position))
    return _packed(genanki.Package(whole), when)


def guid(card: str, language: str) -> str:
    """Return what Anki recognises a card by."""
    return hashlib.sha256(f"litert-compression-course/{language}/{card}".encode()).hexdigest()[:20]


def contents(packed: bytes) -> Contents:
    """Read an .apkg file back.

    Raises:
        ValueError: it is not what Anki imports; the message says which part.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as files:
            if files.testzip() is not None or json.loads(files.read("media")) != {}:
                raise ValueError("the deck's media cannot be read")
            collection = files.read("collection.anki2")
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError(f"the deck cannot be read back: {error}") from error
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.deserialize(collection)
            sound = db.execute("PRAGMA integrity_check").fetchone()[0]
            notes = db.execute("SELECT guid, id, mid, flds FROM notes ORDER BY id").fetchall()
            cards = db.execute("SELECT nid, did FROM cards").fetchall()
            models, decks = (json.loads(each) for each in db.execute("SELECT models, decks FROM col").fetchone())
        except sqlite3.DatabaseError as error:
            raise ValueError(f"the deck's collection cannot be read back: {error}") from error
    ids = {guid: number for guid, number, _, _ in notes}
    used = {str(did) for _, did in cards}
    if sound != "ok" or len(ids) != len(notes) or len(used) != 1 or not used <= decks.keys():
        raise ValueError("the deck's collection is broken: " + (sound if sound != "ok" else "ids are not unique"))
    if {nid for nid, _ in cards} != set(ids.values()) or {str(mid) for _, _, mid, _ in notes} - models.keys():
        raise ValueError("the deck's notes and cards do not belong together")
    fields = {guid: tuple(text.split("\x1f")) for guid, _, _, text in notes}
    return Contents(decks[used.pop()]["name"], fields, ids, len(cards))


def write(topics: Sequence[Topic], language: str, path: Path, when: float) -> Contents:
    """Write a deck to a file after reading it back, whole or not at all, and return what is in it.

    Raises:
        ValueError: as `deck`, or what was packed does not come back.
        OSError: it cannot be written there.
    """
    packed = deck(topics, language, when)
    found = contents(packed)
    wanted = {guid(card, language): card for topic in topics for card in ids(topic)}
    if {key: fields[-1] for key, fields in found.notes.items()} != wanted or found.cards != len(wanted):
        raise ValueError("the deck does not hold the cards that were put in")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(packed)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return found


def _note(genanki: Any, model: Any, card: Flashcard, language: str, position: int) -> Any:
    number = _number("note", language, card.id)

    class Note(genanki.Note):  # type: ignore[misc]
        """A note whose number in the collection is its own, not that of the order of export."""

        def write_to_db(self, cursor: Any, timestamp: float, deck_id: int, id_gen: Iterator[int]) -> None:
            super().write_to_db(cursor, timestamp, deck_id, itertools.chain([number, number], id_gen))

    topic = card.topic
    tags = [topic.name, card.kind, topic.card.level, *topic.card.roles]
    title = f"{topic.number:02d} {topic.card.page(language).title} · {KIND_NAMES[card.kind].to(language)}"
    fields = [_front(card), _back(card, language), escape(title), card.id]
    return Note(model=model, fields=fields, guid=guid(card.id, language), tags=tags, due=position)


def _front(card: Flashcard) -> str:
    front = _html(card.front)
    return front + _list("ol", [option.text for option in card.asked.options]) if card.asked else front


def _back(card: Flashcard, language: str) -> str:
    if card.asked:
        verdicts = {True: _RIGHT.to(language), False: _WRONG.to(language)}
        reasons = [f"**{verdicts[option.correct]}** {option.why}" for option in card.asked.options]
        link = card.asked.link
        lesson = _LESSON.to(language).format(link.notebook, link.heading)
        return _html(card.back) + _list("ol", reasons) + _html(lesson)
    listens = _html(f"**{_LISTENS.to(language)}**") + _list("ul", card.points) if card.points else ""
    return _html(card.back) + listens


def _list(tag: str, texts: Sequence[str]) -> str:
    return f"<{tag}>{''.join(f'<li>{_html(text)}</li>' for text in texts)}</{tag}>"


def _html(markdown: str) -> str:
    return str(_markdown().render(markdown)).strip().replace("\n", " ")


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False})


def _packed(package: Any, when: float) -> bytes:
    """What `package.write_to_file` does, without leaving a database in the temporary folder, the same at every run."""
    with tempfile.TemporaryDirectory(prefix="course-deck-") as scratch:
        path = Path(scratch, "collection.anki2")
        with closing(sqlite3.connect(path)) as db:
            package.write_to_db(db.cursor(), when, itertools.count(int(when * 1000)))
            db.commit()
        collection = path.read_bytes()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as files:
        for name, content in (("collection.anki2", collection), ("media", b"{}")):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            files.writestr(entry, content)
    return whole.getvalue()


def _number(*what: str) -> int:
    """A stable id for a model, a deck or a note; two of a few hundred are the same once in ten million courses."""
    digest = hashlib.sha256("/".join(("litert-compression-course", *what)).encode()).digest()
    return _FIRST_ID + int.from_bytes(digest[:8], "big") % _SPAN
