from modelyard.delivery.rehearsing.planning.variables import Variables, environment_name


def test_names_are_found_without_regard_to_case_and_later_values_win():
    variables = Variables()
    variables.set("Model.Name", "a")
    variables.set("MODEL.NAME", "b")
    assert variables.get("model.name") == "b"


def test_macros_are_expanded_in_macros_and_unknown_ones_stay():
    variables = Variables()
    variables.set("yards", "/yards")
    variables.set("state", "$(yards)/dev")
    assert variables.expand("$(STATE) $(nobody) $(date)") == "/yards/dev $(nobody) $(date)"


def test_a_macro_that_names_itself_ends():
    variables = Variables()
    variables.set("a", "$(a)")
    assert variables.expand("$(a)") == "$(a)"


def test_variables_become_environment_variables_in_upper_case_with_underscores():
    assert environment_name("Build.Source Branch") == "BUILD_SOURCE_BRANCH"


def test_secrets_never_become_environment_variables_not_even_inside_another_variable():
    variables = Variables()
    variables.set("key", "s3cret", secret=True)
    variables.set("url", "https://me:$(key)@host")
    variables.set("plain", "x")
    assert variables.environment() == {"PLAIN": "x"}


def test_a_read_only_variable_stays_and_says_so():
    variables = Variables()
    variables.set("a", "1", readonly=True)
    assert not variables.set("A", "2")
    assert variables.get("a") == "1"


def test_what_was_secret_stays_secret():
    variables = Variables()
    variables.set("key", "one", secret=True)
    variables.set("key", "two")
    assert variables.secrets() == ["two"]


def test_a_child_changes_nothing_above_it():
    variables = Variables()
    variables.child().set("a", "1")
    assert "a" not in variables
