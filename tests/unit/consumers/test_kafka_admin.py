"""What is asked of the cluster, where its answers are not what one hopes for."""

from types import SimpleNamespace

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    UnknownMemberIdError,
)

from consumers.errors import BrokerRefused, BrokerUnavailable
from consumers.kafka_admin import KafkaAdmin
from services.settings import KafkaSettings


class Coordinator:
    """A cluster whose coordinator answers every request with one and the same code."""

    def __init__(self, code: int) -> None:
        self._answer = SimpleNamespace(error_code=code, topics=[])

    async def find_coordinator(self, _: str) -> int:
        return 1

    async def _send_request(self, *_: object) -> SimpleNamespace:
        return self._answer


@pytest.fixture
async def admin() -> KafkaAdmin:
    return KafkaAdmin(KafkaSettings(bootstrap_servers="a:1", group="people"))


async def test_offsets_that_are_still_being_loaded_are_waited_for_and_not_taken_for_none(admin: KafkaAdmin) -> None:
    admin._client = Coordinator(GroupLoadInProgressError.errno)
    with pytest.raises(BrokerUnavailable, match="reading the offsets of group 'people'"):
        await admin.committed("people", "customers")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (GroupAuthorizationFailedError.errno, BrokerRefused),
        (GroupCoordinatorNotAvailableError.errno, BrokerUnavailable),
    ],
)
async def test_a_group_that_may_not_be_joined_or_not_yet_is_told_apart(
    admin: KafkaAdmin, code: int, expected: type[Exception]
) -> None:
    admin._client = Coordinator(code)
    with pytest.raises(expected, match="looking at group 'people'"):
        await admin.check_group()


async def test_a_group_that_may_be_joined_has_no_member_of_the_name_that_is_asked_with(admin: KafkaAdmin) -> None:
    admin._client = Coordinator(UnknownMemberIdError.errno)
    await admin.check_group()
