"""Why records are one person, and why they are not."""

import pytest

from graph_model.explain.explanation import ChainStep, PairEvidence, Relation, explain_members, pair_evidence
from graph_model.explain.masking import Visibility
from graph_model.explain.words import conflict_words, pair_words, shared_rule, step_rule
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry
from graph_model.resolution import resolve as law
from graph_model.resolution.constraints import Constraint
from graph_model.resolution.evidence_graph import Obstacle
from tests.unit.graph_model.resolution.evidence_worlds import CATALOGUE, Generic, at, generic, surroundings, verdict

EVERYTHING = Visibility.of(CATALOGUE, may_see_values=True)


def told(steps: tuple[ChainStep, ...]) -> list[str]:
    """`crm[1] email:a@x.org crm[2]`; a refused step has a `!`."""
    return [
        f"{step.one} {step.evidence if isinstance(step.evidence, Verdict) else step.evidence.identifier} "
        f"{step.other}{'!' if step.conflicts else ''}"
        for step in steps
    ]


def pair(one: str, other: str, *known: Verdict | Generic, **rows: str) -> PairEvidence:
    return pair_evidence(surroundings(*known, **rows), at(one), at(other))


def test_a_profile_is_explained_by_the_fewest_steps_strongest_first() -> None:
    around = surroundings(crm1="phone=1 email=a@x.org", crm2="phone=1", crm3="email=a@x.org phone=1")
    assert told(explain_members(around, around.records)) == [
        "crm[1] email:a@x.org crm[3]",
        "crm[1] phone:1 crm[2]",
    ]


def test_a_record_alone_has_no_steps() -> None:
    around = surroundings(crm1="email=a@x.org")
    assert explain_members(around, around.records) == ()


def test_a_step_has_the_lesser_trust_of_the_two_sources() -> None:
    around = surroundings(crm1="email=a@x.org", web1="email=a@x.org")
    assert [step.strength for step in explain_members(around, around.records)] == [90 * 40]


def test_two_records_are_joined_by_a_chain() -> None:
    found = pair("crm1", "crm3", crm1="email=a@x.org", crm2="email=a@x.org phone=1", crm3="phone=1")
    assert found.relation is Relation.JOINED
    assert told(found.steps) == ["crm[1] email:a@x.org crm[2]", "crm[2] phone:1 crm[3]"]


def test_the_chain_runs_the_way_it_was_asked() -> None:
    found = pair("crm3", "crm1", crm1="email=a@x.org", crm2="email=a@x.org phone=1", crm3="phone=1")
    assert told(found.steps) == ["crm[3] phone:1 crm[2]", "crm[2] email:a@x.org crm[1]"]


def test_a_same_verdict_is_the_strongest_step() -> None:
    same = verdict("crm1", Judgement.SAME, "crm2")
    found = pair("crm1", "crm2", same, crm1="email=a@x.org", crm2="email=a@x.org")
    assert told(found.steps) == ["crm[1] verdict:same crm[2]"]


def test_what_an_exclusive_kind_refuses_is_told_at_its_step() -> None:
    found = pair("crm1", "crm2", crm1="email=a@x.org passport=1", crm2="email=a@x.org passport=2")
    assert found.relation is Relation.KEPT_APART
    assert told(found.steps) == ["crm[1] email:a@x.org crm[2]!"]
    assert [(c.constraint, c.name) for c in found.conflicts] == [(Constraint.VALUES, "passport")]


def test_a_refused_way_goes_through_both_profiles() -> None:
    found = pair(
        "crm3",
        "crm4",
        crm1="email=a@x.org passport=1",
        crm2="email=a@x.org passport=2",
        crm3="passport=1",
        crm4="passport=2",
    )
    assert told(found.steps) == [
        "crm[3] passport:1 crm[1]",
        "crm[1] email:a@x.org crm[2]!",
        "crm[2] passport:2 crm[4]",
    ]


def test_a_refused_way_may_lead_over_a_third_profile() -> None:
    found = pair(
        "crm1",
        "crm3",
        crm1="email=a@x.org passport=1",
        crm2="email=a@x.org phone=1 passport=2",
        crm3="phone=1 passport=3",
    )
    assert told(found.steps) == ["crm[1] email:a@x.org crm[2]!", "crm[2] phone:1 crm[3]!"]


def test_a_different_verdict_that_forbids_a_union_is_told() -> None:
    different = verdict("crm1", Judgement.DIFFERENT, "crm2")
    found = pair("crm1", "crm2", different, crm1="email=a@x.org", crm2="email=a@x.org")
    assert (found.relation, found.verdicts) == (Relation.KEPT_APART, (different,))
    assert [(c.constraint, c.name) for c in found.conflicts] == [(Constraint.VERDICT, different.verdict_id)]


