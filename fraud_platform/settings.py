"""Every setting of the platform, read once: environment, then .env, then config/config.yaml.

The only module that looks at the environment. Build one `Settings` at a process
boundary with `load_settings()` and pass it on.
"""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from fraud_platform.errors import ConfigurationError
from fraud_platform.project_root import PROJECT_ROOT, existing, named_or_under_root, under_root

RootedPath = Annotated[Path, AfterValidator(under_root)]
OptionalFile = Annotated[Path | None, AfterValidator(existing)]


class Settings(BaseSettings):
    """Frozen settings; each field is set by the environment variable of its upper-case name."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        yaml_file=PROJECT_ROOT / "config" / "config.yaml",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=True,
        protected_namespaces=(),
    )

    kafka_broker: str = Field("127.0.0.1:9092", description="Bootstrap servers of the Kafka cluster.")
    kafka_topic: str = Field("transactions", description="Topic that transactions are read from.")
    kafka_labels_topic: str = Field("fraud_labels", description="Topic of fraud reports (chargebacks).")
    kafka_predictions_topic: str = Field("fraud_predictions", description="Topic that predictions are written to.")
    kafka_shadow_topic: str = Field(
        "fraud_shadow_predictions", description="Topic of what the model that does not decide makes of a transaction."
    )
    kafka_dead_letter_topic: str = Field("transactions_dead_letter", description="Topic of rejected messages.")
    kafka_events_topic: str = Field("scorer_events", description="Topic of the scorer's ledger.")
    kafka_partitions: int = Field(2, ge=1, description="Partitions of the topics that the platform creates.")
    kafka_group_id: str = Field(
        "fraud-scorer", description="Prefix of the scorer's consumer group and transactional id."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How clients talk to Kafka; Confluent Cloud wants SASL_SSL."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="How clients log in to Kafka under SASL."
    )
    kafka_username: str | None = Field(None, description="Kafka user, or the API key of Confluent Cloud.")
    kafka_password: SecretStr | None = Field(None, description="Kafka password, or the API secret of Confluent Cloud.")
    kafka_ca_file: OptionalFile = Field(
        None, description="PEM file of the authority that signed the brokers' certificates; empty: the system's."
    )

    db_host: str | None = Field(None, description="PostgreSQL host of Dagster's storage; empty: SQLite.")
    db_port: int = Field(5432, ge=1, le=65535, description="PostgreSQL port.")
    db_user: str | None = Field(None, description="PostgreSQL user.")
    db_password: SecretStr | None = Field(None, description="PostgreSQL password.")
    db_name: str | None = Field(None, description="PostgreSQL database.")

    minio_host: str | None = Field(
        None, description="S3 endpoint (host:port or URL) of the lake; empty: DATA_DIR/lake."
    )
    minio_access_key: str | None = Field(None, description="S3 access key.")
    minio_secret_key: SecretStr | None = Field(None, description="S3 secret key.")
    minio_bucket: str = Field("fraud-lake", description="S3 bucket of the lake.")
    minio_region: str = Field("us-east-1", description="S3 region.")

    seed: int = Field(20260101, ge=0, description="Seed of sampling, resampling, training and simulation.")
    epochs: int = Field(200, ge=1, description="Boosting rounds of the main model and epochs of the neural baseline.")
    learning_rate: float = Field(
        0.1, gt=0, le=1, description="Learning rate of the main model and the neural baseline."
    )
    batch_size: int = Field(
        4096, ge=1, description="Mini-batch of the neural baseline; rows per Arrow batch in the scorer."
    )
    smote_ratio: float = Field(
        0.02, ge=0, le=1, description="Frauds per legitimate row after SMOTE; 0 switches it off."
    )
    fraud_weight: float = Field(
        1.0, gt=0, description="Weight of a fraud against a legitimate row in fitting the main model."
    )
    search_trials: int = Field(
        0, ge=0, description="Trials of the search for the main model's hyper-parameters; 0: no search."
    )
    label_delay_days: int = Field(
        7, ge=0, description="Days after which an unreported transaction counts as legitimate."
    )
    card_blocked_days: int = Field(
        14, ge=0, description="Days after a fraud report in which models are not judged on the card; 0: none."
    )
    validation_days: int = Field(7, ge=1, description="Days of the validation split.")
    test_days: int = Field(7, ge=1, description="Days of the test split.")
    alert_budget_per_day: int = Field(50, ge=1, description="Most alerts a day that the decision threshold allows for.")
    min_alert_probability: float = Field(
        0.01, gt=0, le=1, description="Lowest decision threshold that a model is given, whatever the alert budget."
    )
    review_cost: float | None = Field(
        None, gt=0, description="Cost of looking at an alert; with it the threshold is the one that saves most."
    )
    fraud_threshold: float | None = Field(None, gt=0, le=1, description="Overrides the model's own decision threshold.")

    spark_master: str = Field("local[*]", description="Spark master URL.")
    spark_driver_memory: str = Field("2g", pattern=r"^\d+[kmgt]$", description="Memory of a Spark driver.")
    spark_executor_memory: str = Field("2g", pattern=r"^\d+[kmgt]$", description="Memory of a Spark executor.")
    spark_cores_max: int = Field(2, ge=1, description="Most cores of a cluster that one Spark application takes.")
    spark_driver_host: str | None = Field(
        None, description="Address at which a cluster's executors reach a Spark driver; empty: the host's name."
    )
    spark_shuffle_partitions: int = Field(2, ge=1, description="Shuffle partitions of batch jobs.")
    spark_ui_port: int = Field(4040, ge=1, le=65535, description="Port of the scorer's Spark UI.")

    bind_host: str = Field(
        "127.0.0.1", description="Address that the scorer's /metrics, /health and Spark UI listen on."
    )
    metrics_port: int = Field(9108, ge=1, le=65535, description="Port of the scorer's /metrics and /health.")
    starting_offsets: Literal["lake", "earliest"] = Field(
        "lake",
        description="Where a first scorer begins: after the `lake`'s rows, with their history, or `earliest`.",
    )
    on_deleted_messages: Literal["stop", "skip"] = Field(
        "stop",
        description="What a scorer does where Kafka deleted messages before they were scored: `stop`, or `skip` them.",
    )
    max_offsets_per_trigger: int = Field(
        50_000, ge=1, description="Most transactions in one micro-batch of the scorer."
    )
    scorer_max_restarts: int = Field(
        10, ge=0, description="Restarts in a row after which the scorer ends with its last error; 0: none."
    )
    scorer_stall_seconds: float = Field(
        300, ge=0, description="A scorer that reads nothing of what waits for so long is restarted; 0: never."
    )
    shadow_percent: float = Field(
        10, ge=0, le=100, description="Customers, by hash, that a challenger scores beside the champion, in percent."
    )
    shadow_min_rows: int = Field(
        0, ge=0, description="Transactions that a challenger looks on at before it may go on; 0: it does not wait."
    )
    canary_percent: float = Field(
        0, ge=0, le=100, description="Customers, by hash, that a canary decides on, in percent; 0: no canary."
    )
    canary_min_rows: int = Field(
        1_000, ge=1, description="Transactions that a canary decides on, inside the band, before it becomes champion."
    )
    canary_alert_factor: float = Field(
        3, ge=1, description="Times more, or fewer, alerts than the champion's at which a new version is sent back."
    )
    alert_rate_limit: float = Field(
        0.1, gt=0, le=1, description="Share of alerts among predictions over which promotions are held."
    )
    retrain_on_drift_days: int = Field(
        0, ge=0, description="Days after a drift that a training has to hold before drift asks for one; 0: never."
    )
    parity_max_age_hours: float = Field(
        24, gt=0, description="Age of scored transactions up to which the gate takes their features as evidence."
    )
    promotion_poll_seconds: float = Field(2, gt=0, description="Interval at which the scorer looks for a new champion.")
    promotion_timeout_seconds: float = Field(120, gt=0, description="Time the scorer has to take a promoted model.")

    declaration: Annotated[str, AfterValidator(named_or_under_root)] = Field(
        "simulated",
        description="Fields and features of a transaction: a name in config/declarations, or the path of a YAML file.",
    )
    start_date: date = Field(date(2026, 1, 1), description="First daily partition.")
    data_dir: RootedPath = Field(Path("data"), description="Lake, checkpoints, broker and MLflow files.")
    log_dir: RootedPath = Field(Path("logs"), description="Log files of the embedded stack.")
    jars_dir: RootedPath = Field(Path(".jars"), description="Jars of the broker and of Spark, filled by the set-up.")
    mlflow_tracking_uri: str = Field("http://127.0.0.1:5500", description="MLflow tracking server.")
    dagster_url: str = Field("http://127.0.0.1:3333", description="Dagster webserver.")
    model_name: str = Field("fraud-detector", description="Registered model in MLflow.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, .env, config/config.yaml: the first that names a field wins."""
        return init_settings, env_settings, dotenv_settings, YamlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _settings_fit_together(self) -> Self:
        """What would be ignored, or fail later with somebody else's words, is an error here."""
        protocol, login = self.kafka_security_protocol, (self.kafka_username, self.kafka_password)
        if protocol.startswith("SASL_"):
            _require(f"KAFKA_SECURITY_PROTOCOL={protocol}", KAFKA_USERNAME=login[0], KAFKA_PASSWORD=login[1])
        elif any(login):
            raise ValueError(f"KAFKA_USERNAME and KAFKA_PASSWORD have no use under KAFKA_SECURITY_PROTOCOL={protocol}")
        if self.kafka_ca_file and not protocol.endswith("SSL"):
            raise ValueError(f"KAFKA_CA_FILE has no use under KAFKA_SECURITY_PROTOCOL={protocol}")
        if self.minio_host:
            _require("MINIO_HOST", MINIO_ACCESS_KEY=self.minio_access_key, MINIO_SECRET_KEY=self.minio_secret_key)
        if self.shadow_min_rows and not self.shadow_percent:
            raise ValueError(
                f"SHADOW_MIN_ROWS={self.shadow_min_rows} would be waited for in vain under SHADOW_PERCENT=0: "
                "raise SHADOW_PERCENT, or set SHADOW_MIN_ROWS=0"
            )
        if self.db_host:
            _require("DB_HOST", DB_USER=self.db_user, DB_PASSWORD=self.db_password, DB_NAME=self.db_name)
        return self

    @cached_property
    def lake_uri(self) -> str:
        """Root of the Delta tables: a local folder, or s3://bucket where MINIO_HOST is set."""
        return f"s3://{self.minio_bucket}/lake" if self.minio_host else str(self.data_dir / "lake")

    @property
    def topics(self) -> tuple[str, ...]:
        """The six topics of the platform."""
        return (
            self.kafka_topic,
            self.kafka_labels_topic,
            self.kafka_predictions_topic,
            self.kafka_shadow_topic,
            self.kafka_dead_letter_topic,
            self.kafka_events_topic,
        )


def _require(cause: str, **values: object) -> None:
    if missing := [name for name, value in values.items() if not value]:
        raise ValueError(f"{cause} needs {' and '.join(missing)}")


def load_settings(**overrides: Any) -> Settings:
    """Settings of this process; raises ConfigurationError with one line per bad setting."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError("; ".join(map(_as_line, error.errors()))) from None


def _as_line(error: Any) -> str:
    if not error["loc"]:  # of several settings together; its input is all of them, secrets included
        return str(error["ctx"]["error"])
    return f"{'.'.join(map(str, error['loc'])).upper()}={error['input']!r}: {error['msg']}"
