"""A cluster with IAM authentication lets in who signs anew, and tells everybody else what to look at."""

import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from services.stores.gremlin.engines import recognise
from services.stores.gremlin.signing import AccessRefused, Signer
from services.stores.gremlin.socket import NOBODY, Credentials, GremlinSocket
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import StoreError, StoreUnavailable
from tests.contract.builders import FINGERPRINT, person
from tests.contract.conftest import empty_graph
from tests.neptune.double import NeptuneDouble
from tests.neptune.signatures import Key, Keyring

ENDPOINT = "wss://g.cluster-abc.eu-west-1.neptune.amazonaws.com:8182/gremlin"
IRELAND = Credentials(aws_region="eu-west-1")


@pytest.fixture
def keyring(neptune: NeptuneDouble, aws: pytest.MonkeyPatch) -> Iterator[Keyring]:
    """The cluster wants signatures, and this process has the keys of somebody who may come."""
    aws.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    aws.setenv("AWS_SECRET_ACCESS_KEY", "right")
    neptune.keyring = Keyring(keys={"AKIDEXAMPLE": Key("right")})
    yield neptune.keyring
    neptune.keyring = None


@pytest.mark.gremlin
async def test_each_connection_is_signed_anew_with_the_keys_that_a_role_has_by_then(
    neptune: NeptuneDouble, keyring: Keyring, gremlin_url: str, aws: pytest.MonkeyPatch
) -> None:
    await empty_graph(gremlin_url)
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")
    aws.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", neptune.url.replace("ws", "http", 1).replace("gremlin", "role"))
    store = await GremlinStore.open(neptune.url, FINGERPRINT, credentials=IRELAND)
    outbox = await store.claim_outbox("tests")
    first = keyring.taken[-1]
    keyring.end_all()
    neptune.lose_connections()
    with suppress(StoreUnavailable):  # where it has not been noticed yet
        await store.read_versions(["p1"])
    await store.commit(person(1, "ann"), outbox)
    assert await store.read_profile("p1")
    assert keyring.taken[-1] not in {first, "AKIDEXAMPLE"}
    await store.close()


@pytest.mark.gremlin
@pytest.mark.parametrize(
    ("secret", "region", "ahead"),
    [("wrong", "eu-west-1", 0), ("right", "us-east-1", 0), ("right", "eu-west-1", 301), ("right", "eu-west-1", -301)],
    ids=["secret", "region", "late", "early"],
)
async def test_a_signature_that_is_not_good_is_refused_in_one_line_that_says_what_to_look_at(
    secret: str, region: str, ahead: float, neptune: NeptuneDouble, keyring: Keyring, aws: pytest.MonkeyPatch
) -> None:
    aws.setenv("AWS_SECRET_ACCESS_KEY", secret)
    keyring.ahead = ahead
    with pytest.raises(AccessRefused) as refused:
        await GremlinStore.open(neptune.url, FINGERPRINT, credentials=Credentials(aws_region=region))
    assert not keyring.taken
    told = str(refused.value)
    assert all(
        part in told for part in ("`env`", region, "IDENTITY_GRAPH_STORE_AWS_REGION", "GetEngineStatus", "clock")
    )
    assert not any(part in told for part in ("\n", "AKIDEXAMPLE", secret))


@pytest.mark.gremlin
async def test_keys_that_end_while_a_process_runs_make_the_store_unavailable_and_say_why(
    neptune: NeptuneDouble, keyring: Keyring
) -> None:
    endpoint = await recognise(neptune.url, aws_region=IRELAND.aws_region)
    keyring.end_all()
    with pytest.raises(AccessRefused, match="not expired"):
        await GremlinSocket.open(endpoint.url, NOBODY, endpoint.signer)
    with pytest.raises(StoreUnavailable, match="IAM authentication was turned on"):
        await GremlinSocket.open(endpoint.url, NOBODY)


@pytest.mark.gremlin
async def test_a_name_that_tells_no_region_wants_the_setting(neptune: NeptuneDouble, keyring: Keyring) -> None:
    del keyring
    with pytest.raises(StoreError, match="IDENTITY_GRAPH_STORE_AWS_REGION"):
        await recognise(neptune.url)


@pytest.mark.parametrize("url", [ENDPOINT, ENDPOINT.replace("amazonaws.com", "amazonaws.com.cn")])
async def test_the_name_of_a_cluster_tells_its_region(url: str, aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    aws.setenv("AWS_SECRET_ACCESS_KEY", "right")
    headers = await Signer.of(url, "").headers(url.replace("wss", "https"))
    assert "/eu-west-1/neptune-db/aws4_request" in headers["Authorization"]


async def test_a_process_without_aws_credentials_is_told_so(aws: pytest.MonkeyPatch) -> None:
    del aws
    with pytest.raises(AccessRefused, match=r"there are none.*AWS_PROFILE"):
        await Signer("eu-west-1").headers("https://localhost:8182/status")


async def test_of_what_the_chain_of_credentials_meets_only_the_kind_is_told(aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_PROFILE", "ann")
    with pytest.raises(AccessRefused, match="ProfileNotFound") as refused:
        await Signer("eu-west-1").headers("https://localhost:8182/status")
    assert "ann" not in str(refused.value)


def test_what_signs_for_aws_is_an_extra_that_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(StoreError, match=r"pip install 'identity-graph\[aws\]'"):
        Signer("eu-west-1")
