"""The page that a person decides from, and its plots."""

import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from modelyard.evaluation.plots import importance_plot, residual_plot, roc_plot
from modelyard.evaluation.report import comparison_page


class Page(HTMLParser):
    """Collects what a page shows and what it would load."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.sources, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.sources += [found[name] for name in ("src", "href") if name in found]
        if tag == "img":
            self.pictures.append(found["alt"])

    def handle_data(self, data):
        self.text += f"{data}\n"


@pytest.fixture
def shown(draw, judge):
    labels, better, worse = draw(1, gain=1.0)
    comparison = judge(labels, better, worse, slices={"depot": ["<north>"] * 400})
    return comparison, Page(comparison_page(comparison, labels, {"version 2": better, "version 1": worse}))


def test_the_verdict_the_reasons_and_the_figures_are_on_it(shown):
    comparison, page = shown
    assert "The candidate wins" in page.text
    assert comparison.reasons[0] in page.text
    for said in ("resamples won", "difference", "CURATED/parcels version 3", "test rows", comparison.digest):
        assert said in page.text


def test_it_has_curves_and_calibration_and_needs_nothing_from_outside(shown):
    _, page = shown
    assert page.pictures == ["ROC curves", "Calibration"]
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)


def test_values_from_the_data_are_text_and_never_markup(shown):
    _, page = shown
    assert "<north>" in page.text


@pytest.mark.parametrize("verdict", ["first", "not_enough_data"])
def test_every_verdict_has_a_page(draw, judge, verdict):
    labels, scores, _ = draw(1)
    comparison = judge(labels, scores, None if verdict == "first" else scores)
    assert comparison.verdict == verdict
    assert f'class="verdict {verdict}"' in comparison_page(comparison, labels, {"version 2": scores})


def test_a_regression_shows_residuals(judge):
    generator = np.random.default_rng(1)
    labels = generator.normal(size=100)
    comparison = judge(labels, labels * 0.9, labels * 0.5, metric="rmse")
    page = Page(comparison_page(comparison, labels, {"version 2": labels * 0.9}))
    assert page.pictures == ["Residuals"]


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
