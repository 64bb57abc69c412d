"""What the launchpad shows is what would happen anyway, and what somebody changes there is what happens."""

import dagster as dg
import pytest

from fraud_platform.definitions import defs
from fraud_platform.defs.code_location import SETTINGS
from fraud_platform.defs.models.assets import CandidateModelsConfig
from fraud_platform.defs.training.assets import ResampledTrainingSetConfig
from fraud_platform.errors import ConfigurationError

FIELDS = ("epochs", "learning_rate", "batch_size", "smote_ratio", "fraud_weight", "search_trials")


def test_each_field_starts_at_the_setting_in_force_and_tells_its_range() -> None:
    fields = CandidateModelsConfig.to_fields_dict()
    assert {name: fields[name].default_value for name in FIELDS} == {name: getattr(SETTINGS, name) for name in FIELDS}
    assert fields["references"].default_value is True
    assert "Allowed: above 0 and at most 1. Setting: LEARNING_RATE." in fields["learning_rate"].description
    assert ResampledTrainingSetConfig.to_fields_dict()["smote_ratio"].default_value == SETTINGS.smote_ratio


def test_what_is_left_as_shown_or_null_is_no_choice() -> None:
    assert CandidateModelsConfig().changed() == {}
    assert CandidateModelsConfig(epochs=SETTINGS.epochs, smote_ratio=None).changed() == {}
    assert CandidateModelsConfig(epochs=SETTINGS.epochs + 1, references=False).changed() == {
        "epochs": SETTINGS.epochs + 1,
        "references": False,
    }


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        ({"epochs": 0}, "epochs=0 is not allowed: at least 1"),
        ({"learning_rate": 1.5}, "learning_rate=1.5 is not allowed: above 0 and at most 1"),
        ({"learning_rate": float("nan")}, "learning_rate=nan is not allowed: above 0 and at most 1"),
        ({"smote_ratio": -0.1, "epochs": -3}, "epochs=-3 is not allowed: at least 1; smote_ratio=-0.1 is not"),
        ({"fraud_weight": 0}, "fraud_weight=0 is not allowed: above 0"),
        ({"search_trials": -1}, "search_trials=-1 is not allowed: at least 0"),
        ({"references": None}, "references=None is not allowed: Input should be a valid boolean"),
    ],
)
def test_a_value_out_of_range_names_the_range(chosen: dict, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        CandidateModelsConfig(**chosen)
    assert complaint in str(error.value)


@pytest.mark.parametrize("name", ["epoch", "lr", "SMOTE_RATIO"])
def test_a_wrong_name_is_answered_with_the_right_ones(name: str) -> None:
    job = defs.resolve_job_def("train_fraud_detection_model")
    with pytest.raises(dg.DagsterInvalidConfigError) as error:
        dg.validate_run_config(job, {"ops": {"candidate_models": {"config": {name: 1}}}})
    message = str(error.value)
    assert f'unexpected config entry "{name}"' in message
    assert all(f"{field}?:" in message for field in (*FIELDS, "references"))
