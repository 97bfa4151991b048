# ruff: noqa: E501 - HTML is not wrapped in the middle of a sentence
"""A learner's page: points, outcome and reason of every property, in both languages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from course_lib.classroom.gradebook.book import Gradebook
from course_lib.classroom.gradebook.capstones import CapstoneRow
from course_lib.classroom.gradebook.changes import Change
from course_lib.classroom.intake.files import Unmatched
from course_lib.classroom.pages.frame import VERDICTS, render
from course_lib.classroom.texts import readable
from course_lib.grading.laws import POINTS_PER_TASK
from course_lib.language import Say


def page_name(learner: str) -> str:
    """Return the name of a learner's page: readable, safe on every system, different for different learners."""
    stem = re.sub(r"[^\w]+", "-", readable(learner)).strip("-_")[:40]
    return f"{stem or 'learner'}-{hashlib.sha256(learner.encode()).hexdigest()[:8]}.html"


def capstone_page(learner: str, language: str) -> str:
    """Return where the page of a learner's capstone lies, seen from the overview."""
    return f"capstones/{page_name(learner).removesuffix('.html')}.{language}.html"


def learner_page(
    book: Gradebook,
    learner: str,
    language: str,
    changed: Sequence[Change],
    others: Sequence[Unmatched],
    capstone: CapstoneRow | None = None,
) -> str:
    """Return a learner's page.

    Args:
        book: what they earned.
        learner: who.
        language: "en" or "zh": what comes first.
        changed: their points that a corrected check changed.
        others: their files that did not count.
        capstone: their capstone, when it was measured.
    """
    rows = book.rows(learner)
    return render(
        _PAGE,
        language,
        Say(f"{learner}: results", f"{learner}：成绩"),
        learner=learner,
        rows=rows,
        total=sum(row.result.points for row in rows),
        of=POINTS_PER_TASK * len(rows),
        passed=sum(row.result.passed for row in rows),
        changed=changed,
        others=others,
        capstone=capstone,
        capstone_pages={lang: quote(f"../{capstone_page(learner, lang)}") for lang in ("en", "zh")},
        verdicts=VERDICTS,
    )


_PAGE = """
{% macro part(lang, h) %}
{% set t = say[lang] %}
{% if rows or not capstone %}<p class="sum">{{ t("%d of %d points", "%d/%d 分") | format(total, of) }}</p>
<p>{{ t("%d of %d tasks passed.", "%d/%d 个任务通过。") | format(passed, rows | length) }}
{{ t("A task has ten points; a property gives all of its points or none.", "每个任务 10 分；每条性质要么得满分，要么不得分。") }}</p>{% endif %}
{% if changed %}<div class="box"><p><strong>{{ t("A check was corrected, and your points changed:",
  "检查已更正，你的分数有变化：") }}</strong></p>
<ul>{% for each in changed %}<li>{{ each.task }}: {{ each.before }} → {{ each.after }}.
{% for why in each.why %}{{ why.to(lang) }} {% endfor %}</li>{% endfor %}</ul></div>{% endif %}
{% for row in rows %}
<h{{ h }}>{{ row.task }} · {{ title(row.task).to(lang) }}</h{{ h }}>
<p>{{ t("%d of %d points.", "%d/%d 分。") | format(row.result.points, ten) }}
{{ t("Read from", "文件：") }} <bdi>{{ row.file }}</bdi></p>
{% if row.error %}<p class="box">{{ t("This could not be graded.", "无法评分。") }} {{ row.error.to(lang) }}</p>{% endif %}
{% if row.result.outcomes %}
{% set told = [] %}
<table>
<caption>{{ t("Properties of", "性质：") }} {{ row.task }}</caption>
<thead><tr><th scope="col">{{ t("Property", "性质") }}</th><th scope="col">{{ t("Outcome", "结果") }}</th>
<th scope="col" class="n">{{ t("Points", "得分") }}</th></tr></thead>
<tbody>
{% for each in row.result.outcomes %}<tr><th scope="row"><strong>{{ each.sentence.to(lang) }}</strong>
{% if each.message and each.message.to(lang) not in told %}{% set _ = told.append(each.message.to(lang)) %}
<p class="why" dir="auto">{{ each.message.to(lang) }}</p>{% endif %}
{% if each.misconception and each.misconception.say.to(lang) not in told %}
{% set _ = told.append(each.misconception.say.to(lang)) %}
<p class="why"><em>{{ t("Recognised:", "识别出的误解：") }}</em> {{ each.misconception.say.to(lang) }}</p>{% endif %}
</th><td class="w"><span aria-hidden="true">{{ marks[each.status] }}</span> {{ words[each.status].to(lang) }}</td>
<td class="n">{{ each.points }}/{{ each.of }}</td></tr>
{% endfor %}</tbody></table>
{% endif %}
{% if row.result.notes %}<p>{{ t("When your file was run:", "运行你的文件时：") }}</p>
<ul>{% for note in row.result.notes %}<li class="why" dir="auto">{{ note.to(lang) }}</li>{% endfor %}</ul>{% endif %}
{% if row.result.outcomes and not row.result.passed %}<p>{{ t("To go on: ", "接着做：") }}
<code>hint("{{ row.task }}")</code>
{{ t("in the exercise helps in three steps.", "（在练习中运行）分三步给出提示。") }}</p>{% endif %}
{% endfor %}
{% if capstone %}
<h{{ h }}>{{ t("Capstone", "结业项目") }}</h{{ h }}>
<p>{{ t("Read from", "文件：") }} <bdi>{{ capstone.file }}</bdi></p>
{% if capstone.result.error %}<p class="box">{{ t("This could not be measured.", "无法测量。") }} {{ capstone.result.error.to(lang) }}</p>
{% else %}<table><caption>{{ t("%d of %d orders accepted", "%d/%d 单通过") | format(capstone.result.good, capstone.result.orders | length) }}</caption>
<thead><tr><th scope="col">{{ t("Order", "单") }}</th><th scope="col">{{ t("Verdict", "结论") }}</th></tr></thead>
<tbody>{% for each in capstone.result.orders %}<tr><th scope="row"><strong>{{ each.title.to(lang) }}</strong>
{% if each.why.to(lang) %}<p class="why" dir="auto">{{ each.why.to(lang) }}</p>{% endif %}</th>
<td class="w">{{ verdicts[each.verdict].to(lang) }}</td></tr>
{% endfor %}</tbody></table>
<p><a href="{{ capstone_pages[lang] }}">{{ t("Everything that was measured, and five questions about it", "全部测量结果，以及五个相关问题") }}</a></p>{% endif %}
{% if capstone.result.notes %}<ul>{% for note in capstone.result.notes %}<li class="why" dir="auto">{{ note.to(lang) }}</li>{% endfor %}</ul>{% endif %}
{% endif %}
{% if not rows and not capstone %}<p>{{ t("Nothing of yours could be graded.", "没有可以评分的内容。") }}</p>{% endif %}
{% if others %}
<h{{ h }}>{{ t("Files that did not count", "没有计入的文件") }}</h{{ h }}>
<ul>{% for each in others %}<li><bdi>{{ each.name }}</bdi>: {{ each.reason.to(lang) }}</li>{% endfor %}</ul>{% endif %}
{% endmacro %}
<body>
<main>
<h1><bdi>{{ learner }}</bdi>{{ say[lang](": results", "：成绩") }}</h1>
{{ part(lang, 2) }}
<details lang="{{ tags[other] }}"><summary>{{ say[other]("The same in English", "以上内容的中文版") }}</summary>
{{ part(other, 2) }}
</details>
</main>
</body>
</html>
"""
