"""The page that a candidate can show: one self-contained, accessible HTML file, no script, nothing by colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from course_lib.capstone.budgets import in_words
from course_lib.capstone.figure import figure
from course_lib.capstone.grade import Done, Outcome
from course_lib.capstone.judge import MARKS, WORDS, Verdict
from course_lib.capstone.measure import Measured
from course_lib.capstone.questions import Question, questions
from course_lib.capstone.values import Scorecard
from course_lib.classroom.texts import readable
from course_lib.inspection.sections import SECTIONS
from course_lib.language import Say

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 58rem; padding: 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { font-size: 1.3rem; margin-top: 2.5rem; }
h3 { font-size: 1.05rem; margin-top: 1.75rem; } h4 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; display: block; } figcaption { color: #4a4a4a; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; width: 100%; }
caption { text-align: left; color: #4a4a4a; } td, p, li { overflow-wrap: anywhere; }
th, td { padding: .25rem .9rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #d9d9d9; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } .word { font-weight: 600; }
.faint { color: #4a4a4a; } details { margin: .25rem 0 1rem; } summary { cursor: pointer; }
""".strip()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html_page(outcome: Outcome, language: str = "en") -> str:
    """Return the page in "en" or "zh"; each question stands in the other language, too."""
    return _Page(outcome, language).whole()


def ledger(measured: Measured) -> list[tuple[str, int, int]]:
    """Return (section, bytes in float, bytes delivered), the largest first; the columns add up to the two files."""
    names = {**measured.float_sections, **measured.sections}
    rows = [(name, measured.float_sections.get(name, 0), measured.sections.get(name, 0)) for name in names]
    return sorted((row for row in rows if row[1] or row[2]), key=lambda row: (-max(row[1:]), row[0]))


