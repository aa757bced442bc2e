"""Models are found by their folders."""

import pytest

from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidModelError, ModelNotFoundError
from modelyard.models.discovery import find_model, model_names, source_digest

DECLARATION = "from modelyard.testing.model_fakes import sample_spec\nMODEL = sample_spec()\n"


@pytest.fixture
def workspace(tmp_path):
    return Workspace(root=tmp_path, state=tmp_path / "state")


@pytest.fixture
def declare(workspace):
    def write(text, name="parcel_delay"):
        folder = workspace.models / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.py").write_text(text)

    return write


def test_finds_every_folder_with_a_declaration(workspace, declare):
    declare(DECLARATION)
    declare(DECLARATION, name="another")
    declare(DECLARATION, name="_draft")
    (workspace.models / "notes").mkdir()
    assert model_names(workspace) == ("another", "parcel_delay")


def test_loads_the_declaration(workspace, declare):
    declare(DECLARATION)
    assert find_model(workspace, "parcel_delay").purpose == "parcels"


@pytest.mark.parametrize("name", ["nothing", "../parcel_delay", ""])
def test_an_unknown_name_is_told_what_there_is(workspace, declare, name):
    declare(DECLARATION)
    with pytest.raises(ModelNotFoundError, match="found parcel_delay"):
        find_model(workspace, name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MODEL = 3", "must be a ModelSpec, found int"),
        ("", "must be a ModelSpec, found NoneType"),
        ("import nothing_of_this_name", "cannot be run: ModuleNotFoundError"),
        ("MODEL = (", "cannot be run: SyntaxError"),
        (DECLARATION.replace("sample_spec()", "sample_spec(name='other')"), "declared name is 'other'"),
        (DECLARATION.replace("sample_spec()", "sample_spec(owner='')"), "no owner"),
    ],
)
def test_refuses_a_declaration_that_is_none_and_names_the_file(workspace, declare, text, said):
    declare(text)
    with pytest.raises(InvalidModelError, match=said):
        find_model(workspace, "parcel_delay")


def test_a_changed_declaration_is_read_again_and_has_another_digest(workspace, declare):
    declare(DECLARATION)
    before = source_digest(workspace, "parcel_delay")
    assert source_digest(workspace, "parcel_delay") == before
    declare(DECLARATION.replace("sample_spec()", "sample_spec(owner='somebody')"))
    assert find_model(workspace, "parcel_delay").owner == "somebody"
    assert source_digest(workspace, "parcel_delay") != before


def test_the_digest_covers_every_python_file_of_the_folder_and_nothing_else(workspace, declare):
    declare(DECLARATION)
    before = source_digest(workspace, "parcel_delay")
    (workspace.models / "parcel_delay" / "README.md").write_text("A card.")
    assert source_digest(workspace, "parcel_delay") == before
    (workspace.models / "parcel_delay" / "steps.py").write_text("A = 1\n")
    assert source_digest(workspace, "parcel_delay") != before