def test_a_verdict_between_other_records_of_two_profiles_is_told() -> None:
    different = verdict("crm1", Judgement.DIFFERENT, "crm2")
    found = pair("crm3", "crm2", different, crm1="email=a@x.org", crm2="phone=1", crm3="email=a@x.org")
    assert (found.relation, found.verdicts) == (Relation.UNCONNECTED, (different,))


def test_records_that_share_nothing_are_unconnected() -> None:
    found = pair("crm1", "crm2", crm1="email=a@x.org", crm2="email=b@x.org")
    assert (found.relation, found.steps, found.shared) == (Relation.UNCONNECTED, (), ())
    assert pair_words(found, EVERYTHING) == "crm[1] and crm[2] are two people: they share nothing"


@pytest.mark.parametrize(
    ("one", "other", "obstacle", "words"),
    [
        ("phone=7", "phone=7", Obstacle.GENERIC, "phone: joins up to 10 records; 99 carry it, so it is generic"),
        ("email=null", "email=Null", Obstacle.BLOCKED, "email: the value is blocked, since it identifies nobody"),
        ("email=x", "email=x", Obstacle.UNREADABLE, "email: the value has no normal form of this kind"),
        (
            "passport=1 other_passport=2",
            "passport=1",
            Obstacle.CONTRADICTORY,
            "passport: a record has more values of it than a person may have (1)",
        ),
    ],
)
def test_what_is_shared_and_no_evidence_says_why(one: str, other: str, obstacle: Obstacle, words: str) -> None:
    found = pair("crm1", "crm2", generic("phone:7", 99), crm1=one, crm2=other)
    (value,) = found.shared
    assert (found.relation, value.obstacle) == (Relation.UNCONNECTED, obstacle)
    assert shared_rule(value, (found.one, found.other), CATALOGUE) == words
    assert pair_words(found, EVERYTHING).endswith("nothing that they share is evidence")


def test_a_source_without_trust_is_named() -> None:
    found = pair("crm1", "list1", crm1="email=a@x.org", list1="email=a@x.org")
    (value,) = found.shared
    words = shared_rule(value, (found.one, found.other), CATALOGUE)
    assert words == "email: records of list are joined by verdicts only (trust 0)"


def test_evidence_dropped_by_the_cap_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "COMPONENT_LIMIT", 2)
    found = pair("crm2", "crm3", crm1="email=a@x.org", crm2="email=a@x.org phone=1", crm3="phone=1")
    assert [value.obstacle for value in found.shared] == [Obstacle.DROPPED]


def test_a_record_that_contradicts_itself_is_told() -> None:
    found = pair("crm1", "crm2", crm1="passport=1 other_passport=2", crm2="passport=1")
    (conflict,) = found.conflicts
    assert conflict_words(conflict, CATALOGUE, {}, EVERYTHING) == (
        "crm[1] has several values of passport by itself, and a person may have 1; it joins nothing by them"
    )


def test_too_many_values_of_a_limited_kind_are_told_of_both_profiles() -> None:
    found = pair(
        "crm1",
        "crm2",
        crm1="email=a@x.org card=1 second_card=2",
        crm2="email=a@x.org card=3",
    )
    (conflict,) = found.conflicts
    assert conflict_words(conflict, CATALOGUE, {}, EVERYTHING) == (
        "the profiles of crm[1] and crm[2] have too many values of card together; a person may have 2"
    )


def test_many_clusters_around_one_value_are_explained_at_once() -> None:
    rows = {f"crm{key}": f"phone=1 passport={key}" for key in range(300)}
    found = pair("crm0", "crm299", **rows)
    assert (found.relation, told(found.steps)) == (Relation.KEPT_APART, ["crm[0] phone:1 crm[299]!"])


def test_a_step_names_the_rule_of_the_catalogue() -> None:
    around = surroundings(crm1="email=a@x.org", web1="email=a@x.org", crm3="email=a@x.org")
    rules = [step_rule(step, CATALOGUE, {}) for step in explain_members(around, around.records)]
    assert rules == [
        "email: joins up to 10 records, priority 90; 3 carry it",
        "email: joins up to 10 records, priority 90; 3 carry it; trust of web: 40 of 100",
    ]


def test_a_verdict_names_who_said_it_and_when() -> None:
    same = verdict("crm1", Judgement.SAME, "crm2")
    entry = VerdictEntry(verdict=same, reason="called", author="kim", given_at=1_795_255_200_000)
    (step,) = pair("crm1", "crm2", same, crm1="name=x", crm2="name=y").steps
    assert step_rule(step, CATALOGUE, {same.verdict_id: entry}) == "kim said on 2026-11-21: one person"


def test_every_relation_has_words_of_its_own() -> None:
    sentences = {
        pair_words(PairEvidence(one=at("crm1"), other=at("crm2"), relation=relation), EVERYTHING)
        for relation in Relation
    }
    assert len(sentences) == len(Relation)
