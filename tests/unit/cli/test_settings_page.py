"""The documentation of the settings is the settings."""

from pathlib import Path

from cli.settings_page import settings_page, variables
from services.settings import KafkaSettings, ServerLimits, Settings
from stack.settings import StackSettings

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == settings_page(), "run `make docs`"


def test_every_setting_says_what_it_means() -> None:
    groups = (Settings, ServerLimits, KafkaSettings, StackSettings)
    fields = {name: field for group in groups for name, field in variables(group).items()}
    assert [name for name, field in fields.items() if not field.description] == []
