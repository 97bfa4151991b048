# ruff: noqa: E501 - HTML is not wrapped in the middle of a sentence
"""The pages as templates. Words carry the meaning, colour is never needed; nothing is loaded and nothing runs."""

from __future__ import annotations

_HEAD = """<!DOCTYPE html>
<html lang="{{ lang_tag }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>{{ page_title }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
bdi, code, .why { overflow-wrap: anywhere; }
thead th { white-space: nowrap; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.2rem; border-top: 1px solid; padding-top: .8rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: bold; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #8886; }
th[scope=row] { font-weight: normal; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.w { white-space: nowrap; }
.sum { font-size: 1.35rem; font-weight: bold; }
.why { margin: .25rem 0 0; white-space: pre-wrap; }
.box { border: 2px solid; padding: .2rem 1rem; margin: 1rem 0; }
.wide { overflow-x: auto; }
.wide table { width: auto; }
.wide td:first-child, .wide th:first-child { min-width: 8rem; }
figure { margin: 1.2rem 0; }
svg { display: block; max-width: 100%; height: auto; }
summary { cursor: pointer; font-weight: bold; padding: .4rem 0; }
@media print { details { display: none; } body { max-width: none; } }
</style>
</head>
"""

LEARNER = (
    _HEAD
    + """
{% macro part(lang, h) %}
{% set t = say[lang] %}
<p class="sum">{{ t("%d of %d points", "%d/%d 分") | format(total, of) }}</p>
<p>{{ t("%d of %d tasks passed.", "%d/%d 个任务通过。") | format(passed, rows | length) }}
{{ t("A task has ten points; a property gives all of its points or none.", "每个任务 10 分；每条性质要么得满分，要么不得分。") }}</p>
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
{% if not rows %}<p>{{ t("Nothing of yours could be graded.", "没有可以评分的内容。") }}</p>{% endif %}
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
)

OVERVIEW = (
    _HEAD
    + """
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
{% if attention or o.failed_files or o.rare or o.bare %}<div class="box"><p><strong>{{ t("To look at first:", "请先看：") }}</strong></p><ul>
{% for kind, rows in attention %}<li>{{ kinds[kind].to(lang) }} ({{ rows | length }}){{ t(":", "：") }}
{% for each in rows[:3] %}<bdi>{{ each.name }}</bdi>{% if not loop.last %}, {% endif %}{% endfor %}{{ " …" if rows | length > 3 }}
<a href="#{{ kind | replace(" ", "-") }}">{{ t("Reasons", "原因") }}</a></li>
{% endfor %}{% if o.failed_files %}<li>{{ t("%d grades could not be given; see the learners' pages:", "%d 项无法评分，见学习者页面：") | format(o.failed_files | length) }}
{% for name, task in o.failed_files[:12] %}{{ who(name) }} {{ task }}{% if not loop.last %}, {% endif %}{% endfor %}</li>{% endif %}
{% if o.rare %}<li>{{ t("Few handed in %s. If you did not ask for that, it makes everybody's sum look smaller: grade again into a new folder with",
  "很少有人提交 %s。如果没有布置这些任务，它们会拉低所有人的得分率：请换一个新的输出文件夹重新评分，并加上") | format(o.rare | join(", ")) }}
<code>--tasks {{ o.asked | join(",") }}</code></li>{% endif %}
{% if o.bare %}<li><a href="#protection">{{ t("Some code ran without full protection.", "部分代码没有在完整防护下运行。") }}</a></li>{% endif %}
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
<h2>{{ t("How the tasks went", "各任务情况") }}</h2>
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
<h2 id="everybody">{{ t("Everybody", "所有人") }}</h2>
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
{% else %}<p>{{ t("Nothing was run.", "没有运行任何代码。") }}</p>{% endif %}
<p>{{ t("Seed of the checks:", "检查所用种子：") }} {{ seed }}{{ t(".", "。") }}</p>
</main>
</body>
</html>
"""
)
