from modelyard.delivery.rehearsing.agent.commands import read_command


def test_a_line_of_plain_output_is_no_command():
    assert read_command("training credit_risk") is None


def test_a_command_is_read_with_its_properties_whatever_stands_before_it():
    found = read_command("12:00 ##vso[task.setVariable variable=Model;isOutput=true;isSecret=TRUE]credit")
    assert (found.name, found.text) == ("task.setvariable", "credit")
    assert found.properties["variable"] == "Model"
    assert found.is_set("isoutput")
    assert found.is_set("issecret")
    assert not found.is_set("isreadonly")


def test_escaped_characters_come_back():
    found = read_command("##vso[task.setvariable variable=x]a%3Bb%0Ac%5Dd%AZP253B")
    assert found.text == "a;b\nc]d%3B"


def test_a_value_may_hold_brackets_and_json():
    found = read_command('##vso[task.setvariable variable=m;isOutput=true]{"a": ["b"]}')
    assert found.text == '{"a": ["b"]}'


def test_a_property_may_hold_an_equals_sign():
    assert read_command("##vso[artifact.upload artifactname=a=b]x").properties["artifactname"] == "a=b"
