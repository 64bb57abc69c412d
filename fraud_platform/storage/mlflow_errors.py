"""MLflow's errors in the platform's words: which say that the server is away, which that it refuses, and what."""

import re
from typing import TYPE_CHECKING

from fraud_platform.errors import AccessDeniedError, FraudPlatformError, ModelError, ServiceUnavailableError
from fraud_platform.settings import Settings

if TYPE_CHECKING:
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException

NOT_THERE = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"})
"""What MLflow answers where the registered model, a version or its alias is not there."""
REFUSED_STATUS = (401, 403)
_RETRIED = re.compile(r"too many (\d{3}) error responses")
"""What urllib3 says after the last retry of a server that answers with errors."""
LONGEST_ANSWER = 200
"""Characters of the server's own words in a message; a proxy answers with whole pages."""


def mlflow_failure(settings: Settings, error: "MlflowException | RequestException", action: str) -> FraudPlatformError:
    """The error to raise; action as in 'download version 3'.

    ModelError where a version is not there, AccessDeniedError where the login is refused or
    lacks a right, and ServiceUnavailableError for everything that may pass: no answer, too many requests, a fault
    of the server.
    """
    uri, status = settings.mlflow_tracking_uri, _http_status(error)
    answer = " ".join(str(error).split())[:LONGEST_ANSWER]
    if getattr(error, "error_code", None) in NOT_THERE:
        return ModelError(f"MLflow refused to {action} of {settings.model_name}: {answer}")
    if status in REFUSED_STATUS:
        return AccessDeniedError(
            f"MLflow at MLFLOW_TRACKING_URI={uri} refused to {action} with HTTP status {status}: "
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of a user who may"
        )
    if status is not None:
        return ServiceUnavailableError(
            f"MLflow at MLFLOW_TRACKING_URI={uri} did not {action}, HTTP status {status}: {answer}"
        )
    return ServiceUnavailableError(
        f"MLflow at MLFLOW_TRACKING_URI={uri} does not answer: "
        "start a local one with 'fraud up', or correct MLFLOW_TRACKING_URI"
    )


def _http_status(error: "MlflowException | RequestException") -> int | None:
    """The status that the server answered with; None where there was no answer."""
    from mlflow.exceptions import MlflowException, RestException

    if not isinstance(error, MlflowException):
        return getattr(error.response, "status_code", None)
    if retried := _RETRIED.search(error.message):
        return int(retried[1])
    # A connection that fails has the error code of a server's fault, but is no answer.
    answered = isinstance(error, RestException) or "failed with error code" in error.message
    if "not in a valid JSON format" in error.message:  # a proxy's page
        return 200
    return error.get_http_status_code() if answered else None
