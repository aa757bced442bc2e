"""The page that a person decides from, opened in a real browser where there is one: it fits, and it can be read.

The page forbids scripts, so a page around it looks at it through a frame: as wide as a telephone, and as a desk.
"""

import html
import json
import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from modelyard.evaluation.comparison import Scored, compare
from modelyard.evaluation.report import comparison_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROBE = """<!doctype html><meta charset="utf-8"><pre id="found"></pre>
<iframe id="narrow" style="width:360px;height:900px;border:0"></iframe>
<iframe id="wide" style="width:1200px;height:900px;border:0"></iframe>
<script>
const page = PAGE, found = {};
const light = c => { const v = c.map(x => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
  return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
const parts = text => text.match(/[\\d.]+/g).map(Number);
const paper = (view, one) => { for (let e = one; e; e = e.parentElement) {
  const c = parts(view.getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c.slice(0, 3); }
  return [255, 255, 255]; };
const contrast = (view, one) => { const style = view.getComputedStyle(one);
  const ink = light(parts(one instanceof view.SVGElement ? style.fill : style.color).slice(0, 3));
  const under = light(paper(view, one)), high = Math.max(ink, under), low = Math.min(ink, under);
  return (high + .05) / (low + .05); };
function look(frame) {
  const view = frame.contentWindow, doc = frame.contentDocument, root = doc.documentElement;
  const svgs = [...doc.querySelectorAll("svg")];
  const outside = svgs.flatMap(svg => { const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter(text => { const b = text.getBoundingClientRect();
      return b.left < box.left - 1 || b.right > box.right + 1 || b.top < box.top - 1 || b.bottom > box.bottom + 1;
    }).map(text => text.textContent); });
  const words = [...doc.querySelectorAll("h1,h2,p,li,td,th,dt,dd,strong,caption,figcaption,small,footer,svg text")]
    .filter(one => one.textContent.trim());
  return { heading: doc.querySelector("h1").textContent, overflow: root.scrollWidth - root.clientWidth,
    charts: svgs.filter(svg => svg.getBoundingClientRect().height > 50).length, outside,
    asked: view.performance.getEntriesByType("resource").length,
    faintest: words.map(one => [contrast(view, one), one.tagName + " " + one.textContent.slice(0, 40)])
      .sort((a, b) => a[0] - b[0])[0] };
}
let left = 2;
for (const frame of document.querySelectorAll("iframe")) {
  frame.onload = () => { found[frame.id] = look(frame);
    if (!--left) document.getElementById("found").textContent = JSON.stringify(found); };
  frame.srcdoc = page;
}
</script>"""


@pytest.fixture(scope="module")
def browser():
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on PATH: one of {', '.join(BROWSERS)}")
    return found


@pytest.fixture(scope="module")
def pages():
    """A comparison with everything on it, and a regression."""
    generator = np.random.default_rng(3)
    labels = (generator.random(2000) < 0.3).astype(float)
    shared = generator.normal(size=2000)
    new, old = (1 / (1 + np.exp(-(s * labels + shared + 0.4 * generator.normal(size=2000)))) for s in (1.5, 1.2))
    depot = generator.choice(["north", "south", "a very long name of a depot, as they come"], 2000).tolist()
    floor = SimpleNamespace(column="depot", metric="roc_auc", at_least=0.9, at_most=None, fewest=50)
    said = {
        "model": "parcel_delay",
        "test_rows": {"data_versions": {"CURATED/parcels": 3}, "start": "2013-06-01", "end": "2013-07-01"},
        "slices": {"depot": depot},
        "confidence": 0.95,
        "resamples": 300,
        "seed": 7,
    }

    def page(metric, labels, new, old, **more):
        rivals = (
            Scored(version=2 - place, scores=one, learned_until="2013-06-01") for place, one in enumerate((new, old))
        )
        found = compare(labels, *rivals, metric=metric, **said, **more)
        return comparison_page(found, labels, {"version 2": new, "version 1": old}, names=("on time", "late"))

    numbers = generator.normal(50, 10, 2000)
    return {
        "binary": page("roc_auc", labels, new, old, floors=[floor], use=2),
        "regression": page("rmse", numbers, numbers + shared, numbers - 2 * shared),
    }


@pytest.fixture
def seen(browser, pages, tmp_path):
    """Opens a page, and says what the frames around it saw."""

    def looked(name, scheme, spoil=str):
        probe = tmp_path / "probe.html"
        text = json.dumps(spoil(pages[name])).replace("</", "<\\/")
        probe.write_text(PROBE.replace("PAGE", text), encoding="utf-8")
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        flags += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=8000", "--dump-dom"]
        flags += [f"--user-data-dir={tmp_path / 'profile'}", f"--blink-settings=preferredColorScheme={scheme}"]
        ended = subprocess.run(
            [browser, *flags, probe.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, "HOME": str(tmp_path)},
        )
        found = re.search(r'<pre id="found">(.*?)</pre>', ended.stdout, re.DOTALL)
        return json.loads(html.unescape(found.group(1)))

    return looked


@pytest.mark.slow
@pytest.mark.parametrize(("name", "charts"), [("binary", 7), ("regression", 4)])
@pytest.mark.parametrize("scheme", [0, 1], ids=["dark", "light"])
def test_the_page_fits_a_telephone_and_a_desk_and_can_be_read_by_everybody(seen, name, charts, scheme):
    for frame in seen(name, scheme).values():
        assert frame["heading"] == "parcel_delay: version 2 against version 1"
        assert frame["overflow"] <= 0
        assert frame["charts"] == charts
        assert frame["outside"] == []
        assert frame["asked"] == 0
        assert frame["faintest"][0] >= 4.5, frame["faintest"]


@pytest.mark.slow
def test_a_page_that_is_faint_or_wide_or_asks_for_something_is_caught(seen):
    def spoil(page):
        page = page.replace("--soft:#52606d", "--soft:#b0b8c0").replace(".scroll{overflow-x:auto}", "")
        page = page.replace("default-src", "x-src").replace("<main>", '<main><img src="http://example.invalid/a.png">')
        return page.replace("decision line</text>", f"decision line{' and on' * 20}</text>")

    frame = seen("binary", 1, spoil)["narrow"]
    assert frame["faintest"][0] < 4.5
    assert frame["overflow"] > 0
    assert frame["asked"] == 1
    assert frame["outside"]
