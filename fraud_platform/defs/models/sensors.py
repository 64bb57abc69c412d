"""From a registered model to the running scorer without a person, and what watches on the way."""

from collections.abc import Iterator
from itertools import islice

import dagster as dg

from fraud_platform.defs.models.candidate_run import REGISTERED
from fraud_platform.defs.models.gate import Registration, registration_of, registrations
from fraud_platform.defs.models.jobs import VERSION_TAG, judge_model, judging, promote_model, promoting
from fraud_platform.defs.models.rollout import limits_of, rollout_state
from fraud_platform.defs.owners import OWNERS
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CANARY, CHALLENGER
from fraud_platform.operations.rollout import Action, Step, Verdict
from fraud_platform.resources.platform import PlatformResource


@dg.asset_sensor(
    asset_key=REGISTERED,
    job=judge_model,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests judge_model, the gate, for each version of registered_model, however it was materialised.",
    tags={"owner": OWNERS[0].replace(":", "/")},
)
def registered_model_sensor(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
    """A tick may find several versions; the first one of all takes the newest only."""
    if context.cursor:
        found = list(registrations(context.instance, after_storage_id=int(context.cursor)))
    else:
        found = list(islice(registrations(context.instance), 1))
    for registration in reversed(found):
        yield _judge(registration)


def _judge(registration: Registration) -> dg.RunRequest:
    version = registration.version
    return dg.RunRequest(
        run_key=f"judge-{version}-{registration.storage_id}",
        run_config=judging(version),
        tags={VERSION_TAG: str(version)},
    )


@dg.sensor(
    job=promote_model,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Moves a version that passed the gate on: challenger, which only looks on; canary, which decides on "
        "CANARY_PERCENT of customers; champion, by requesting promote_model. A version that the gate refused gets the "
        "reasons as tags, and never an alias."
    ),
    owners=OWNERS,
)
def rollout_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.RunRequest | dg.SkipReason:
    """One step a tick; what is remembered stands in MLflow, so there is no cursor."""
    step = rollout.next_step(rollout_state(context.instance, platform), limits_of(platform.settings))
    if step.version is None or step.action is Action.WAIT:
        return dg.SkipReason(step.reason)
    context.log.info("version %s: %s: %s", step.version, step.action, step.reason)
    if step.action is Action.PROMOTE:
        rollout.write_verdict_passed(platform.registry, step.version)
        return dg.RunRequest(
            run_key=_promotion_key(context.instance, step.version),
            run_config=promoting(step.version, step.reason),
            tags={VERSION_TAG: str(step.version)},
        )
    return dg.SkipReason(_take(platform, step, step.version))


def _take(platform: PlatformResource, step: Step, version: int) -> str:
    """Take a step that needs no run; returns what has been done, in words."""
    registry = platform.registry
    match step.action:
        case Action.REFUSE:
            rollout.write_verdict(registry, version, Verdict.REFUSED, step.reason)
            return f"version {version} was refused: {step.reason}"
        case Action.CHALLENGE:
            rollout.write_verdict_passed(registry, version)
            registry.set_alias(CHALLENGER, version)
            return f"version {version} passed the gate and is the challenger"
        case Action.TRY:
            registry.set_alias(CANARY, version)
            registry.take_alias(CHALLENGER, version)
            return f"version {version} is the canary: it {step.reason}"
        case Action.STOP:
            rollout.stop(registry, version, step.reason)
            return f"version {version} is stopped: {step.reason}"
        case _:
            rollout.tidy(registry, version)
            return f"version {version} is on its way no longer: {step.reason}"


def _promotion_key(instance: dg.DagsterInstance, version: int) -> str:
    """One request for each registration: after a reset of MLflow there is another version of the same number."""
    registration = registration_of(instance, version)
    return f"promote-{version}-{registration.storage_id if registration else 0}"
