"""What a stack was started with is read back from its environment, and told apart from what holds now."""

from pydantic import SecretStr

from fraud_platform.local.environment import environment
from fraud_platform.local.started_with import differences, started_with
from fraud_platform.settings import Settings

LOGIN = {"db_host": "db", "db_user": "u", "db_name": "d", "db_password": SecretStr("s3cret")}


def test_settings_are_those_of_the_environment_whatever_holds_here(monkeypatch, tmp_path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, starting_offsets="earliest", review_cost=None, **LOGIN)
    monkeypatch.setenv("EPOCHS", str(settings.epochs + 1))
    monkeypatch.setenv("REVIEW_COST", "5")
    assert started_with({**environment(settings), "PATH": "/bin"}) == settings


def test_a_setting_that_an_older_release_did_not_know_has_its_default(monkeypatch) -> None:
    monkeypatch.setenv("SHADOW_PERCENT", "33")
    environ = environment(Settings(_env_file=None, shadow_percent=50))
    del environ["SHADOW_PERCENT"]
    assert started_with(environ).shadow_percent == Settings.model_fields["shadow_percent"].default


def test_a_value_that_is_not_accepted_any_more_gives_none() -> None:
    assert started_with({**environment(Settings(_env_file=None)), "SHADOW_PERCENT": "400"}) is None


def test_differences_name_settings_and_values_but_no_secret() -> None:
    running = Settings(_env_file=None, starting_offsets="earliest", review_cost=3)
    here = Settings(_env_file=None, starting_offsets="lake", review_cost=None, **LOGIN)
    said = [str(difference) for difference in differences(running, here)]
    assert said == [
        "DB_HOST (empty; here: db)",
        "DB_USER (empty; here: u)",
        "DB_PASSWORD",
        "DB_NAME (empty; here: d)",
        "REVIEW_COST (3.0; here: empty)",
        "STARTING_OFFSETS (earliest; here: lake)",
    ]
    assert differences(here, here) == []
