"""`fraud doctor` names each part that it reaches, and says what is wrong with the others."""

import pytest

from fraud_platform.local.doctor import examine

PARTS = ("postgresql", "s3", "spark", "kafka")


def findings(settings) -> dict[str, tuple[bool, str]]:
    return {found.name: (found.ok, found.detail) for found in examine(settings) if found.name.endswith(" answers")}


@pytest.fixture
def everything(postgres, s3, secured, cluster) -> dict[str, object]:
    return {name: value for part in (postgres, s3, secured, cluster) for name, value in part.settings().items()}


def test_each_part_of_the_full_stack_is_reached(everything, make_settings):
    found = findings(make_settings(**everything))
    assert all(found[f"{part} answers"][0] for part in PARTS), found


@pytest.mark.parametrize(
    ("change", "part", "words"),
    [
        ({"db_password": "wrong"}, "postgresql", 'password authentication failed for user "dagster"'),
        ({"minio_secret_key": "wrong"}, "s3", "refuses MINIO_ACCESS_KEY=access"),
        ({"kafka_password": "wrong"}, "kafka", "refuses KAFKA_USERNAME=fraud"),
        ({"spark_master": "spark://127.0.0.1:1"}, "spark", "no answer"),
    ],
    ids=["postgresql", "s3", "kafka", "spark"],
)
def test_a_part_that_is_not_reached_says_why(everything, make_settings, change, part, words):
    found = findings(make_settings(**{**everything, **change}))
    ok, detail = found[f"{part} answers"]
    assert not ok
    assert words in detail
    others = [other for other in PARTS if other != part]
    assert all(found[f"{other} answers"][0] for other in others), found
