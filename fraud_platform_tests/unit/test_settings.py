"""Every setting is described where a person looks for it, and reaches the processes of the stack."""

import os
import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from fraud_platform.errors import ConfigurationError
from fraud_platform.local.environment import environment
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings, load_settings

SECRETS = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}


def env_example() -> dict[str, str]:
    lines = (PROJECT_ROOT / ".env.example").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {name: value for name, value in pairs}


def test_env_example_names_every_setting_and_what_compose_asks_for_and_nothing_else() -> None:
    asked_for = set(re.findall(r"\$\{(\w+)", (PROJECT_ROOT / "docker-compose.yml").read_text()))
    assert set(env_example()) == {name.upper() for name in Settings.model_fields} | asked_for


def test_config_yaml_names_only_settings_and_gives_their_defaults() -> None:
    config = yaml.safe_load((PROJECT_ROOT / "config" / "config.yaml").read_text())
    assert set(config) <= set(Settings.model_fields)
    declared = {name: str(Settings.model_fields[name].default) for name in config}
    assert {name: str(value) for name, value in config.items()} == declared


def test_secrets_are_empty_in_the_repository() -> None:
    assert SECRETS
    config = yaml.safe_load((PROJECT_ROOT / "config" / "config.yaml").read_text())
    assert not SECRETS & set(config)
    assert [env_example()[name.upper()] for name in SECRETS] == [""] * len(SECRETS)


def test_settings_rebuilt_from_their_environment_are_equal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        kafka_broker="127.0.0.1:19999",
        data_dir=tmp_path,
        db_password=SecretStr("s3cret % ; \" '"),
        fraud_threshold=0.25,
        start_date=date(2025, 2, 3),
    )
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment(settings).items():
        monkeypatch.setitem(os.environ, name, value)
    assert Settings(_env_file=None) == settings


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"kafka_security_protocol": "SASL_SSL", "kafka_username": "u"}, "SASL_SSL needs KAFKA_PASSWORD"),
        ({"kafka_username": "u", "kafka_password": "s3cret"}, "no use under KAFKA_SECURITY_PROTOCOL=PLAINTEXT"),
        ({"kafka_ca_file": PROJECT_ROOT / "LICENSE"}, "KAFKA_CA_FILE has no use"),
        ({"kafka_security_protocol": "SSL", "kafka_ca_file": "nowhere.pem"}, "KAFKA_CA_FILE='nowhere.pem'"),
        ({"minio_host": "s3:9000", "minio_access_key": "s3cret"}, "MINIO_HOST needs MINIO_SECRET_KEY"),
        ({"db_host": "db", "db_password": "s3cret"}, "DB_HOST needs DB_USER and DB_NAME"),
    ],
)
def test_half_a_login_is_an_error_that_names_the_rest_and_no_secret(values: dict, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as error:
        load_settings(_env_file=None, **values)
    assert "s3cret" not in str(error.value)
