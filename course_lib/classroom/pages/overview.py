# ruff: noqa: E501 - HTML is not wrapped in the middle of a sentence
"""The instructor's page: what to look at first, how the tasks went, who believes what, what was in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from urllib.parse import quote

from course_lib.classroom.gradebook.book import Gradebook
from course_lib.classroom.gradebook.changes import Change
from course_lib.classroom.intake.files import Unmatched
from course_lib.classroom.pages.counting import LONGEST
from course_lib.classroom.pages.frame import VERDICTS, render
from course_lib.classroom.pages.learner import capstone_page
from course_lib.classroom.pages.numbers import Overview
from course_lib.language import Say

TABLES = ("points.csv", "results.csv", "moodle.csv", "canvas.csv", "unmatched.csv")
KINDS = {
    "no learner": Say("It is not known whose they are", "不知道属于谁"),
    "no task": Say("No task was recognised", "没有认出任务"),
    "damaged": Say("Cannot be read", "无法读取"),
    "refused": Say("Refused, because they are unsafe or too large", "因不安全或过大而拒绝"),
    "older": Say("A later answer counts instead", "以更晚的提交为准"),
    "not asked": Say("Not graded this time", "这次不评"),
    "other": Say("Neither notebook nor script", "既不是 notebook 也不是脚本"),
    "system": Say("Made by programs", "由程序生成"),
}
_ATTENTION = ("no learner", "no task", "damaged", "refused")


def overview_page(
    book: Gradebook,
    counted: Overview,
    language: str,
    *,
    pages: Mapping[str, str],
    other_page: str,
    changed: Sequence[Change] | None,
    gone: Sequence[tuple[str, str]],
    waiting: int = 0,
) -> str:
    """Return the overview in one language.

    Args:
        book: what is shown.
        counted: its numbers.
        language: "en" or "zh".
        pages: by learner, where their page lies.
        other_page: where the overview in the other language lies.
        changed: whose points a corrected check changed; None when nothing was compared.
        gone: learner and task of what was in the old gradebook only.
        waiting: how many capstones were handed in and not measured.
    """
    capstones = book.capstones.rows()
    unmatched = _by_kind(book.unmatched())
    return render(
        _PAGE,
        language,
        Say("The class: overview", "班级概览"),
        o=counted,
        pages={learner: quote(page) for learner, page in pages.items()},
        other_page=other_page,
        source=book.about("source"),
        seed=book.about("seed"),
        tables=[*TABLES, *(["changes.csv"] if changed else []), *(["capstone.csv"] if capstones else [])],
        compared=changed is not None,
        changed=changed or (),
        gone=gone,
        unmatched=unmatched,
        attention=[each for each in unmatched if each[0] in _ATTENTION],
        kinds=KINDS,
        capstones=capstones,
        capstone_pages={row.learner: quote(capstone_page(row.learner, language)) for row in capstones},
        capstones_accepted=sum(row.result.accepted for row in capstones),
        capstones_failed=[row.learner for row in capstones if row.result.error],
        capstone_walls=Counter(row.result.containment for row in capstones if row.result.containment.en).most_common(),
        capstone_bare=any("NOT in force" in row.result.containment.en for row in capstones),
        verdicts=VERDICTS,
        waiting=waiting,
        longest=LONGEST,
    )


def _by_kind(unmatched: Iterable[Unmatched]) -> list[tuple[str, list[Unmatched]]]:
    """Group by kind, what needs the instructor's attention first."""
    order = list(KINDS)
    ranked = sorted(unmatched, key=lambda each: order.index(each.kind))
    return [(kind, list(rows)) for kind, rows in groupby(ranked, key=lambda each: each.kind)]


