"""Card tags in markdown: ``{{name}}`` or ``{{name:argument}}`` becomes the card's text in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from course_lib.card import Page
from course_lib.catalog import Topic
from tools.source import BuildError

_TAG = re.compile(r"^[ \t]*\{\{([a-z_]+)(?::([^{}]+))?\}\}[ \t]*$", re.MULTILINE)
_INLINE = re.compile(r"\{\{([a-z_]+)(?::[^{}]+)?\}\}")

LEVELS = {"easy": "入门", "medium": "进阶", "hard": "高阶"}


def expand(text: str, tags: Mapping[str, Callable[[str], str]], where: str) -> str:
    """Return ``text`` with every tag replaced by its text, which begins and ends a paragraph.

    A tag stands alone on its line. Raises BuildError for an unknown one, and for a known one inside a line.
    """
    for line in text.splitlines():
        inline = _INLINE.search(line)
        if inline and inline[1] in tags and not _TAG.match(line):
            raise BuildError(f"{where}: {inline[0]} must stand alone on its line")

    def tag(match: re.Match[str]) -> str:
        if match[1] not in tags:
            raise BuildError(f"{where}: unknown tag {match[0].strip()}; known are {', '.join(sorted(tags))}")
        try:
            return f"\n{tags[match[1]](match[2] or '')}\n"
        except KeyError as error:
            raise BuildError(f"{where}: {match[0].strip()}: card.toml has no {error}") from None

    return re.sub(r"\n{3,}", "\n\n", _TAG.sub(tag, text)).strip("\n")


def both(english: str, chinese: str) -> str:
    """English, then Chinese folded."""
    return f"{english.strip()}\n\n{folded('中文', chinese, lang='zh')}"


def folded(summary: str, text: str, *, lang: str = "") -> str:
    """A ``<details>`` block; the blank lines let markdown work inside it."""
    attribute = f' lang="{lang}"' if lang else ""
    return f"<details{attribute}><summary>{summary}</summary>\n\n{text.strip()}\n\n</details>"


def lesson_tags(topic: Topic, topics: Sequence[Topic]) -> dict[str, Callable[[str], str]]:
    """The tags of a lesson. Links are relative to the folder ``notebooks/``."""
    card = topic.card

    def bilingual(render: Callable[[Page, bool], str]) -> Callable[[str], str]:
        return lambda _argument: both(render(card.en, False), render(card.zh, True))

    return {
        "header": lambda _argument: f"{_title(topic)}\n\n{_question(topic, topics)}",
        "title": lambda _argument: _title(topic),
        "question": lambda _argument: _question(topic, topics),
        "myths": bilingual(_myths),
        "answer": bilingual(_answer),
        "followups": bilingual(_followups),
        "sources": lambda _argument: "\n".join(f"- [{source.title}]({source.url})" for source in card.sources),
        "exercise": lambda _argument: _exercise(topic),
        "next": lambda _argument: _next(topic, topics),
    }


def exercise_tags(topic: Topic, topics: Sequence[Topic]) -> dict[str, Callable[[str], str]]:
    """The tags of an exercise. Links are relative to the folder ``exercises/``."""
    card = topic.card
    return {
        "exercise_header": lambda _argument: _exercise_header(topic, topics),
        "task": lambda letter: both(card.en.tasks[letter], card.zh.tasks[letter]),
    }


def _title(topic: Topic) -> str:
    return f"# {topic.number:02d} · {topic.card.en.title}\n\n**{topic.card.zh.title}**"


def _question(topic: Topic, topics: Sequence[Topic]) -> str:
    card = topic.card
    first = [_link(other) for other in topics if f"{other.number:02d}" in card.needs]
    minutes = card.minutes
    facts = (
        f"**{card.level}** ({LEVELS[card.level]}) · core {minutes.core} min, whole {minutes.whole} min · "
        f"first: {', '.join(first) or 'nothing'}"
    )
    return f"> {_one_line(card.en.question)}\n>\n> {_one_line(card.zh.question)}\n\n{facts}"


def _exercise_header(topic: Topic, topics: Sequence[Topic]) -> str:
    card, task = topic.card, topic.tasks[0]
    lesson = f"../notebooks/{topic.name}.ipynb"
    title = f"# {topic.number:02d} · {card.en.title}: exercise\n\n**{card.zh.title}：练习**"
    english = (
        f'Replace every `raise NotImplementedError`, then run the cell below it: `check("{task}")` tries your function '
        f'on inputs you have not seen and says what it saw. Stuck? `hint("{task}")` helps in three steps; after an '
        f'attempt `solution("{task}")` shows ours. [The lesson]({lesson}) has the background.'
    )
    chinese = (
        f"把每处 `raise NotImplementedError` 换成你的实现，再运行下面的单元格："
        f'`check("{task}")` 会用你没见过的输入来试，并告诉你它看到了什么。卡住时，`hint("{task}")` 分三步提示；'
        f'尝试之后，`solution("{task}")` 给出参考实现。背景知识见[本课]({lesson})。'
    )
    return f"{title}\n\n{_question(topic, topics)}\n\n{both(english, chinese)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _link(topic: Topic) -> str:
    label = f"{topic.number:02d} {topic.card.en.title}"
    return f"[{label}](../notebooks/{topic.name}.ipynb)" if topic.written else label


def _myths(page: Page, chinese: bool) -> str:
    said, cost = ("你会听到", "代价") if chinese else ("You will hear", "It costs")
    colon, space = ("：", "") if chinese else (":", " ")
    return "\n\n".join(
        f"**{said}{colon}**{space}{p.says.strip()}\n\n{p.why.strip()}\n\n*{cost}{colon}*{space}{p.costs.strip()}"
        for p in page.pitfalls
    )


def _answer(page: Page, chinese: bool) -> str:
    listens = "面试官想听到的：" if chinese else "What an interviewer listens for:"
    points = "\n".join(f"- {_one_line(point.text)}" for point in page.points)
    return f"{page.answer.strip()}\n\n{listens}\n\n{points}"


def _followups(page: Page, _chinese: bool) -> str:
    return "\n\n".join(f"**{item.q.strip()}**\n\n{item.a.strip()}" for item in page.followups)


def _exercise(topic: Topic) -> str:
    name = f"{topic.name}.ipynb"
    english = (
        f"Your copy is [workbook/{name}](../workbook/{name}); on a code host, read [the exercise](../exercises/{name})."
    )
    chinese = f"你的副本：[workbook/{name}](../workbook/{name})；在代码托管网站上请看[练习](../exercises/{name})。"
    return f"{english}\n\n{chinese}"


def _next(topic: Topic, topics: Sequence[Topic]) -> str:
    after = [other for other in topics if other.number > topic.number]
    if not after:
        return "This was the last topic.\n\n这是最后一个主题。"
    following = min(after, key=lambda other: other.number)
    return f"Next: {_link(following)}\n\n下一课：{following.card.zh.title}"
