"""docker-compose.yml runs the same things, set up the same way, as the stack on one machine."""

from pathlib import Path

import pytest
import yaml

from config.settings import Settings
from config.stack.clamav import CLAMD, FRESHCLAM

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())
#: What names a place is different in a container.
PLACES = {"LocalSocket", "DatabaseDirectory", "TemporaryDirectory", "NotifyClamd"}


def options(text: str) -> dict[str, str]:
    rows = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {name: value for name, value in rows if name not in PLACES}


@pytest.mark.parametrize(("name", "template"), [("clamd", CLAMD), ("freshclam", FRESHCLAM)])
def test_scanner_has_the_same_configuration(name: str, template: str) -> None:
    assert options(COMPOSE["configs"][name]["content"]) == options(template)


@pytest.mark.parametrize("service", ["gateway", "workers", "migrate"])
def test_every_setting_exists(service: str) -> None:
    known = {f"INTAKE_{name.upper()}" for name in Settings.model_fields} | {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }
    assert set(COMPOSE["services"][service]["environment"]) <= known


def test_every_volume_and_configuration_that_is_used_is_declared() -> None:
    services = COMPOSE["services"].values()
    volumes = {volume.split(":")[0] for service in services for volume in service.get("volumes", [])}
    configs = {row["source"] for service in services for row in service.get("configs", [])}
    assert volumes == set(COMPOSE["volumes"])
    assert configs == set(COMPOSE["configs"])
