"""The console in headless Chromium: live, on a phone, dark and light; its API's other ends too."""

import base64
import json
import os
import pathlib
import re
import shutil
from urllib.parse import urlsplit

import pytest
import requests
from clients import DAG, DEAD_LETTERS, TOPIC, answer, launch, end, produce, stored, succeed, until
from conftest import start_stack

webdriver = pytest.importorskip("selenium.webdriver")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
# Screenshots are kept here when it is set, to be looked at.
SHOTS = os.environ.get("MILLRACE_TEST_SHOTS")
STAGES = ["fetched", "landed", "streamed", "processed", "stored"]
# WCAG 2.2, 1.4.3: text of ordinary size.
CONTRAST_MIN = 4.5

pytestmark = pytest.mark.skipif(not BROWSER or not DRIVER, reason="no Chromium and chromedriver here")


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    started = start_stack(data=tmp_path_factory.mktemp("console") / "data")
    yield started
    if started.process.poll() is None:
        assert started.stop() == 0


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("--headless=new", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-gpu"):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(live, browser):
    """The page, connected, at a desk's width in light colours."""
    look(browser, 1280, 900, "light")
    browser.get(live.console + "/")
    until(lambda: text(browser, "#link") == "live", "the page is connected")
    return browser


def look(browser, width: int, height: int, scheme: str):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})


def shot(browser, name: str):
    if not SHOTS:
        return
    full = browser.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": full[0], "height": full[1], "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    pathlib.Path(SHOTS).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(SHOTS) / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))


def text(browser, selector: str) -> str:
    return browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector).strip()


def texts(browser, selector: str) -> list:
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())", selector)


def counts(browser) -> dict:
    return {stage: int(text(browser, f"#stage-{stage} .number").replace(",", "") or 0) for stage in STAGES}


def tasks(browser) -> dict:
    """State words in the graph, by task; the class that colours each must say the same."""
    found = browser.execute_script(
        "return [...document.querySelectorAll('svg.graph g[data-task]')]"
        ".map(g => [g.dataset.task, g.getAttribute('class'), g.querySelector('.state').textContent])")
    assert all(words.split(" ")[0] == state for _, state, words in found)
    return {task: state for task, state, _ in found}


CONTRASTS = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const colour = text => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  return .2126 * x + .7152 * y + .0722 * z;
};
const ground = node => {
  const box = node.closest("g[data-task]")?.querySelector("rect");
  if (box) return colour(getComputedStyle(box).fill);
  for (let at = node; at; at = at.parentElement) {
    const found = colour(getComputedStyle(at).backgroundColor);
    if (found[3] > 0) return found;
  }
  return [255, 255, 255, 255];
};
return [...document.querySelectorAll("header *, main *, footer *")]
  .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
  .filter(node => node.getClientRects().length && node.tagName.toLowerCase() !== "title")
  .map(node => {
    const style = getComputedStyle(node);
    const one = light(colour(node instanceof SVGElement ? style.fill : style.color)), other = light(ground(node));
    return [node.textContent.trim().slice(0, 40), (Math.max(one, other) + .05) / (Math.min(one, other) + .05)];
  });
