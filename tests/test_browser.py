"""The course as a learner meets it: JupyterLab in a real browser, on a copy, so that nobody's workbook is touched."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
LESSON, EXERCISE = "notebooks/04_quantize_with_the_tools.ipynb", "workbook/04_quantize_with_the_tools.ipynb"
TOPIC = ROOT / "topics/04_quantize_with_the_tools"
MINUTE = 60_000

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no Chromium here: apt install chromium (or put Chrome on the PATH) to run the course in a browser",
    ),
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve a copy of the course with JupyterLab and yield its address."""
    root = tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "exercises", "topics"):
        shutil.copytree(ROOT / folder, root / folder)
    environment = os.environ | {
        "COURSE_ROOT": str(root),
        "COURSE_HOME": str(root / "home"),
        "COURSE_LANG": "en",
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
    }
    environment.pop("COURSE_STRICT", None)
    subprocess.run([sys.executable, "-m", "course_lib.start_page"], env=environment, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", "--log-level=ERROR"),
        *(f"--ServerApp.root_dir={root}", f"--port={port}", "--port-retries=0", "--IdentityProvider.token="),
    ]
    server = subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port, server):
    for _ in range(300):
        assert server.poll() is None, f"JupyterLab ended with {server.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start within a minute")


@pytest.fixture
def page():
    """A page of a fresh headless browser that may talk to nobody but this machine."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "CI must have Chromium: apt install chromium"
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=switches)
        page = browser.new_page(viewport={"width": 1400, "height": 1600})
        abroad = []
        page.on("request", lambda request: None if "127.0.0.1" in request.url or request.url.startswith(
            ("data:", "blob:")) else abroad.append(request.url))  # fmt: skip
        yield page
        browser.close()
    assert abroad == [], f"the course must work offline, but it asked for {abroad}"


def open_file(page, address, path):
    """Open a file in a fresh JupyterLab workspace with nothing but the document in view."""
    page.goto(f"{address}/lab/workspaces/{abs(hash(path))}/tree/{path}?reset")
    page.locator(".jp-NotebookPanel, .jp-MarkdownViewer, .jp-FileEditor").first.wait_for(timeout=MINUTE)


def run_all(page):
    """Run all cells: wait until the kernel has taken them, then until none is left."""
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=MINUTE)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=MINUTE)
    # The indicator is idle before there is a kernel, too; running then asks which kernel to take.
    page.get_by_text(re.compile(r"\| Idle")).first.wait_for(timeout=MINUTE)
    prompts = "[...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')].map(p => p.textContent).join()"
    before = page.evaluate(prompts)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(f"before => {prompts} !== before", arg=before, timeout=MINUTE)
    page.wait_for_function(f"!{prompts}.includes('*')", timeout=4 * MINUTE)


def violations(page, within):
    """Return what axe finds wrong inside our own content (JupyterLab's frame is not ours to mend)."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context={"include": [[within]]}, options={"runOnly": ["wcag2a", "wcag2aa"]})
    return [
        (each["id"], each["help"], [node["html"][:200] for node in each["nodes"]])
        for each in found.response["violations"]
    ]


def answer(page, text):
    """Replace the body of the cell that defines choose_qparams, run it and the check below it; return the verdict."""
    cell = page.locator(".jp-CodeCell", has_text="def choose_qparams").first
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Shift+Enter")
    check = page.locator(".jp-CodeCell", has_text='check("4A")').first
    before = check.locator(".jp-InputPrompt").inner_text()
    check.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        """([cell, before]) => { const now = cell.querySelector('.jp-InputPrompt').textContent;
                                 return now !== before && /\\[\\d+\\]/.test(now); }""",
        arg=[check.element_handle(), before],
        timeout=MINUTE,
    )
    return check.locator(".jp-OutputArea").inner_text()


def test_the_start_page_lists_thirty_topics_and_leads_to_the_lesson(page, address):
    open_file(page, address, "workbook/START.md")
    rendered = page.locator(".jp-RenderedMarkdown").first
    rendered.wait_for(timeout=MINUTE)
    rows = rendered.locator("table tr")
    rows.first.wait_for(timeout=MINUTE)
    numbers = re.findall(r"^\s*(\d\d)\b", rendered.inner_text(), re.M)
    assert sorted(set(numbers)) == [f"{number:02d}" for number in range(1, 31)]
    assert violations(page, ".jp-RenderedMarkdown") == []
    rendered.locator("a[href*='04_quantize']").first.click()
    page.locator(".jp-NotebookPanel").first.wait_for(timeout=MINUTE)


