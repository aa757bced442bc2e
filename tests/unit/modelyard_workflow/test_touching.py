import pytest

from modelyard.workflow.touching import touched

PIPELINES = "pipelines/src/modelyard_pipelines"
EVERY_MODEL = {"late", "very_late", "leaves"}


@pytest.mark.parametrize(
    ("path", "models"),
    [
        ("ml/models/late/model.py", {"late"}),
        ("ml/models/late/README.md", {"late"}),
        ("ml/models/gone/model.py", set()),
        (f"{PIPELINES}/purposes/delay/joining.py", {"late", "very_late"}),
        (f"{PIPELINES}/sources/customers/contract.yaml", {"leaves"}),
        (f"{PIPELINES}/sources/weather/cleaning.py", EVERY_MODEL),
        (f"{PIPELINES}/sources/unused/contract.yaml", set()),
        (f"{PIPELINES}/sources/steps.py", EVERY_MODEL),
        (f"{PIPELINES}/model/training.py", EVERY_MODEL),
        ("uv.lock", EVERY_MODEL),
        ("ml/training/src/modelyard_training/job.py", EVERY_MODEL),
        ("ml/steps/src/modelyard_steps/groups.py", EVERY_MODEL),
        ("ml/serving/Dockerfile", EVERY_MODEL),
        ("platform/src/modelyard/errors.py", EVERY_MODEL),
        ("platforms/readme.txt", set()),
        ("docs/guides/serving.md", set()),
        ("environments/prod.yaml", set()),
        ("infra/__main__.py", set()),
        ("pipelines/azure/governed.yml", set()),
    ],
)
def test_a_file_has_to_do_with_the_models_that_are_made_of_it(subjects, path, models):
    assert set(touched(subjects, [path])) == models


def test_the_first_file_that_says_so_is_the_reason(subjects):
    found = touched(subjects, ["ml/models/late/model.py", f"{PIPELINES}/purposes/delay/purpose.py", "docs/x.md"])
    assert found == {"late": "ml/models/late/model.py", "very_late": f"{PIPELINES}/purposes/delay/purpose.py"}
