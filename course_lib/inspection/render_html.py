"""The anatomy as one self-contained, accessible HTML page: no script, nothing loaded from elsewhere."""

from html import escape

from course_lib.inspection import summary
from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.byte_map import COLOURS, byte_map, live_bytes_chart
from course_lib.inspection.render_text import printable
from course_lib.inspection.words import word

_WEIGHTS = 40
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; margin: 0; }
dt { color: #4a4a4a; } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; } figcaption { color: #4a4a4a; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #d9d9d9; }
th { font-weight: 600; white-space: nowrap; } td { overflow-wrap: break-word; }
tbody th { white-space: normal; overflow-wrap: break-word; max-width: 28rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.key { display: inline-block; width: .8em; height: .8em; margin-right: .5em; border: 1px solid #1a1a1a; }
""".strip()


def html_page(anatomy: Anatomy, *, name: str = "", language: str = "en") -> str:
    """Return the page. ``name`` is its heading; ``language`` is "en" or "zh".

    Everything that comes out of the file is escaped, and the page's own policy forbids scripts and requests.
    """
    title = _text(name or word("anatomy", language))
    facts = "".join(f"<dt>{_text(key)}</dt><dd>{_text(value)}</dd>" for key, value in summary.facts(anatomy, language))
    live = live_bytes_chart(anatomy, language)
    body = [
        f"<h1>{title}</h1><dl>{facts}</dl>",
        _section("in order", language, _figure(byte_map(anatomy, language))),
        _table("where", summary.sections_table(anatomy, language), language, keyed=True),
        _table("contract", summary.contract_table(anatomy, language), language),
        _table("operators", summary.operators_table(anatomy, language), language),
        _section("live", language, _figure(live)) if live else "",
        _table("weights", summary.weights_table(anatomy, language, _WEIGHTS), language),
    ]
    said = summary.remarks(anatomy, language)
    if said:
        items = "".join(f"<li>{_text(sentence)}</li>" for sentence in said)
        body.append(_section("remarks", language, f"<ul>{items}</ul>"))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return escape(printable(text))


def _section(key: str, language: str, content: str) -> str:
    name = key.replace(" ", "-")
    return f'<h2 id="h-{name}">{word(key, language)}</h2>{content}'


def _figure(svg: str) -> str:
    caption = svg.partition("<desc")[2].partition(">")[2].partition("</desc>")[0]
    return f"<figure>{svg}<figcaption>{caption}</figcaption></figure>"


def _table(key: str, table: summary.Table, language: str, *, keyed: bool = False) -> str:
    if not table.rows:
        return ""
    kinds = [' class="n"' if index in table.numeric else "" for index in range(len(table.columns))]
    head = "".join(
        f'<th scope="col"{kind}>{_text(column)}</th>' if column else "<td></td>"
        for kind, column in zip(kinds, table.columns, strict=True)
    )
    rows = []
    for row in table.rows:
        first = f'<span class="key" style="background:{COLOURS[row[0]]}"></span>' if keyed else ""
        cells = "".join(f"<td{kind}>{_text(cell)}</td>" for kind, cell in zip(kinds[1:], row[1:], strict=True))
        rows.append(f'<tr><th scope="row">{first}{_text(row[0])}</th>{cells}</tr>')
    note = f"<p>{_text(table.note)}</p>" if table.note else ""
    more = f"<p>{word('more', language, n=table.left_out)}</p>" if table.left_out else ""
    return _section(
        key,
        language,
        f'<div class="wide" role="region" aria-labelledby="h-{key}" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}{more}",
    )