_PAGE = """
{% set t = say[lang] %}
{% macro who(name) %}<a href="{{ pages[name] }}"><bdi>{{ name }}</bdi></a>{% endmacro %}
{% macro properties(rows, count) %}
<table><thead><tr><th scope="col">{{ t("Task", "任务") }}</th><th scope="col">{{ t("Property", "性质") }}</th>
<th scope="col" class="n">{{ t("Learners", "人数") }}</th><th scope="col">{{ t("Outcomes", "结果") }}</th></tr></thead>
<tbody>{% for each in rows %}<tr><td class="w">{{ each.task }}</td><th scope="row">{{ each.sentence.to(lang) }}
<br><code>{{ each.law }}</code></th>
<td class="n">{{ each[count] }}/{{ each.judged }}</td>
<td>{% for status, number in each.statuses %}{{ words[status].to(lang) }} {{ number }}{% if not loop.last %},
{% endif %}{% endfor %}</td></tr>
{% endfor %}</tbody></table>
{% endmacro %}
<body>
<main>
<p><a href="{{ other_page }}" lang="{{ tags[other] }}" hreflang="{{ tags[other] }}">{{ say[other]("In English", "中文版") }}</a></p>
<h1>{{ t("The class: overview", "班级概览") }}</h1>
<p>{{ t("%d learners, %d tasks.", "%d 名学习者，%d 个任务。") | format(o.lines | length, o.tasks | length) }}
{{ t("From", "来源：") }} <bdi>{{ source }}</bdi>{{ t(".", "。") }} {% if o.earlier %}{{ t("%d grades are from an earlier source.", "%d 项成绩来自更早的批次。") | format(o.earlier) }}{% endif %}</p>
{% if o.faults %}<div class="box"><p><strong>{{ t("Checks that are broken themselves; the answers are not at fault:",
  "检查本身有错，与答案无关：") }}</strong></p><ul>{% for each in o.faults %}<li>{{ each.task }} <code>{{ each.law }}</code>:
{{ each.message.to(lang) if each.message }}</li>{% endfor %}</ul>
<p>{{ t("Correct the check, then run course grade again with --fix-check and this gradebook.",
  "更正检查后，用 --fix-check 加这份成绩册重新运行 course grade。") }}</p></div>{% endif %}
{% if attention or o.failed_files or o.rare or o.bare or waiting or capstones_failed or capstone_bare %}<div class="box"><p><strong>{{ t("To look at first:", "请先看：") }}</strong></p><ul>
{% for kind, rows in attention %}<li>{{ kinds[kind].to(lang) }} ({{ rows | length }}){{ t(":", "：") }}
{% for each in rows[:3] %}<bdi>{{ each.name }}</bdi>{% if not loop.last %}, {% endif %}{% endfor %}{{ " …" if rows | length > 3 }}
<a href="#{{ kind | replace(" ", "-") }}">{{ t("Reasons", "原因") }}</a></li>
{% endfor %}{% if o.failed_files %}<li>{{ t("%d grades could not be given; see the learners' pages:", "%d 项无法评分，见学习者页面：") | format(o.failed_files | length) }}
{% for name, task in o.failed_files[:12] %}{{ who(name) }} {{ task }}{% if not loop.last %}, {% endif %}{% endfor %}</li>{% endif %}
{% if o.rare %}<li>{{ t("Few handed in %s. If you did not ask for that, it makes everybody's sum look smaller: grade again into a new folder with",
  "很少有人提交 %s。如果没有布置这些任务，它们会拉低所有人的得分率：请换一个新的输出文件夹重新评分，并加上") | format(o.rare | join(", ")) }}
<code>--tasks {{ o.asked | join(",") }}</code></li>{% endif %}
{% if waiting %}<li>{{ t("%d capstones were handed in and are not measured yet: run the same command with", "提交了 %d 份结业项目，尚未测量：请在同一命令后加上") | format(waiting) }}
<code>--capstone SEED</code>{{ t(", the seed that you told the learners; about a minute each.", "（你告诉学习者的种子），每份约一分钟。") }}</li>{% endif %}
{% if capstones_failed %}<li>{{ t("Capstones that could not be measured; the same command tries again:", "无法测量的结业项目，再次运行同一命令会重试：") }}
{% for name in capstones_failed[:12] %}{{ who(name) }}{% if not loop.last %}, {% endif %}{% endfor %}</li>{% endif %}
{% if o.bare or capstone_bare %}<li><a href="#protection">{{ t("Some code ran without full protection.", "部分代码没有在完整防护下运行。") }}</a></li>{% endif %}
</ul></div>
{% else %}<p>{{ t("Nothing needs your attention: every file could be read, matched and graded.", "没有需要处理的问题：所有文件都已读取、匹配并评分。") }}</p>{% endif %}
<p><a href="#everybody">{{ t("Everybody's points", "所有人的得分") }}</a>{{ t(". Tables:", "。表格：") }} {% for name in tables %}<a href="{{ name }}">{{ name }}</a>{% if not loop.last %}, {% endif %}
{% endfor %}</p>
{% if compared %}<h2>{{ t("Whose points changed", "分数有变化的人") }}</h2>
{% if changed %}<table><thead><tr><th scope="col">{{ t("Learner", "学习者") }}</th><th scope="col">{{ t("Task", "任务") }}</th>
<th scope="col" class="n">{{ t("Before", "之前") }}</th><th scope="col" class="n">{{ t("After", "之后") }}</th>
<th scope="col">{{ t("Why", "原因") }}</th></tr></thead><tbody>
{% for each in changed %}<tr><th scope="row">{{ who(each.learner) }}</th><td>{{ each.task }}</td>
<td class="n">{{ each.before }}</td><td class="n">{{ each.after }}</td>
<td>{% for why in each.why %}{{ why.to(lang) }}{% if not loop.last %}<br>{% endif %}{% endfor %}</td></tr>
{% endfor %}</tbody></table>
{% else %}<p>{{ t("Nobody's points changed.", "没有人的分数变化。") }}</p>{% endif %}
{% if gone %}<p>{{ t("In the old gradebook, but not handed in this time:", "旧成绩册中有、但这次没有提交：") }}
{% for name, task in gone %}<bdi>{{ name }}</bdi> {{ task }}{% if not loop.last %}, {% endif %}{% endfor %}</p>{% endif %}
{% endif %}
{% if capstones %}<h2>{{ t("Capstones", "结业项目") }}</h2>
<p>{{ t("%d of %d accepted on every order.", "%d/%d 份每一单都通过。") | format(capstones_accepted, capstones | length) }}
{{ t("The page of each has the measurements and five questions to ask aloud.", "每份的页面有测量结果和五个要当面问的问题。") }}</p>
<div class="wide" role="region" tabindex="0" aria-label="{{ t("Capstones of everybody", "所有人的结业项目") }}">
<table><thead><tr><th scope="col">{{ t("Learner", "学习者") }}</th><th scope="col" class="n">{{ t("Orders accepted", "通过的单") }}</th>
<th scope="col">{{ t("What was missed", "未达到的") }}</th><th scope="col">{{ t("Page", "页面") }}</th></tr></thead><tbody>
{% for row in capstones %}<tr><th scope="row">{{ who(row.learner) }}</th>
<td class="n">{% if row.result.error %}–{% else %}{{ row.result.good }}/{{ row.result.orders | length }}{% endif %}</td>
<td>{% if row.result.error %}{{ row.result.error.to(lang) }}{% endif %}{% set told = [] %}
{% for each in row.result.orders %}{% if each.verdict == "missed" and each.why.to(lang) not in told %}{% set _ = told.append(each.why.to(lang)) %}
<p class="why" dir="auto">{{ each.title.to(lang) }}{{ t(": ", "：") }}{{ each.why.to(lang) }}</p>{% endif %}{% endfor %}
{% for note in row.result.notes %}<p class="why" dir="auto">{{ note.to(lang) }}</p>{% endfor %}</td>
<td>{% if row.result.pages %}<a href="{{ capstone_pages[row.learner] }}" aria-label="{{ t("Capstone of", "结业项目：") }} {{ row.learner }}">{{ t("Page", "页面") }}</a>{% endif %}</td></tr>
{% endfor %}</tbody></table></div>
<p>{{ t("Seed of the orders:", "抽取各单所用种子：") }} {{ capstones | map(attribute="seed") | unique | join(", ") }}{{ t(".", "。") }}</p>{% endif %}
{% if o.tasks or not capstones %}<h2>{{ t("How the tasks went", "各任务情况") }}</h2>
<table><thead><tr><th scope="col">{{ t("Task", "任务") }}</th>
<th scope="col" class="n">{{ t("Handed in", "提交") }}</th><th scope="col" class="n">{{ t("All ten points", "满分") }}</th>
<th scope="col" class="n">{{ t("Mean", "平均") }}</th><th scope="col" class="n">{{ t("Median", "中位数") }}</th></tr></thead>
<tbody>{% for each in o.tasks %}<tr><th scope="row">{{ each.task }} · {{ each.title.to(lang) }}</th>
<td class="n">{{ each.handed_in }}</td><td class="n">{{ each.passed }}</td>
<td class="n">{{ "%.1f" | format(each.mean) }}</td><td class="n">{{ "%.1f" | format(each.median) }}</td></tr>
{% endfor %}</tbody></table>
<h2>{{ t("Commonest misconceptions", "最常见的误解") }}</h2>
{% if o.beliefs %}<table><thead><tr><th scope="col">{{ t("Task", "任务") }}</th>
<th scope="col">{{ t("Misconception", "误解") }}</th><th scope="col" class="n">{{ t("Learners", "人数") }}</th>
<th scope="col">{{ t("Who", "谁") }}</th></tr></thead>
<tbody>{% for each in o.beliefs %}<tr><td class="w">{{ each.task }}</td><th scope="row">{{ each.say.to(lang) }}</th>
<td class="n">{{ each.learners | length }}</td>
<td>{% for name in each.learners[:12] %}{{ who(name) }}{% if not loop.last %}, {% endif %}{% endfor %}
{% if each.learners | length > 12 %} …{% endif %}</td></tr>
{% endfor %}</tbody></table>{% else %}<p>{{ t("None was recognised.", "没有识别出误解。") }}</p>{% endif %}
{% endif %}<h2 id="everybody">{{ t("Everybody", "所有人") }}</h2>
<div class="wide" role="region" tabindex="0" aria-label="{{ t("Points of everybody", "所有人的得分") }}">
<table><thead><tr><th scope="col">{{ t("Learner", "学习者") }}</th>
{% for each in o.tasks %}<th scope="col" class="n">{{ each.task }}</th>{% endfor %}
<th scope="col" class="n">{{ t("Sum of %d", "合计/%d") | format(o.of) }}</th></tr></thead>
<tbody>{% for line in o.lines %}<tr><th scope="row">{{ who(line.learner) }}</th>
{% for points in line.points %}<td class="n">{{ "–" if points is none else points }}</td>{% endfor %}
<td class="n"><strong>{{ line.total }}</strong></td></tr>{% endfor %}</tbody></table></div>
<p>{{ t("A dash: not handed in; it counts as none in the sum.", "短横线表示未提交，合计时按 0 分计。") }}</p>
<h2>{{ t("Points by task", "各任务得分分布") }}</h2>
{% for each in o.tasks %}<figure>
<figcaption><strong>{{ each.task }} · {{ each.title.to(lang) }}</strong><br>
{{ t("%d handed in, %d with all ten points; mean %.1f, median %.1f.", "%d 人提交，%d 人满分；平均 %.1f，中位数 %.1f。")
   | format(each.handed_in, each.passed, each.mean, each.median) }}
{{ t("Points:", "得分：") }} {% for count in each.histogram %}{% if count %}{{ loop.index0 }} × {{ count }}{{ "; " if not loop.last }}{% endif %}{% endfor %}
{% if each.errors %}<br>{{ t("%d could not be graded.", "%d 份无法评分。") | format(each.errors) }}{% endif %}</figcaption>
<svg role="img" aria-label="{{ t("Bars: learners by points for %s; the numbers are above", "柱状图：%s 各得分人数；数字见上文") | format(each.task) }}"
 viewBox="0 0 440 90" width="440" height="90">
{% for count in each.histogram %}{% set tall = 60 * count / (each.histogram | max or 1) %}
<rect x="{{ 40 * loop.index0 + 6 }}" y="{{ '%.1f' | format(70 - tall) }}" width="28" height="{{ '%.1f' | format(tall) }}" fill="#3b78b5"/>
<text x="{{ 40 * loop.index0 + 20 }}" y="85" text-anchor="middle" font-size="12" fill="currentColor">{{ loop.index0 }}</text>
{% endfor %}<line x1="0" x2="440" y1="70.5" y2="70.5" stroke="currentColor"/></svg></figure>
{% endfor %}
<h2>{{ t("Most failed properties", "最常未通过的性质") }}</h2>
{% if o.failed %}{{ properties(o.failed[:longest], "not_passed") }}
{% if o.failed | length > longest %}<p>{{ t("The rest is in results.csv.", "其余见 results.csv。") }}</p>{% endif %}
{% else %}<p>{{ t("None failed.", "没有未通过的性质。") }}</p>{% endif %}
<h2>{{ t("Slowest", "最慢的") }}</h2>
{% if o.late %}<table><caption>{{ t("Properties that took longest", "耗时最长的性质") }}</caption><thead><tr>
<th scope="col">{{ t("Task", "任务") }}</th><th scope="col">{{ t("Property", "性质") }}</th>
<th scope="col" class="n">{{ t("Mean, s", "平均（秒）") }}</th><th scope="col" class="n">{{ t("Most, s", "最长（秒）") }}</th>
<th scope="col" class="n">{{ t("Timeouts", "超时") }}</th></tr></thead><tbody>
{% for each in o.late[:longest] %}<tr><td class="w">{{ each.task }}</td><th scope="row">{{ each.sentence.to(lang) }}
<br><code>{{ each.law }}</code></th><td class="n">{{ "%.3f" | format(each.mean) }}</td>
<td class="n">{{ "%.3f" | format(each.longest) }}</td><td class="n">{{ each.timeouts }}</td></tr>
{% endfor %}</tbody></table>{% endif %}
{% if o.slow %}<table><caption>{{ t("Files that took longest", "耗时最长的文件") }}</caption><thead><tr>
<th scope="col">{{ t("Learner", "学习者") }}</th><th scope="col">{{ t("File", "文件") }}</th>
<th scope="col" class="n">{{ t("Seconds", "秒") }}</th></tr></thead>
<tbody>{% for seconds, name, file in o.slow %}<tr><th scope="row">{{ who(name) }}</th><td><bdi>{{ file }}</bdi></td>
<td class="n">{{ "%.2f" | format(seconds) }}</td></tr>{% endfor %}</tbody></table>{% endif %}
<h2>{{ t("What could not be matched", "无法匹配的文件") }}</h2>
{% if unmatched %}
{% for kind, rows in unmatched %}<h3 id="{{ kind | replace(" ", "-") }}">{{ kinds[kind].to(lang) }} ({{ rows | length }})</h3>
<ul>{% for each in rows[:200] %}<li><bdi>{{ each.name }}</bdi>{% if each.learner %} ({{ who(each.learner) }}){% endif %}:
{{ each.reason.to(lang) }}</li>{% endfor %}
{% if rows | length > 200 %}<li>{{ t("All of them are in unmatched.csv.", "全部见 unmatched.csv。") }}</li>{% endif %}</ul>
{% endfor %}
{% else %}<p>{{ t("Every file counts.", "所有文件都已计入。") }}</p>{% endif %}
<h2 id="protection">{{ t("Protection in force", "生效的防护") }}</h2>
{% if o.containment %}<ul>{% for words, count in o.containment %}<li>{{ words.to(lang) }}
({{ t("%d files", "%d 个文件") | format(count) }})</li>{% endfor %}</ul>
{% elif not capstone_walls %}<p>{{ t("Nothing was run.", "没有运行任何代码。") }}</p>{% endif %}
{% if capstone_walls %}<ul>{% for words, count in capstone_walls %}<li>{{ words.to(lang) }}
({{ t("%d capstones", "%d 份结业项目") | format(count) }})</li>{% endfor %}</ul>{% endif %}
<p>{{ t("Seed of the checks:", "检查所用种子：") }} {{ seed }}{{ t(".", "。") }}</p>
</main>
</body>
</html>
"""