class _Page:
    def __init__(self, outcome: Outcome, language: str) -> None:
        self.found, self.language = outcome, language

    def say(self, en: str, zh: str) -> str:
        return escape(Say(en, zh).to(self.language))

    def told(self, say: Say) -> str:
        return escape(readable(say.to(self.language)))

    def whole(self) -> str:
        name = escape(readable(self.found.learner))
        title = self.say("Capstone", "结业项目") + (f" · {name}" if name else "")
        parts = [f"<h1>{title}</h1>", *self.summary()]
        for number, done in enumerate(self.found.done, 1):
            parts += self.order(number, done)
        parts += [*self.asked(), *self.where()]
        tag = "zh-CN" if self.language == "zh" else "en"
        return (
            f'<!DOCTYPE html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
            + "\n".join(parts)
            + "\n</main>\n</body>\n</html>\n"
        )

    def summary(self) -> Iterable[str]:
        good = sum(each.accepted for each in self.found.done)
        yield "<p><strong>" + self.say(
            f"{good} of {len(self.found.done)} orders accepted.", f"{len(self.found.done)} 单中有 {good} 单通过。"
        ) + "</strong> " + self.say(
            "The task: one function that is given a float model, data and a budget, and returns a .tflite file with "
            "its contract and its scorecard. The test images and the second model are not handed out with it.",
            "任务：写一个函数，输入浮点模型、数据和预算，返回 .tflite 文件及其契约和记分卡。"
            "测试图像和第二个模型不随题发放。",
        ) + "</p>"  # fmt: skip
        heads = [self.say("Order", "单"), self.say("Verdict", "结论"), self.say("Not met", "没有达到的")]
        rows = []
        for number, done in enumerate(self.found.done, 1):
            open_ = [
                f"{self.told(d.title)} ({self.told(WORDS[d.verdict])})" for d in done.demands if d.verdict != "met"
            ]
            cells = [self.word(done.verdict), ", ".join(open_) or (self.told(done.fault) if done.fault else "–")]
            rows.append((f"{number}. {self.told(done.order.title)}", cells))
        yield self.table(self.say("Verdict of each order", "每一单的结论"), heads, rows)
        yield '<p class="faint">' + self.say(
            "Accuracy and latency: missed when the whole 95 % interval lies beyond the bound, met when all of it lies "
            "within, otherwise not shown, which is accepted and said.",
            "精度和延迟：整个 95% 区间都在界外为未达到，都在界内为达到，否则为未能证明：算通过，但要写明。",
        ) + "</p>"  # fmt: skip

    def order(self, number: int, done: Done) -> Iterable[str]:
        yield f"<h2>{number}. {self.told(done.order.title)}</h2>"
        yield f"<p>{self.say('Asked: ', '要求：')}{self.told(in_words(done.order.budget))}{self.say('.', '。')}</p>"
        if done.fault is not None:
            yield f'<p><span class="word">{self.word("missed")}</span>: {self.told(done.fault)}</p>'
        if done.delivery is None or done.measured is None:
            return
        card, measured = done.delivery.scorecard, done.measured
        yield f"<p>{self.say('Delivered: ', '交付：')}{escape(readable(card.method)) or '–'}</p>"
        heads = [
            self.say("Demand", "要求"),
            self.say("Verdict", "结论"),
            self.say("Asked", "要求内容"),
            self.say("Measured", "测得"),
        ]
        rows = [
            (self.told(d.title), [self.word(d.verdict), self.told(d.asked), self.told(d.found)]) for d in done.demands
        ]
        yield self.table(self.say("What was asked and what was measured", "要求与测量"), heads, rows)
        yield figure(done, measured, self.language, number)
        yield from self.details(self.say("Every byte of both files", "两个文件的每个字节"), self.bytes(measured))
        yield from self.details(
            self.say("The scorecard, as build wrote it", "build 写下的记分卡"), self.scorecard(card)
        )

    def bytes(self, measured: Measured) -> str:
        heads = [self.say("Section", "部分"), self.say("float", "浮点"), self.say("delivered", "交付")]
        rows = [
            (f"{escape(name)} <span class='faint'>({escape(SECTIONS.get(name, ''))})</span>"
             if self.language == "en" else escape(name), [f"{before:,}", f"{after:,}"])
            for name, before, after in ledger(measured)
        ]  # fmt: skip
        rows.append((self.say("whole file", "整个文件"), [f"{measured.float_bytes:,}", f"{measured.raw_bytes:,}"]))
        return self.table(self.say("Size ledger in bytes", "体积账本（字节）"), heads, rows, numbers=(1, 2))

    def scorecard(self, card: Scorecard) -> str:
        heads = [
            self.say("File", "文件"),
            self.say("bytes", "字节"),
            self.say("accuracy, validation", "验证集精度"),
            self.say("time / float", "耗时 / 浮点"),
        ]
        delivered = self.say("delivered", "交付")
        rows = [(delivered, [f"{card.raw_bytes:,}", f"{100 * card.accuracy:.2f} %", f"{card.latency_ratio:.2f}"])]
        rows += [
            (escape(readable(t.name)), [f"{t.raw_bytes:,}", f"{100 * t.accuracy:.2f} %", f"{t.latency_ratio:.2f}"])
            for t in card.tried
        ]
        caption = self.say(
            "Said by the candidate's code. The first row was checked, the others were not.",
            "出自候选人的代码。第一行经过核对，其余没有。",
        )
        return self.table(caption, heads, rows, numbers=(1, 2, 3))

    def asked(self) -> Iterable[str]:
        found = questions(self.found)
        if not found:
            return
        yield f"<h2>{self.say('Five questions about these numbers', '关于这些数字的五个问题')}</h2>"
        other = "en" if self.language == "zh" else "zh"
        for number, question in enumerate(found, 1):
            yield f"<h3>{self.say(f'Question {number}', f'问题 {number}')}</h3>"
            yield f"<p>{self.told(question.ask)}</p>"
            yield from self.details(
                self.say(f"What a good answer to question {number} mentions", f"问题 {number} 的好答案会提到"),
                _points(question, self.language),
            )
            yield (
                f'<details lang="{"zh-CN" if other == "zh" else "en"}"><summary>'
                f"{escape(Say(f'Question {number} in English', f'问题 {number}（中文）').to(other))}</summary>"
                f"<p>{escape(readable(question.ask.to(other)))}</p>{_points(question, other)}</details>"
            )

    def where(self) -> Iterable[str]:
        yield f"<h2>{self.say('Measured where', '在哪里测的')}</h2><ul>"
        place = self.found.environment
        yield f"<li>{escape(str(place))}</li>"
        measured = next((each.measured for each in self.found.done if each.measured is not None), None)
        if measured is not None:
            loads, runs = measured.protocol.loads, measured.protocol.runs
            yield "<li>" + self.say(
                f"Time: file and float model in turn, {loads} loads of {runs} runs each, batch 1, one thread; a ratio "
                "of medians with its bootstrap interval. It holds for this machine.",
                f"耗时：文件与浮点模型交替运行，各加载 {loads} 次、每次 {runs} 次，batch 1，单线程；"
                "中位数之比及其 bootstrap 区间。只对这台机器成立。",
            ) + "</li>"  # fmt: skip
            yield "<li>" + self.say(
                f"Accuracy: {measured.images:,} test images of Fashion-MNIST, against the float model on the same ones "
                "(Tango's paired interval). They are public: whoever trained or chose on them gains here.",
                f"精度：Fashion-MNIST 的 {measured.images:,} 张测试图像，"
                "与浮点模型在同样的图像上成对比较（Tango 区间）。"
                "测试图像是公开的：拿它训练或挑选的人会占便宜。",
            ) + "</li>"  # fmt: skip
        how = self.say("The code ran contained: ", "代码在隔离中运行：")
        yield f"<li>{how}{self.told(self.found.containment)}</li>"
        yield "<li>" + self.say(
            f"{self.found.when}, course seed {self.found.seed}, {self.found.seconds:.0f} s.",
            f"{self.found.when}，课程种子 {self.found.seed}，用时 {self.found.seconds:.0f} 秒。",
        ) + "</li></ul>"  # fmt: skip
        notes = "".join(f"<li>{self.told(note)}</li>" for note in self.found.notes)
        if notes:
            yield f"<h3>{self.say('Cells that failed', '运行失败的单元格')}</h3><ul>{notes}</ul>"

    def word(self, verdict: Verdict) -> str:
        return f'<span class="word">{MARKS[verdict]} {self.told(WORDS[verdict])}</span>'

    def details(self, summary: str, inside: str) -> Iterable[str]:
        yield f"<details><summary>{summary}</summary>{inside}</details>"

    def table(
        self, caption: str, heads: list[str], rows: list[tuple[str, list[str]]], numbers: tuple[int, ...] = ()
    ) -> str:
        def kind(index: int) -> str:
            return ' class="n"' if index in numbers else ""

        head = "".join(f'<th scope="col"{kind(index)}>{each}</th>' for index, each in enumerate(heads))
        body = "".join(
            f'<tr><th scope="row">{name}</th>'
            + "".join(f"<td{kind(index)}>{cell}</td>" for index, cell in enumerate(cells, 1))
            + "</tr>"
            for name, cells in rows
        )
        # A table that scrolls has to be reachable with the keyboard.
        return (
            f'<div class="wide" tabindex="0" role="group" aria-label="{caption}"><table><caption>{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def _points(question: Question, language: str) -> str:
    return "<ul>" + "".join(f"<li>{escape(readable(each.to(language)))}</li>" for each in question.points) + "</ul>"
