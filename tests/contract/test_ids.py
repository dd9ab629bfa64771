"""Ids go back to whom they belonged, on every store."""

from itertools import product

import pytest

from tests.contract.conftest import Reopen
from tests.properties.towns import CATALOGUE, EVIDENCE, Story
from tests.unit.services.people import Company


@pytest.mark.parametrize(("evidence", "inner_first"), list(product(EVIDENCE, (True, False))))
async def test_all_have_their_ids_again_when_merges_are_corrected(
    reopen: Reopen, evidence: str, inner_first: bool
) -> None:
    story = Story(
        sizes=(2, 1, 3),
        evidence=(evidence, evidence),
        arrivals=((0, 1, 1), (2, 3)),
        inner_first=inner_first,
        turned=True,
    )
    await story.comes_true(await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE))
