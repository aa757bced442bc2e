"""Previews of several environments as one text."""

import json

import pytest

from modelyard.delivery.azure_devops.comments import FENCE, fitted, mark_of
from modelyard.delivery.azure_devops.previews import plain, read_previews, render
from modelyard.errors import ConfigurationError


def change(operation, name="lake", detail=""):
    return {"name": name, "kind": "storage account", "operation": operation, "detail": detail, "concern": "lake"}


def document(name="dev", changes=(), **more):
    estimate = {"monthly": 141.27, "currency": "USD", "budget": 150.0}
    return {"environment": name, "changes": list(changes), "warnings": [], "refused": [], "estimate": estimate, **more}


@pytest.fixture
def read(tmp_path):
    def written(*documents):
        for one in documents:
            (tmp_path / f"{one['environment']}.json").write_text(json.dumps(one), encoding="utf-8")
        return read_previews(tmp_path)

    return written


def test_each_environment_is_a_row_dev_first(read):
    found = read(
        document("prod"), document("test"), document("dev", [change("create"), change("update"), change("delete")])
    )
    rows = render(found).splitlines()[2:5]
    assert rows[0] == "| **dev** | 1 | 1 | · | 1 | 141 USD |"
    assert [row.split("**")[1] for row in rows] == ["dev", "test", "prod"]


def test_rows_are_narrow_enough_for_a_phone(read):
    text = render(read(document("prod", [change("create")] * 120)))
    assert max(len(line) for line in text.splitlines() if line.startswith("|")) <= 48


def test_says_what_the_month_cost_before(read):
    now = read(document("dev"))
    before = read(document("dev", estimate={"monthly": 100.0, "currency": "USD", "budget": None}))
    assert "| 141 USD (+41) |" in render(now, before)


def test_a_month_above_the_budget_is_an_alarm(read):
    text = render(read(document("dev", estimate={"monthly": 200.0, "currency": "USD", "budget": 150.0})))
    assert "**200 USD** ⚠" in text
    assert "above its budget** of 150 USD" in text


def test_data_that_would_be_lost_comes_before_anything_folded(read):
    text = render(read(document("prod", [change("replace")], refused=["lake-account"])))
    assert text.index("data would be lost") < text.index("<details>")
    assert "`lake-account`" in text


def test_policy_findings_are_listed(read):
    finding = {"rule": "trust-exact", "level": "mandatory", "message": "a pattern is trusted"}
    text = render(read(document("dev", warnings=["lock: no lock"], findings=[finding])))
    assert "dev: 2 policy findings" in text
    assert "mandatory: a pattern is trusted" in text


def test_details_are_folded_and_cut(read):
    text = render(read(document("dev", [change("create", f"thing-{n}") for n in range(200)])))
    assert "<summary>dev: 200 changes</summary>" in text
    assert "… and 140 more" in text


def test_an_environment_without_a_price_has_none(read):
    assert "| ? |" in render(read(document("dev", estimate=None)))


def test_a_simulated_preview_says_so(read):
    assert "Simulated" in render(read(document("dev", simulated=True)))
    assert "Simulated" not in render(read(document("dev")))


@pytest.mark.parametrize("odd", ["</details><script>", "a | b", "``` end", "@everyone", "a\nb", "#12", "[x](http://y)"])
def test_no_name_leaves_its_place(read, odd):
    text = render(read(document("dev", [change("create", odd, odd)], warnings=[odd], refused=[odd])))
    assert text.count("```") == 2
    assert text.count("</details>") == text.count("<details>") == 1
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "- @everyone" not in text


def test_what_is_no_preview_is_named(tmp_path):
    (tmp_path / "dev.json").write_text('{"hello": 1}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"dev\.json: not a preview"):
        read_previews(tmp_path)


@pytest.mark.parametrize("text", ["[]", "null", "{", '{"environment": "dev", "changes": 3}'])
def test_no_json_breaks_it(tmp_path, text):
    (tmp_path / "dev.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_previews(tmp_path)


def test_a_preview_that_failed_is_missed_loudly(read):
    text = render(read(document("dev")), expected=("dev", "test", "prod"))
    assert "| **prod** | ? | ? | ? | ? | ? |" in text
    assert "prod: no preview" in text
    assert "dev: no preview" not in text


def test_an_empty_folder_is_one_where_all_failed(tmp_path):
    assert "dev: no preview" in render(read_previews(tmp_path), expected=("dev",))


def test_plain_text_means_nothing_to_markdown():
    assert plain("a*b_c|d<e>") == r"a\*b\_c\|d\<e\>"


def test_a_mark_is_made_of_the_title():
    assert mark_of("Preview of every environment!") == "<!-- modelyard:preview-of-every-environment -->"
    assert mark_of("--> <b>") == "<!-- modelyard:b -->"


def test_what_fits_is_not_touched():
    assert fitted("short", 1_000) == "short"


def test_what_is_cut_ends_in_order():
    text = "<details>\n```text\n" + "line\n" * 1_000 + "```\n</details>"
    found = fitted(text, 1_000)
    assert len(found) <= 1_000
    assert found.count(FENCE) == 2
    assert found.index("</details>") > found.rindex(FENCE)
