import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from api import documents
from api.documents import AbsorbedProfile, ProfileDocument, ProfileList
from graph_model.profile import document as stored_documents

from .conftest import ANN, Service


async def test_a_profile_is_served_as_the_store_keeps_it(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    answer = await service.http.get(f"/v1/profiles/{profile_id}")
    stored = await service.store.read_profile(profile_id)
    assert stored is not None
    assert (answer.status_code, answer.content) == (200, stored.document)


async def test_a_real_profile_fits_the_documented_shape(service: Service) -> None:
    await service.send("crm", ANN, {"id": 2, "email": "not an address", "mobile": "+1 202 555 0123"})
    await service.send("shop", {"id": 7, "mail": "ann@example.com", "tel": "12"})
    profile_id = await service.profile_id("email:ann@example.com")
    answer = await service.http.get(f"/v1/profiles/{profile_id}")
    profile = ProfileDocument.model_validate_json(answer.content)
    assert {(record.source, record.key[0]) for record in profile.records} >= {("crm", 1), ("shop", 7)}


@pytest.mark.parametrize(
    ("served", "stored"),
    [
        (documents.ProfileDocument, stored_documents.Profile),
        (documents.RecordReference, stored_documents.RecordReference),
        (documents.Observation, stored_documents.Observation),
        (documents.TraitValue, stored_documents.ProfileTrait),
        (documents.CarriedIdentifier, stored_documents.ProfileIdentifier),
        (documents.ValueIssue, stored_documents.ValueIssue),
        (documents.MemberRecord, stored_documents.ProfileRecord),
        (documents.RefusedUnion, stored_documents.ProfileConflict),
    ],
)
def test_the_documented_shape_has_the_fields_that_profiles_are_stored_with(
    served: type[documents.ResponseDocument], stored: type[msgspec.Struct]
) -> None:
    # Lineage is only of profiles that are gone, which are not served.
    fields = {part.encode_name: part.required for part in msgspec.structs.fields(stored) if part.name != "lineage"}
    assert {name: part.is_required() for name, part in served.model_fields.items()} == fields


async def test_the_etag_is_the_version(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    first = await service.http.get(f"/v1/profiles/{profile_id}")
    await service.send("crm", ANN | {"note": "prefers e-mail", "updated_at": "2026-11-21T08:00:00Z"})
    second = await service.http.get(f"/v1/profiles/{profile_id}")
    assert (first.headers["etag"], second.headers["etag"]) == ('"1"', '"2"')


async def test_an_answer_names_the_form_of_its_profiles(service: Service) -> None:
    await service.send("crm", ANN)
    one = await service.http.get(f"/v1/profiles/{await service.profile_id('email:ann@example.com')}")
    several = await service.http.get("/v1/profiles", params={"identifier": "email:ann@example.com"})
    named = '<urn:identity-graph:profile:v1>; rel="profile"'
    assert [one.headers["link"], several.headers["link"]] == [named, named]


async def test_a_version_at_hand_is_not_sent_again(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    answer = await service.http.get(f"/v1/profiles/{profile_id}", headers={"If-None-Match": 'W/"7", W/"1"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


async def test_an_older_version_at_hand_is_replaced(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    answer = await service.http.get(f"/v1/profiles/{profile_id}", headers={"If-None-Match": '"11"'})
    assert answer.status_code == 200


async def test_an_unknown_id_is_a_404_problem(service: Service) -> None:
    for profile_id in ("0" * 32, "nonsense", "%00"):
        answer = await service.http.get(f"/v1/profiles/{profile_id}")
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:identity-graph:problem:unknown-profile"


async def test_an_absorbed_id_redirects_to_where_its_records_are(service: Service) -> None:
    absorbed, survivor = await merged(service)
    answer = await service.http.get(f"/v1/profiles/{absorbed}")
    body = AbsorbedProfile.model_validate_json(answer.content)
    assert answer.status_code == 307
    assert [(now.profile_id, now.records, now.share) for now in body.now] == [(survivor, 1, 1.0)]
    assert body.merged_into == survivor
    followed = await service.http.get(f"/v1/profiles/{absorbed}", follow_redirects=True)
    assert followed.json()["profile_id"] == survivor


async def test_an_absorbed_id_whose_records_went_apart_names_all_places_with_shares(service: Service) -> None:
    # Three shop rows were one person, are absorbed into Ann's larger profile, and then all go different ways.
    await service.send("shop", *({"id": n, "mail": "old@example.com"} for n in (1, 2, 3)))
    absorbed = await service.profile_id("email:old@example.com")
    await service.send("crm", *(ANN | {"id": n, "mobile": None} for n in (1, 2, 3, 4)))
    survivor = await service.profile_id("email:ann@example.com")
    await service.send("shop", *({"id": n, "mail": "ann@example.com"} for n in (1, 2, 3)))
    assert await service.profile_id("email:ann@example.com") == survivor
    await service.send("crm", {"id": 10, "email": "two@example.com"}, {"id": 11, "email": "two@example.com"})
    other = await service.profile_id("email:two@example.com")
    await service.send("shop", {"id": 3, "mail": "two@example.com"})
    answer = await service.http.get(f"/v1/profiles/{absorbed}")
    assert answer.status_code == 300
    assert answer.json()["now"] == [
        {"profile_id": survivor, "records": 2, "share": 0.6667},
        {"profile_id": other, "records": 1, "share": 0.3333},
    ]


async def test_a_profile_whose_records_are_deleted_is_gone(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    await service.send("crm", {"id": 1})
    answer = await service.http.get(f"/v1/profiles/{profile_id}")
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:identity-graph:problem:profile-gone"


async def test_an_absorbed_profile_is_gone_once_its_records_are_deleted(service: Service) -> None:
    absorbed, _ = await merged(service)
    await service.send("shop", {"id": 7})
    await service.send("crm", {"id": 1})
    assert (await service.http.get(f"/v1/profiles/{absorbed}")).status_code == 410


async def test_an_identifier_is_found_in_any_spelling(service: Service) -> None:
    await service.send("crm", ANN)
    for spelling in ("email: ANN@Example.com ", "email:ann@example.com", "phone:(202) 555-0123"):
        answer = await service.http.get("/v1/profiles", params={"identifier": spelling})
        found = ProfileList.model_validate_json(answer.content)
        assert found.complete
        assert [profile.records[0].key for profile in found.profiles] == [[1]]


async def test_a_shared_generic_identifier_lists_everybody_who_has_it(service: Service) -> None:
    await service.send("shop", {"id": 1, "tel": "2025550123"}, {"id": 2, "tel": "2025550123"})
    answer = await service.http.get("/v1/profiles", params={"identifier": "phone:2025550123"})
    assert len(answer.json()["profiles"]) == 2


async def test_a_long_list_says_that_it_is_not_complete(service: Service) -> None:
    await service.send("shop", *({"id": n, "tel": "2025550123"} for n in range(101)))
    answer = await service.http.get("/v1/profiles", params={"identifier": "phone:2025550123"})
    assert (len(answer.json()["profiles"]), answer.json()["complete"]) == (100, False)


async def test_an_unknown_identifier_is_a_404_problem(service: Service) -> None:
    answer = await service.http.get("/v1/profiles", params={"identifier": "email:zoe@example.com"})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:identity-graph:problem:unknown-identifier")
    assert "zoe@example.com" not in answer.text


async def test_an_unknown_kind_is_a_422_problem_that_names_the_kinds(service: Service) -> None:
    for identifier in ("fax:1", "no colon", "person:x"):
        answer = await service.http.get("/v1/profiles", params={"identifier": identifier})
        assert (answer.status_code, answer.json()["type"]) == (
            422,
            "urn:identity-graph:problem:unknown-identifier-kind",
        )
        assert answer.json()["detail"].endswith("email, number, phone")


async def test_a_value_that_is_none_of_its_kind_is_a_422_problem(service: Service) -> None:
    answer = await service.http.get("/v1/profiles", params={"identifier": "email:not an address"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:identity-graph:problem:unreadable-identifier")


async def merged(service: Service) -> tuple[str, str]:
    """Two profiles of one record each become one; answers the absorbed id and the surviving one."""
    await service.send("crm", ANN)
    await service.send("shop", {"id": 7, "mail": "other@example.com"})
    first = await service.profile_id("email:ann@example.com")
    second = await service.profile_id("email:other@example.com")
    await service.send("shop", {"id": 7, "mail": "ann@example.com"})
    survivor = await service.profile_id("email:ann@example.com")
    return (second if survivor == first else first), survivor


@pytest.mark.parametrize("path", ["/{profile_id}", "?identifier=email:ann@example.com"])
async def test_a_profile_that_cannot_be_unpacked_is_never_sent_as_it_is(
    service: Service, tmp_path: Path, path: str
) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection, connection:
        connection.execute("UPDATE profile SET document = x'07ffff'")  # by a dictionary that the file does not have
    answer = await service.http.get(f"/v1/profiles{path.format(profile_id=profile_id)}")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:identity-graph:problem:store-damaged")
