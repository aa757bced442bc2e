"""How the client asks: versions, pages, waits, and where it does not go."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.tokens import Token
from modelyard.delivery.azure_devops.rest.transport import LONGEST_WAIT_SECONDS, TRIES, Transport
from modelyard.errors import ExternalServiceError, ServiceUnavailableError
from modelyard.testing.azure_devops_fakes import FakeAzureDevOps
from modelyard.testing.rest_server import Fault, RestServer, Route, Said


class Pages(RestServer):
    """Three pages, an answer that is no JSON, and one that leads elsewhere."""

    def routes(self):
        return (
            Route("GET", "/o/p/_apis/list", self._page),
            Route("GET", "/o/p/_apis/page", lambda _: Said(200, b"<html>Sign in</html>")),
            Route("GET", "/o/p/_apis/away", lambda _: Said(302, b"", {"Location": "http://127.0.0.1:9/"})),
            Route("GET", "/o/p/_apis/endless", lambda _: Said(200, {"value": []}, {"x-ms-continuationtoken": "more"})),
        )

    def _page(self, asked):
        number = int(asked.query.get("continuationToken", 0))
        headers = {"x-ms-continuationtoken": str(number + 1)} if number < 2 else {}
        return Said(200, {"value": [number]}, headers)


@pytest.fixture
def pages():
    with Pages() as server:
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(pages, waits):
    return DevOps(f"{pages.root}/o", "p", Token("s3cret"), timeout=5, wait=waits.append)


def test_reads_every_page(client):
    assert list(client.every("list")) == [0, 1, 2]


def test_a_list_without_an_end_ends(client):
    with pytest.raises(ExternalServiceError, match="no end of pages"):
        list(client.every("endless"))


def test_a_page_for_people_is_no_answer(client):
    with pytest.raises(ExternalServiceError, match="no JSON") as refused:
        client.get("page")
    assert "az login" in refused.value.hint


def test_a_token_is_not_carried_elsewhere(client):
    with pytest.raises(ExternalServiceError, match="does not know this sign-in"):
        client.get("away")


@pytest.mark.parametrize(
    ("header", "waited"), [("7", [7.0]), ("", [1.0]), ("soon", [1.0]), ("99999", [LONGEST_WAIT_SECONDS]), ("-5", [1.0])]
)
def test_waits_as_long_as_it_is_asked_to_and_no_longer(client, pages, waits, header, waited):
    pages.faults.append(Fault("refused", "GET", status=429, retry_after=header))
    assert list(client.every("list")) == [0, 1, 2]
    assert waits == waited


def test_understands_a_date(pages, waits):
    now = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    until = format_datetime(now.replace(second=9), usegmt=True)
    pages.faults.append(Fault("refused", "GET", status=503, retry_after=until))
    transport = Transport(service="it", headers={}, wait=waits.append, clock=now.timestamp)
    transport.ask("GET", f"{pages.root}/o/p/_apis/list")
    assert waits == [9.0]


def test_waits_longer_each_time_and_then_gives_up(client, pages, waits):
    pages.faults.append(Fault("refused", "GET", status=500, times=99))
    with pytest.raises(ServiceUnavailableError) as gone:
        client.get("list")
    assert waits == [1.0, 2.0, 4.0]
    assert len(pages.asked) == TRIES
    assert gone.value.message == ("Azure DevOps said no to GET o/p/_apis/list: 500, a fault that was ordered (refused)")


@pytest.mark.parametrize("kind", ["refused", "after", "lost"])
def test_a_write_is_not_repeated_after_any_silence(service, waits, kind):
    client = DevOps(service.address, "modelyard", Token("s3cret"), timeout=5, wait=waits.append)
    service.faults.append(Fault(kind, "PATCH"))
    with pytest.raises(ServiceUnavailableError):
        client.write("PATCH", "build/generalsettings", {"enforceJobAuthScope": True})
    assert len(service.writes) == 1
    assert waits == []


def test_a_write_that_did_not_begin_is_repeated(service, waits):
    client = DevOps(service.address, "modelyard", Token("s3cret"), timeout=5, wait=waits.append)
    service.faults.append(Fault("refused", "PATCH", status=429, retry_after="3"))
    client.write("PATCH", "build/generalsettings", {"enforceJobAuthScope": True})
    assert waits == [3.0]


def test_nobody_answers_at_a_closed_door(waits):
    with FakeAzureDevOps() as gone:
        address = gone.address
    client = DevOps(address, "modelyard", Token("s3cret"), timeout=5, wait=waits.append)
    with pytest.raises(ServiceUnavailableError, match="not reachable"):
        client.get("build/generalsettings")
    assert len(waits) == TRIES - 1


def test_the_service_asks_for_a_version_and_the_fake_does_too(service):
    client = DevOps(service.address, "modelyard", Token("s3cret"))
    with pytest.raises(ExternalServiceError, match=r"api-version 6\.0 is not what"):
        client.get("build/generalsettings", version="6.0")


@pytest.mark.parametrize("kind", ["bearer", "personal"])
def test_either_kind_of_token_is_known(service, kind):
    assert DevOps(service.address, "modelyard", Token("s3cret", kind)).get("build/generalsettings")


def test_names_with_spaces_and_slashes_stay_one_part():
    with FakeAzureDevOps(project="my project") as fake:
        client = DevOps(fake.address, "my project", Token("s3cret"))
        with pytest.raises(ExternalServiceError):
            client.get("build/generalsettings")
        assert fake.asked[0].path == "/fabrikam/my%20project/_apis/build/generalsettings"
