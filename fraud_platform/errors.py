"""Every error that the platform raises on purpose.

FraudPlatformError
├── ConfigurationError       a setting is missing, malformed or contradicts another
├── ServiceUnavailableError  Kafka, MLflow, Java … cannot be reached (exit code 2)
├── AccessDeniedError        Kafka or S3 refuses the credentials, or they carry too few rights
├── LakeError                a table is missing or holds less than was asked for
├── TrainingError            the data cannot be split, fitted or calibrated
├── ModelError               a model version is not what it says it is
│   ├── BundleError          a file of the bundle is missing, malformed or altered
│   ├── FeatureSetMismatchError   the model was trained on another feature set
│   └── SlowModelError       it would hold the stream up
├── PromotionError           the scorer did not take the model in time, or refused it
│   └── ModelRefusedError    it refused it
├── DeadLetterError          a dead letter cannot be sent again, or is not there
├── ExactlyOnceError         the output marker contradicts the checkpoint
├── CheckpointInUseError     another scorer works on the same checkpoint
└── RepartitionedError       the topic got new partitions, which the scorer's checkpoint does not cover

A message names the thing, its value and the way out.
"""


class FraudPlatformError(Exception):
    """Base of all errors that a user may meet."""


class ConfigurationError(FraudPlatformError):
    pass


class ServiceUnavailableError(FraudPlatformError):
    pass


class AccessDeniedError(FraudPlatformError):
    pass


class LakeError(FraudPlatformError):
    pass


class TrainingError(FraudPlatformError):
    pass


class ModelError(FraudPlatformError):
    pass


class BundleError(ModelError):
    pass


class FeatureSetMismatchError(ModelError):
    pass


class SlowModelError(ModelError):
    pass


class PromotionError(FraudPlatformError):
    pass


class ModelRefusedError(PromotionError):
    pass


class DeadLetterError(FraudPlatformError):
    pass


class ExactlyOnceError(FraudPlatformError):
    pass


class CheckpointInUseError(FraudPlatformError):
    pass


class RepartitionedError(FraudPlatformError):
    pass
