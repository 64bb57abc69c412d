"""S3: the lake's options for deltalake and for Spark, and what S3's refusals mean to a person."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import DeltaError

from fraud_platform.errors import AccessDeniedError, ServiceUnavailableError
from fraud_platform.settings import Settings


def s3_endpoint(settings: Settings) -> str | None:
    """URL of the S3 server; plain http where MINIO_HOST names no scheme. None for a local lake."""
    host = settings.minio_host
    return host if host is None or "://" in host else f"http://{host}"


def s3_options(settings: Settings) -> dict[str, str] | None:
    """Options of deltalake's S3 client, by the names that object_store gives them; None for a local lake."""
    endpoint = s3_endpoint(settings)
    if endpoint is None:
        return None
    access_key, secret_key = _keys(settings)
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": str(endpoint.startswith("http://")).lower(),
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_REGION": settings.minio_region,
        # Two writers of one version: the second one is refused, without a lock service.
        "aws_conditional_put": "etag",
    }


def spark_s3_options(settings: Settings) -> dict[str, str]:
    """Options of Hadoop's S3 client, as Spark takes them, without the keys; none for a local lake."""
    endpoint = s3_endpoint(settings)
    if endpoint is None:
        return {}
    options = {
        "endpoint": endpoint,
        "endpoint.region": settings.minio_region,
        "path.style.access": "true",
        "connection.ssl.enabled": str(endpoint.startswith("https://")).lower(),
    }
    return {f"spark.hadoop.fs.s3a.{name}": value for name, value in options.items()}


def hadoop_s3_keys(settings: Settings) -> dict[str, str]:
    """The keys, under Hadoop's own names; none for a local lake."""
    if s3_endpoint(settings) is None:
        return {}
    access_key, secret_key = _keys(settings)
    return {"fs.s3a.access.key": access_key, "fs.s3a.secret.key": secret_key}


def _keys(settings: Settings) -> tuple[str, str]:
    """Access and secret key, which Settings has checked to be there."""
    secret = settings.minio_secret_key
    return settings.minio_access_key or "", secret.get_secret_value() if secret else ""


@contextmanager
def s3_errors(settings: Settings) -> Iterator[None]:
    """Turns what deltalake says of S3 into one line; a local lake's errors pass.

    Raises AccessDeniedError where S3 refuses the keys, else ServiceUnavailableError.
    """
    try:
        yield
    except (OSError, DeltaError) as error:
        words = str(error)
        # In the middle of a write, S3's silence is an error of the writer's.
        if settings.minio_host is None or (isinstance(error, DeltaError) and "S3 error" not in words):
            raise
        server = f"S3 at MINIO_HOST={settings.minio_host}"
        code = match.group(1) if (match := re.search(r"<Code>(\w+)</Code>", words)) else None
        if code == "NoSuchBucket":
            raise ServiceUnavailableError(
                f"{server} has no bucket MINIO_BUCKET={settings.minio_bucket}: create it, or correct MINIO_BUCKET"
            ) from error
        if "403 Forbidden" in words or "401 Unauthorized" in words:
            raise AccessDeniedError(
                f"{server} refuses MINIO_ACCESS_KEY={settings.minio_access_key} ({code or 'forbidden'}): "
                "correct MINIO_ACCESS_KEY and MINIO_SECRET_KEY, or grant it the bucket"
            ) from error
        if code:
            raise ServiceUnavailableError(
                f"{server} answers with {code}: correct MINIO_HOST, MINIO_REGION or MINIO_BUCKET, or see its log"
            ) from error
        raise ServiceUnavailableError(
            f"{server} does not answer (no connection): start it, or correct MINIO_HOST"
        ) from error