"""


def test_counts_rise_while_a_run_goes_on(live, page):
    before = counts(page)
    watched, seen = [], []
    process = launch("dags", "trigger", DAG, "--conf", '{"users": 3000}', "--wait", "--data", live.data)

    def done():
        now = counts(page)
        watched.append(tuple(now.values()))
        seen.append(tasks(page).get("fetch_users"))
        return now["stored"] >= before["stored"] + 3000

    try:
        until(done, "3,000 more people are shown as stored")
    finally:
        code, output, errors = end(process)
    assert code == 0, output + errors
    until(lambda: set(tasks(page).values()) == {"success", "skipped"}, "the graph shows how the run ended")
    assert tasks(page)["land_unknown"] == "skipped"
    assert counts(page) == {stage: before[stage] + 3000 for stage in STAGES}
    assert len(set(watched)) > 2, f"it is not live: {watched}"
    assert "running" in seen
    assert text(page, "#run-title .badge") == "success"
    until(lambda: all(rate == "0 / s" for rate in texts(page, ".stage .rate")), "rates fall to nothing")
    assert "p50" in text(page, "#stage-stored") and "0 waiting" in text(page, "#stage-landed")
    shot(page, "desk-light")


def test_states_have_colours_of_their_own(page):
    colours = page.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('svg.graph g[data-task]')]"
        ".map(g => [g.dataset.task, getComputedStyle(g.querySelector('rect')).stroke]))")
    assert colours["confirm"] == colours["publish"] != colours["land_unknown"]
    label = page.execute_script("return document.querySelector('svg.graph').getAttribute('aria-label')")
    assert "land_unknown: skipped" in label


def test_the_latest_people_are_shown_as_stored(live, page):
    until(lambda: set(texts(page, "#people td:last-child")) == {"stored"}, "all latest people are stored")
    shown = texts(page, "#people td[data-name='e-mail']")
    assert len(shown) == 10
    emails = {row.email for row in stored(live.cql).values()}
    assert set(shown) <= emails


def test_topics_queries_and_dead_letters(live, page):
    produce(live.kafka, TOPIC, "x", b"no JSON at all")
    until(lambda: "1 dead letter: " in text(page, "#exceptions"), "the dead letter is counted")
    # The engine looks at its topic each moment, so it may be a little later that all is told.
    until(lambda: texts(page, "#topics td[data-name='topic']").count(DEAD_LETTERS) == 1, "the topic is listed")
    until(lambda: texts(page, "#topics td[data-name='lag']").count("0") == 1, "the lag is shown")
    assert texts(page, "#queries .badge") == ["running"]


def test_a_phone_needs_no_scrolling_sideways(page):
    for scheme in ("light", "dark"):
        look(page, 390, 844, scheme)
        until(lambda: page.execute_script("return innerWidth") == 390, "the page is narrow")

        def is_narrow():
            return page.execute_script(
                "return document.documentElement.scrollWidth <= 390"
                " && [...document.querySelectorAll('main .scroll')].every(box => box.scrollWidth <= box.clientWidth)")

        until(is_narrow, "nothing is wider than the phone")
        shot(page, f"phone-{scheme}")
    assert page.execute_script("return parseFloat(getComputedStyle(document.querySelector('#people td')).fontSize)") >= 13


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_texts_can_be_read(page, scheme, width):
    look(page, width, 900, scheme)
    until(lambda: page.execute_script(
        "return matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark"), scheme)
    found = page.execute_script(CONTRASTS)
    assert len(found) > 30
    # States that a good run never shows.
    states = ["queued", "scheduled", "running", "failed", "upstream_failed", "up_for_retry", "removed",
              "retrying", "starting", "stopping", "stopped", "none"]
    page.execute_script(
        "for (const state of arguments[0]) { const made = document.createElement('span');"
        " made.className = 'badge ' + state; made.textContent = state;"
        " document.querySelector('#run').append(made); }", states)
    page.execute_script(
        "for (const one of ['live', 'wait', 'lost']) { const made = document.querySelector('#link').cloneNode(true);"
        " made.dataset.state = one; document.querySelector('header').append(made); }")
    found = page.execute_script(CONTRASTS)
    assert set(states) <= {words for words, _ in found}
    poor = [(words, round(ratio, 2)) for words, ratio in found if ratio < CONTRAST_MIN]
    assert not poor, f"hard to read: {poor}"
    grounds = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", grounds)[:3])) < 200) == (scheme == "dark")
    if width == 1280:
        shot(page, f"desk-{scheme}-again")


def test_nothing_comes_from_elsewhere_and_nothing_is_wrong(live, page):
    own = urlsplit(live.console).netloc
    hosts = set()
    for entry in page.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = urlsplit(message["params"]["request"]["url"])
            if url.scheme != "data":
                hosts.add(url.netloc)
    assert hosts == {own}
    wrong = [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert wrong == []
    policy = requests.get(live.console + "/", timeout=10).headers["content-security-policy"]
    assert "default-src 'none'" in policy


SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (\S+)$')


def test_metrics_are_prometheus_text(live):
    response = requests.get(live.console + "/metrics", timeout=10)
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert response.text.endswith("\n")
    types, helped, values = {}, set(), {}
    for line in response.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types and kind in ("counter", "gauge", "summary", "histogram")
            types[name] = kind
        elif line.startswith("# HELP "):
            helped.add(line.split(" ")[2])
        else:
            match = SAMPLE.match(line)
            assert match, line
            name = match[1]
            base = re.sub(r"_(count|sum)$", "", name) if name not in types else name
            assert base in types and base in helped, line
            key = (name, match[2] or "")
            assert key not in values, f"twice: {line}"
            values[key] = float(match[3])
            assert types[base] != "counter" or base.endswith("_total")
    progress = answer("status", "--data", live.data)["progress"]["stages"]
    for stage in STAGES:
        assert values[("millrace_people_total", f'stage="{stage}"')] == progress[stage]["count"]
    assert 0 < values[("millrace_latency_seconds", 'stage="stored",quantile="0.5"')] < 60


def test_health(live):
    response = requests.get(live.console + "/health", timeout=10)
    assert response.status_code == 200
    assert response.json()["status"] == "healthy"
    assert set(response.json()["stages"].values()) == {"healthy"}


def test_wrong_calls_are_refused_in_json(live):
    for method, path, body, status in [
        ("get", "/api/queries/nope", None, 404), ("get", "/api/dlq/0/abc", None, 404),
        ("get", "/api/dlq?topic=nope", None, 404), ("post", f"/api/queries/{TOPIC}/restart", b"{", 400),
        ("post", f"/api/queries/{TOPIC}/restart", b'{"from":"middle"}', 400), ("get", "/nope", None, 404),
    ]:
        response = requests.request(method, live.console + path, data=body, timeout=10)
        assert response.status_code == status, path
        if path != "/nope":
            assert response.json()["detail"], path


def test_a_lost_connection_is_shown_and_found_again(live, page):
    port = urlsplit(live.console).port
    assert live.stop() == 0, "an open page must not keep the stack up"
    until(lambda: "lost" in text(page, "#link"), "the page says that nobody answers")
    assert page.execute_script("return document.querySelector('main').classList.contains('old')")
    shot(page, "lost")
    again = start_stack("--console", f"embedded:?port={port}", data=live.data)
    try:
        until(lambda: text(page, "#link") == "live", "the page is connected again")
        assert not page.execute_script("return document.querySelector('main').classList.contains('old')")
        until(lambda: counts(page)["stored"] == 0, "counts start anew with the stack")
        succeed("run", "--users", 3, "--data", live.data)
        until(lambda: counts(page)["stored"] == 3, "it is live again")
    finally:
        assert again.stop() == 0
