"""Every error that the platform raises on purpose.

FraudPlatformError
├── ConfigurationError       a setting is missing, malformed or contradicts another
│   └── DeclarationError     a declaration has faults; it carries each of them
├── ServiceUnavailableError  Kafka, MLflow, Java … cannot be reached (exit code 2)
├── AccessDeniedError        Kafka or S3 refuses the credentials, or they carry too few rights
├── LakeError                a table is missing or holds less than was asked for
├── UnknownDayError          a day that no table has: before START_DATE, after today, or none at all
├── TrainingError            the data cannot be split, fitted or calibrated
├── ModelError               a model version is not what it says it is
│   ├── BundleError          a file of the bundle is missing, malformed or altered
│   ├── FeatureSetMismatchError   the model was trained on another feature set
│   ├── FrameError           rows of one's own lack columns or values that a model reads
│   └── SlowModelError       it would hold the stream up
├── PromotionError           the scorer did not take the model in time, or refused it
│   └── ModelRefusedError    it refused it
├── ReviewError              a review names no transaction that is known, or one that could be several customers'
├── DeadLetterError          a dead letter cannot be sent again, or is not there
├── ExactlyOnceError         the output marker contradicts the checkpoint
├── DeletedMessagesError     Kafka deleted messages before they were scored
├── OvertakenError           the former scorer wrote on while this one made its checkpoint
├── CheckpointInUseError     another scorer works on the same checkpoint
├── RepartitionedError       the topic got new partitions, which the scorer's checkpoint does not cover
├── TopicRecreatedError      the topic was deleted, and perhaps created anew, under a running scorer
└── TransactionTimeoutError  the scorer stood still for longer than a Kafka transaction may last

A message names the thing, its value and the way out.
"""


class FraudPlatformError(Exception):
    """Base of all errors that a user may meet."""


class ConfigurationError(FraudPlatformError):
    pass


class DeclarationError(ConfigurationError):
    """faults: one line each, with its place; the message has the first of them only."""

    def __init__(self, message: str, faults: tuple[str, ...]) -> None:
        super().__init__(message)
        self.faults = faults


class ServiceUnavailableError(FraudPlatformError):
    pass


class AccessDeniedError(FraudPlatformError):
    pass


class LakeError(FraudPlatformError):
    pass


class UnknownDayError(FraudPlatformError):
    pass


class TrainingError(FraudPlatformError):
    pass


class ModelError(FraudPlatformError):
    pass


class BundleError(ModelError):
    pass


class FeatureSetMismatchError(ModelError):
    pass


class FrameError(ModelError):
    pass


class SlowModelError(ModelError):
    pass


class PromotionError(FraudPlatformError):
    pass


class ModelRefusedError(PromotionError):
    pass


class ReviewError(FraudPlatformError):
    pass


class DeadLetterError(FraudPlatformError):
    pass


class ExactlyOnceError(FraudPlatformError):
    pass


class DeletedMessagesError(FraudPlatformError):
    pass


class OvertakenError(FraudPlatformError):
    pass


class CheckpointInUseError(FraudPlatformError):
    pass


class RepartitionedError(FraudPlatformError):
    pass


class TopicRecreatedError(FraudPlatformError):
    pass


class TransactionTimeoutError(FraudPlatformError):
    pass
