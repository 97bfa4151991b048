"""The text report, the HTML page, the command and the difference of two graphs."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as tfl

from course_lib.inspection import ModelError, byte_map, graph_diff, inspect
from course_lib.inspection.command import inspect_command
from course_lib.inspection.render_html import html_page
from course_lib.inspection.render_text import text_report
from course_lib.inspection.sections import SECTIONS
from course_lib.inspection.words import _WORDS, section_meaning
from tests import inspection_models as models

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def nasty():
    """A model whose names try to break out of a page and of a terminal."""
    model = tfl.ModelT.InitFromPackedBuf(models.dense(), 0)
    model.subgraphs[0].tensors[0].name = "<script>alert(1)</script>"
    model.subgraphs[0].tensors[1].name = "[red]w\x1b[31m\u202e</svg>"
    return inspect(models.finish(model))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", models.FILES)
def test_the_report_says_what_the_anatomy_says(name, language):
    anatomy = inspect(models.content(name))
    text = text_report(anatomy, name=name, language=language, width=140)
    for section, size in anatomy.sections.items():
        assert not size or re.search(rf"{section} +{size:,} ", text), section
    for operator in anatomy.ops:
        assert operator in text
    assert f"{anatomy.macs:,}" in text
    assert anatomy.scheme in text
    assert bool(CHINESE.search(text)) == (language == "zh")


def test_every_word_is_in_both_languages():
    for key, (english, chinese) in _WORDS.items():
        assert set(re.findall(r"{(\w+)", english)) == set(re.findall(r"{(\w+)", chinese)), key
        assert not CHINESE.search(english), key
    for section in SECTIONS:
        assert CHINESE.search(section_meaning(section, "zh"))


def test_names_cannot_move_the_cursor():
    text = text_report(nasty())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]w?[31m?</svg>" in text


class Page(HTMLParser):
    """Collects tags, their attributes and the text, and checks that tags nest."""

    VOID = frozenset({"meta"})

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", models.FILES)
def test_the_page_is_self_contained_and_accessible(name, language):
    anatomy = inspect(models.content(name))
    page = Page(html_page(anatomy, name=f"{name}.tflite", language=language))
    names = [tag for tag, _ in page.tags]
    attributes = [pair for _, pairs in page.tags for pair in pairs.items()]
    assert not {"script", "img", "link", "iframe", "object"} & set(names)
    assert not [key for key, _ in attributes if key in {"src", "href"} or key.startswith("on")]
    assert page.tags[0] == ("html", {"lang": "zh-CN" if language == "zh" else "en"})
    assert names.count("h1") == names.count("main") == 1
    identifiers = [value for key, value in attributes if key == "id"]
    assert len(identifiers) == len(set(identifiers))
    pictures = [pairs for tag, pairs in page.tags if tag == "svg"]
    assert pictures
    for picture in pictures:
        assert picture["role"] == "img"
        assert set(picture["aria-labelledby"].split()) <= set(identifiers)
    assert all(pairs.get("scope") for tag, pairs in page.tags if tag == "th")
    for section, size in anatomy.sections.items():
        assert not size or f"{size:,}" in page.text, section


def test_the_page_escapes_what_the_file_says():
    page = html_page(nasty(), name="<b>&")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "</svg></" not in page.replace("</svg><figcaption>", "")
    Page(page)


@pytest.mark.parametrize("name", models.FILES)
def test_the_map_shows_the_file_in_order(name):
    anatomy = inspect(models.content(name))
    cells, cell_bytes = byte_map.sections_in_order(anatomy)
    assert len(cells) == -(-anatomy.file_bytes // cell_bytes) <= 1920
    assert cells[0] == "header"
    for claim in anatomy.ranges:
        first, last = -(-claim.start // cell_bytes), claim.stop // cell_bytes
        assert all(cell == claim.section for cell in cells[first:last])
    assert set(byte_map.COLOURS) == set(SECTIONS)
    assert len(set(byte_map.COLOURS.values())) == len(SECTIONS)


def test_the_page_passes_an_accessibility_check(tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        reason = "no Chromium here: install it, for example with `apt-get install chromium`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extras: `make setup`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, language in (("float32", "en"), ("float_island", "zh")):
            path = tmp_path / f"{name}.html"
            inspect_command(models.FILES[name], html=path, language=language)
            tab = browser.new_page()
            tab.goto(path.as_uri())
            found = axe.Axe().run(tab)
            assert found.violations_count == 0, found.generate_report()
        browser.close()


def test_the_command_prints_a_report_json_or_a_page(tmp_path, capsys):
    inspect_command(models.FILES["int8"])
    assert "inspection_int8.tflite" in capsys.readouterr().out
    inspect_command(models.FILES["int8"], json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["scheme"] == "int8"
    assert sum(told["sections"].values()) == told["file_bytes"] == models.FILES["int8"].stat().st_size
    inspect_command(models.FILES["int8"], html=tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_command_names_the_file_that_is_wrong(tmp_path):
    path = tmp_path / "broken.tflite"
    path.write_bytes(models.content("int8")[:3000])
    with pytest.raises(ModelError, match=r"broken\.tflite: .*truncated"):
        inspect_command(path)
    with pytest.raises(OSError, match="absent"):
        inspect_command(tmp_path / "absent.tflite")


def test_quantization_shows_as_a_difference():
    before, after = models.content("float32"), models.content("float16")
    diff = graph_diff(before, after)
    assert diff.added == {"DEQUANTIZE": 7}
    assert diff.removed == {}
    assert diff.retyped["float16"] == (0, 7)
    back = graph_diff(after, before)
    assert (back.removed, back.added) == (diff.added, diff.removed)
    assert {dtype: pair[::-1] for dtype, pair in back.retyped.items()} == diff.retyped
    assert not graph_diff(before, inspect(before))
    assert diff


def test_inspecting_loads_neither_tensorflow_nor_the_runtime():
    code = (
        "import sys; from pathlib import Path; from course_lib.inspection import inspect\n"
        f"inspect(Path({str(models.FILES['int8'])!r}).read_bytes()).to_json()\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('tensorflow', 'ai_edge_litert', 'keras')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert run.stdout.strip() == "[]"
