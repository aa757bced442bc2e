from pathlib import Path

from modelyard.delivery.rehearsing.agent.surroundings import passed_on, passwords_in


def test_steps_get_the_way_to_programs_network_and_packages_and_nothing_of_the_developer():
    around = {
        "PATH": "/repo/.venv/bin:/usr/bin:relative:/repo",
        "HOME": "/home",
        "https_proxy": "http://proxy",
        "UV_INDEX_URL": "https://index",
        "AZURE_CLIENT_SECRET": "s",
        "MODELYARD_STATE": "/x",
        "GITHUB_TOKEN": "t",
        "PYTHONPATH": "/y",
        "VIRTUAL_ENV": "/repo/.venv",
    }
    assert passed_on(around, without=Path("/repo")) == {
        "PATH": "/usr/bin",
        "HOME": "/home",
        "https_proxy": "http://proxy",
        "UV_INDEX_URL": "https://index",
        "LANG": "C.UTF-8",
    }


def test_passwords_in_addresses_are_found():
    assert passwords_in(["https://me:pw1@index/simple https://token@other", "/usr/bin", "http://[bad"]) == [
        "pw1",
        "token",
    ]
