"""A sweep as one self-contained, accessible HTML page: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from html import escape

from course_lib.automation.sweep import Sweep
from course_lib.automation.trial import Trial
from course_lib.core import Environment
from course_lib.language import Say

WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 720, 380, 70, 50, 20
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; } figcaption { color: #4a4a4a; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: #4a4a4a; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #d9d9d9; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.chosen { background: #e8f1fb; font-weight: 600; }
code { overflow-wrap: anywhere; }
""".strip()


def html_page(found: Sweep, name: str, data: str, chosen: Trial | None, wish: str, language: str = "en") -> str:
    """Return the page.

    Args:
        name, data: of the model and of what it was measured on.
        chosen: the trial that ``wish``, the bounds in words, selects; None when there were none, or nothing fits.
        language: "en" or "zh".
    """

    def say(en: str, zh: str) -> str:
        return escape(Say(en, zh).to(language))

    title = say(f"Compressing {name}", f"压缩 {name}")
    if chosen is not None:
        verdict = say(
            f"{wish}: {chosen.name}, {chosen.raw_bytes:,} bytes, {100 * chosen.accuracy:.2f} %.",
            f"{wish}：{chosen.name}，{chosen.raw_bytes:,} 字节，{100 * chosen.accuracy:.2f}%。",
        )
    else:
        verdict = escape(wish)
    front = found.front()
    images = found.trials[0].images if found.trials else 0
    caption = say(
        f"Accuracy on {images:,} validation samples of {data}. Filled: on the front, nothing is better in both.",
        f"在 {data} 的 {images:,} 个验证样本上的准确率。实心点位于前沿：没有其他结果在两方面都更好。",
    )
    heads = (
        ("Recipe", "配方", ""),
        ("Bytes", "字节", "n"),
        ("gzip", "gzip", "n"),
        ("Accuracy %", "准确率 %", "n"),
        ("95 % interval", "95% 置信区间", "n"),
        ("Front", "前沿", ""),
        ("Configuration", "配置", ""),
    )
    head = "".join(f'<th scope="col"{_class(kind)}>{say(en, zh)}</th>' for en, zh, kind in heads)
    body = "".join(_row(trial, trial in front, trial is chosen, language) for trial in found.trials)
    failed = "".join(
        f"<li><strong>{escape(recipe)}</strong>: {escape(why)}</li>" for recipe, why in sorted(found.failures.items())
    )
    failures = f"<h2>{say('Not possible', '无法完成')}</h2><ul>{failed}</ul>" if failed else ""
    note = say(
        "Accuracies are of validation samples: the choice was made on them, so report the chosen one on others. "
        "Latency is not in here: measure it on the device.",
        "准确率来自验证样本：选择就是在其上做出的，所以报告时应换另一批样本。这里没有延迟：请在目标设备上测量。",
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n<p><strong>{verdict}</strong></p>\n"
        f"<figure>{_chart(found.trials, front, chosen, language)}<figcaption>{caption}</figcaption></figure>\n"
        f'<div class="wide" tabindex="0" role="region" aria-label="{say("All results", "全部结果")}"><table>'
        f"<caption>{say('All results, in the order of the recipes', '全部结果，按配方顺序')}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>\n{failures}\n"
        f"<p>{note}</p>\n<p>{escape(str(Environment.here()))}</p>\n</main>\n</body>\n</html>\n"
    )


def _row(trial: Trial, on_front: bool, chosen: bool, language: str) -> str:
    interval = f"{100 * trial.interval.low:.2f} - {100 * trial.interval.high:.2f}"
    mark = Say("chosen", "选中").to(language) if chosen else Say("yes", "是").to(language) if on_front else ""
    cells = [
        f'<th scope="row">{escape(trial.name)}</th>',
        f'<td class="n">{trial.raw_bytes:,}</td>',
        f'<td class="n">{trial.gzip_bytes:,}</td>',
        f'<td class="n">{100 * trial.accuracy:.2f}</td>',
        f'<td class="n">{interval}</td>',
        f"<td>{mark}</td>",
        f"<td><code>{escape(trial.recipe)}</code></td>",
    ]
    return f"<tr{_class('chosen' if chosen else '')}>{''.join(cells)}</tr>"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _chart(trials: tuple[Trial, ...], front: tuple[Trial, ...], chosen: Trial | None, language: str) -> str:
    """Return the scatter of accuracy over bytes, from 0 bytes on; the table has every number of it."""
    if not trials:
        return ""
    widest = max(trial.raw_bytes for trial in trials) * 1.05
    least, most = min(trial.accuracy for trial in trials), max(trial.accuracy for trial in trials)
    pad = max(0.1 * (most - least), 0.005)
    low, high = max(0.0, least - pad), min(1.0, most + pad)

    def x(size: float) -> float:
        return LEFT + (WIDTH - LEFT - EDGE) * size / widest

    def y(accuracy: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - EDGE) * (accuracy - low) / (high - low)

    parts = []
    for step in range(5):
        size, accuracy = widest * step / 4, low + (high - low) * step / 4
        parts.append(
            f'<text x="{x(size):.0f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size / 1000:,.0f}</text>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{y(accuracy) + 4:.0f}" text-anchor="end">{100 * accuracy:.1f}</text>')
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - EDGE}" y1="{y(accuracy):.1f}" y2="{y(accuracy):.1f}" stroke="#d9d9d9"/>'
        )
    path = " ".join(f"{x(trial.raw_bytes):.1f},{y(trial.accuracy):.1f}" for trial in front)
    parts.append(f'<polyline points="{path}" fill="none" stroke="#0b62a4" stroke-width="1.5"/>')
    for trial in trials:
        fill = "#0b62a4" if trial in front else "#fff"
        radius = 8 if trial is chosen else 5
        label = f"{trial.name}: {trial.raw_bytes:,} B, {100 * trial.accuracy:.2f} %"
        parts.append(
            f'<circle cx="{x(trial.raw_bytes):.1f}" cy="{y(trial.accuracy):.1f}" r="{radius}" fill="{fill}" '
            f'stroke="#0b62a4" stroke-width="1.5"><title>{escape(label)}</title></circle>'
        )
    across, up = Say("size in kB", "大小（kB）").to(language), Say("accuracy in %", "准确率（%）").to(language)
    parts.append(f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{across}</text>')
    middle = (HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="16" y="{middle:.0f}" text-anchor="middle" transform="rotate(-90 16 {middle:.0f})">{up}</text>'
    )
    listed = "; ".join(f"{trial.name} {trial.raw_bytes:,} B {100 * trial.accuracy:.2f} %" for trial in front)
    alt = Say(f"Accuracy over file size. The front: {listed}", f"准确率与文件大小。前沿：{listed}").to(language)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(alt)}" font-size="13" fill="#1a1a1a">'
        + "".join(parts)
        + "</svg>"
    )
