"""The page that a person decides from, and its plots."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from modelyard.evaluation.page.chart import Axis
from modelyard.evaluation.plots import importance_plot, residual_plot, roc_plot
from modelyard.evaluation.report import comparison_page


class Page(HTMLParser):
    """Collects what a page shows and what it would load, and fails where a tag is not closed."""

    def __init__(self, text):
        super().__init__()
        self.sources, self.text, self.tags, self.ids, self.said_for = [], "", [], [], []
        self._open = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.sources += [found[name] for name in ("src", "href", "action", "background") if name in found]
        self.ids += [found["id"]] if "id" in found else []
        self.said_for += found.get("aria-labelledby", "").split()
        assert not any(name.startswith("on") for name in found)
        if tag != "meta":
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += f"{data}\n"

    @property
    def charts(self):
        return self.tags.count("svg")


@pytest.fixture
def shown(draw, judge):
    labels, better, worse = draw(1, gain=1.0)
    comparison = judge(labels, better, worse, slices={"depot": ["<north>"] * 400})
    scores = {"version 2": better, "version 1": worse}
    page = comparison_page(comparison, labels, scores, threshold=0.4, names=("on time", "<late>"))
    return comparison, page, Page(page)


def test_the_verdict_the_reasons_and_the_figures_are_on_it(shown):
    comparison, _, page = shown
    assert "The candidate wins" in page.text
    assert comparison.reasons[0] in page.text
    for said in ("resamples won", "difference", "CURATED/parcels version 3", "test rows", comparison.digest):
        assert said in page.text


@pytest.mark.parametrize(
    "title",
    [
        "Resampled differences",
        "ROC curve",
        "Precision and recall",
        "Calibration",
        "Scores of version 2",
        "Scores of version 1",
        "Confusion matrix",
        "Difference by slice",
    ],
)
def test_it_has_every_picture_that_a_decision_needs(shown, title):
    assert title in shown[2].text


def test_it_needs_nothing_from_outside_and_forbids_itself_to_ask(shown):
    _, text, page = shown
    assert page.sources == []
    assert not {"script", "link", "iframe", "img", "object"} & set(page.tags)
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?://", text)


def test_every_picture_says_what_it_shows_to_those_who_cannot_see_it(shown):
    _, _, page = shown
    assert page.charts >= 7
    assert page.tags.count("desc") == page.tags.count("title") - 1 == page.charts
    assert len(page.ids) == len(set(page.ids))
    assert set(page.said_for) <= set(page.ids)


def test_the_confusion_matrix_counts_at_the_declared_threshold(draw, shown):
    _, text, _ = shown
    labels, better, _ = draw(1, gain=1.0)
    hits = int(((better >= 0.4) & (labels == 1)).sum())
    assert f'<td class="hit">{hits}<small>' in text
    assert "from a score of 0.4 on it says &lt;late&gt;" in text


def test_values_from_the_data_are_text_and_never_markup(shown):
    _, text, page = shown
    assert "<north>" in page.text
    assert "<north>" not in text
    assert "<late>" not in text


def test_the_decision_line_moves_with_the_margin(draw, judge):
    labels, new, old = draw(1)
    pages = [comparison_page(judge(labels, new, old, margin=one), labels, {"v": new}) for one in (0.0, 0.02)]
    assert "may be worse by 0.02" in pages[1]
    lines = [re.search(r'class="rule decision" x1="([0-9.]+)"', page).group(1) for page in pages]
    assert lines[0] != lines[1]


def test_floors_and_slices_that_fail_are_marked(draw, judge):
    labels, new, old = draw(1)
    depot = ["north"] * 390 + ["south"] * 10
    floor = SimpleNamespace(column="depot", metric="roc_auc", at_least=0.99, at_most=None, fewest=50)
    page = Page(comparison_page(judge(labels, new, old, slices={"depot": depot}, floors=[floor]), labels, {"v": new}))
    for said in ("Refused: not good enough in a protected slice", "fails", "not judged", "fewer than 50 rows"):
        assert said in page.text


@pytest.mark.parametrize("verdict", ["first", "not_enough_data"])
def test_every_verdict_has_a_page(draw, judge, verdict):
    labels, scores, _ = draw(1)
    comparison = judge(labels, scores, None if verdict == "first" else scores)
    assert comparison.verdict == verdict
    assert f'class="verdict {verdict}"' in comparison_page(comparison, labels, {"version 2": scores})


def test_a_regression_shows_residuals_and_no_curves(judge):
    generator = np.random.default_rng(1)
    labels = generator.normal(size=100)
    comparison = judge(labels, labels * 0.9, labels * 0.5, metric="rmse")
    page = Page(comparison_page(comparison, labels, {"version 2": labels * 0.9, "version 1": labels * 0.5}))
    assert "Residuals" in page.text
    assert "Spread of residuals" in page.text
    assert "ROC" not in page.text


def test_a_page_about_a_million_rows_stays_small(judge):
    generator = np.random.default_rng(1)
    labels = (generator.random(200_000) < 0.3).astype(float)
    scores = [1 / (1 + np.exp(-labels - generator.normal(size=200_000))) for _ in range(2)]
    comparison = judge(labels, *scores, resamples=20)
    assert len(comparison_page(comparison, labels, dict(zip("ab", scores, strict=True)))) < 150_000


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-0.013, 0.021, [-0.01, 0, 0.01, 0.02]),
        (5, 5, [5]),
        (0, 4000, [0, 1000, 2000, 3000, 4000]),
    ],
)
def test_an_axis_is_marked_at_round_values(low, high, wanted):
    assert Axis("x", low, high).ticks() == pytest.approx(wanted)


def test_the_same_figure_is_the_same_bytes(draw):
    labels, scores, _ = draw(1)
    assert roc_plot(labels, {"model": scores}) == roc_plot(labels, {"model": scores})
    assert residual_plot(labels, {"model": scores})[:8] == b"\x89PNG\r\n\x1a\n"
    assert importance_plot({"weight": 0.2, "depot": -0.01}, metric="roc_auc")[:8] == b"\x89PNG\r\n\x1a\n"


def test_matplotlib_is_not_imported_before_a_plot_is_drawn():
    program = (
        "import sys\n"
        "import modelyard.evaluation.report, modelyard.evaluation.staging, modelyard.models.discovery\n"
        "import modelyard.registry.mlflow_registry, modelyard.models.conformance, modelyard.models.storage\n"
        "heavy = ('matplotlib', 'sklearn', 'mlflow', 'skops', 'pandas', 'scipy')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