def test_a_lesson_runs_and_moving_its_widget_changes_the_figure(page, address):
    open_file(page, address, LESSON)
    run_all(page)
    text = page.locator(".jp-Notebook").first.inner_text()
    assert "Traceback" not in text
    panel = page.locator(".jp-OutputArea-output .widget-vbox", has=page.locator("img")).first
    panel.scroll_into_view_if_needed()
    before = panel.locator("img").first.get_attribute("src")
    panel.locator("select").nth(1).select_option("forgot / 255")
    page.wait_for_function(
        "([image, before]) => image.isConnected === false || image.src !== before",
        arg=[panel.locator("img").first.element_handle(), before],
        timeout=MINUTE,
    )
    after = panel.locator("img").first.get_attribute("src")
    assert before.startswith("data:image/png")
    assert after != before
    assert violations(page, ".jp-Notebook .jp-OutputArea") == []


def test_a_wrong_answer_is_told_its_misconception_and_a_right_one_passes(page, address):
    wrong = tomllib.loads((TOPIC / "wrong.toml").read_text(encoding="utf-8"))["A"][0]
    source = (TOPIC / "exercise.py").read_text(encoding="utf-8")
    right = re.search(r"def choose_qparams.*?(?=\n\n\n# %%)", source, re.S)[0]
    right = re.sub(r"\s*# (BEGIN|END) SOLUTION", "", right)
    open_file(page, address, EXERCISE)
    run_all(page)
    first = page.locator(".jp-CodeCell", has_text='check("4A")').first.locator(".jp-OutputArea").inner_text()
    assert "0 of 10" in first

    verdict = answer(page, wrong["code"].strip())
    assert wrong["en"] in verdict
    assert "not passed" in verdict
    assert violations(page, ".jp-Notebook .jp-OutputArea") == []

    verdict = answer(page, right)
    assert "10 of 10" in verdict
    assert "not passed" not in verdict


INTERVIEW = "workbook/00_interview.ipynb"


def press(page, name):
    """Reach a button with the keyboard and press it."""
    button = page.get_by_role("button", name=name, exact=True)
    button.wait_for(timeout=MINUTE)
    button.focus()
    page.keyboard.press("Enter")


def screen(page):
    return page.locator(".course-interview").first


def test_a_mock_interview_on_the_page_with_the_keyboard_in_both_languages(page, address):
    open_file(page, address, INTERVIEW)
    run_all(page)
    page.get_by_label("Minutes", exact=True).fill("10")
    page.get_by_label("Seed", exact=True).fill("4")
    page.keyboard.press("Tab")
    assert violations(page, ".jp-Notebook .jp-OutputArea") == []
    press(page, "Begin")
    page.get_by_text("1 of ").first.wait_for(timeout=MINUTE)
    press(page, "Start the 60 seconds")
    page.get_by_text(re.compile(r"5\d seconds left")).first.wait_for(timeout=MINUTE)
    page.get_by_label("Language / 语言").select_option("中文")
    page.get_by_text("第 1/").first.wait_for(timeout=MINUTE)
    page.get_by_label("回答（可选，供课程阅读）").fill("我会先测量，再下结论。")
    page.keyboard.press("Tab")
    press(page, "我答完了")
    page.get_by_text("好的回答会说到：").first.wait_for(timeout=MINUTE)
    assert violations(page, ".jp-Notebook .jp-OutputArea") == []
    page.get_by_label("第 1 点：我说到了").focus()
    page.keyboard.press("Space")
    focused = page.evaluate("document.activeElement.type")
    assert focused == "checkbox"
    press(page, "下一步")
    page.get_by_text("第 2/").first.wait_for(timeout=MINUTE)
    page.get_by_label("Language / 语言").select_option("English")
    page.get_by_text("2 of ").first.wait_for(timeout=MINUTE)
    first, total = map(int, re.match(r"(\d+) of (\d+)", screen(page).inner_text()).groups())
    for number in range(first, total + 1):
        page.get_by_text(f"{number} of {total}").first.wait_for(timeout=MINUTE)
        if "Whiteboard" in screen(page).inner_text():
            press(page, "Have the file checked")
            page.get_by_text("not passed yet").first.wait_for(timeout=MINUTE)
            assert violations(page, ".jp-Notebook .jp-OutputArea") == []
            press(page, "Done, go on")
        else:
            press(page, "Pass over")
    page.get_by_text("What to redo, in order").first.wait_for(timeout=MINUTE)
    assert violations(page, ".jp-Notebook .jp-OutputArea") == []
    with page.expect_popup() as opened:
        screen(page).locator("a[href*='.ipynb#']").first.click()
    opened.value.locator(".jp-NotebookPanel .jp-Notebook").first.wait_for(timeout=MINUTE)
    assert "/notebooks/" in opened.value.url
    opened.value.close()
    press(page, "Write the report as a page")
    page.get_by_text("workbook/interview_").first.wait_for(timeout=MINUTE)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_of_an_interview_is_accessible(page, tmp_path, language):
    from tests.interviews import finished_report

    page.set_content(finished_report(tmp_path, language))
    assert violations(page, "body") == []
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
