"""The model bundle: all that a decision needs, and how it scores. storage/bundle_folder.py writes and reads it."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
from catboost import CatBoostClassifier, CatBoostError

from fraud_platform.core.arrays import Floats
from fraud_platform.core.calibration import Calibration
from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.listed import listed
from fraud_platform.core.monitoring.reference import DriftReference
from fraud_platform.core.ranking import Ranking
from fraud_platform.core.shap import ShapTable, shap_table, strongest
from fraud_platform.core.training.category_codes import CategoryCodes
from fraud_platform.errors import BundleError, FeatureSetMismatchError

MODEL, CARD, REFERENCE = "model.cbm", "bundle.json", "reference.npz"
"""Files: the model in CatBoost's own form, the card, and rows with the probabilities that they must get."""
REFERENCE_TOLERANCE = 1e-9
FORMAT = 1


class BundleCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is, what it was made from and how it decides: the content of bundle.json."""

    format: int = FORMAT
    model_name: str
    features: list[Feature]
    feature_set: str
    categories: dict[str, list[float]] = {}
    """Feature that is a category → its known values, by whose places the model knows them."""
    calibration_method: str
    calibration_scores: list[float]
    calibration_probabilities: list[float]
    threshold: float
    threshold_chosen_by: str = "alert budget"
    alert_budget_per_day: int
    snapshot: dict[str, Any]
    """Offset ranges and table versions of the training set."""
    metrics: dict[str, float]
    rankings: dict[str, Ranking] = {}
    """Of this model, the first, and of the references that were trained beside it; an older bundle has none."""
    drift_reference: DriftReference | None = None
    """What drift is measured against; an older bundle has none."""
    seed: int
    libraries: dict[str, str]
    """Versions that trained the model."""


class Contributions(NamedTuple):
    """What moves each row's log-odds away from those of a row that nothing is known about."""

    values: Floats
    """(n, F): positive where the feature raises the risk."""
    base: Floats
    """(n,): the log-odds without any feature; base and a row's values add up to the row's log-odds."""


@dataclass(frozen=True)
class ModelBundle:
    """A trained model with its calibration, threshold and reference rows."""

    card: BundleCard
    model: CatBoostClassifier
    calibration: Calibration
    reference_features: Floats
    reference_probabilities: Floats
    thread_count: int = -1
    """Threads of one `score` call; -1 for all cores."""
    columns: tuple[int, ...] | None = None
    """Where its features stand in the rows that it is given; None where it is given its own. See `reading`."""

    @property
    def threshold(self) -> float:
        """Calibrated probability from which on a transaction is an alert."""
        return self.card.threshold

    @classmethod
    def build(cls, card: BundleCard, model: CatBoostClassifier, reference_features: Floats) -> "ModelBundle":
        """A bundle whose reference rows (m, F) are scored with the model as it is now."""
        calibration = _calibration(card)
        probabilities = calibration(_raw_scores(model, _codes(card).coded(reference_features), -1))
        return cls(card, model, calibration, reference_features, probabilities)

    def encode(self) -> dict[str, bytes]:
        """Content of the files CARD and REFERENCE; CatBoost itself writes the third one, MODEL."""
        reference = io.BytesIO()
        np.savez_compressed(reference, features=self.reference_features, probabilities=self.reference_probabilities)
        return {CARD: msgspec.json.format(msgspec.json.encode(self.card), indent=2), REFERENCE: reference.getvalue()}

    @classmethod
    def decode(cls, files: Mapping[str, bytes], name: str, thread_count: int = -1) -> "ModelBundle":
        """A bundle from the content of its files; raises BundleError, with the bundle's name, for a malformed one."""
        try:
            card = msgspec.json.decode(files[CARD], type=BundleCard)
            model = CatBoostClassifier().load_model(blob=files[MODEL])
            with np.load(io.BytesIO(files[REFERENCE]), allow_pickle=False) as reference:
                features, probabilities = reference["features"], reference["probabilities"]
            bundle = cls(card, model, _calibration(card), features, probabilities, thread_count)
        except (msgspec.MsgspecError, CatBoostError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(f"model bundle {name} is malformed: {error}") from error
        bundle._check_shapes(name)
        if not 0 < card.threshold <= 1:
            raise BundleError(
                f"model bundle {name} has the threshold {card.threshold:g}, which has to lie in (0, 1]: "
                "at 0 every transaction would be an alert, and above 1 none could be"
            )
        return bundle

    def reading(self, features: Sequence[Feature]) -> "ModelBundle":
        """The same model for rows of these features, of which it takes its own.

        Raises FeatureSetMismatchError where one of its own is not among them, or is another one by the same name.
        """
        places = {feature.name: place for place, feature in enumerate(features)}
        lacking = [
            own.name
            for own in self.card.features
            if own.name not in places or not own.is_same(features[places[own.name]])
        ]
        if lacking:
            raise FeatureSetMismatchError(
                f"{self.card.model_name} reads {listed(lacking)}, which the declaration in force does not have, or "
                "computes in another way: declare them as before until no model reads them, or train again"
            )
        columns = tuple(places[own.name] for own in self.card.features)
        return replace(self, columns=None if columns == tuple(range(len(features))) else columns)

    def verify(self) -> None:
        """Prove that this process can serve the model.

        Raises BundleError where the reference rows do not get the probabilities that they had in training.
        """
        difference = float(np.max(np.abs(self.score_own(self.reference_features) - self.reference_probabilities)))
        # Written so that a NaN fails, too.
        if not difference <= REFERENCE_TOLERANCE:
            raise BundleError(
                f"{self.card.model_name} does not reproduce its {len(self.reference_features)} reference scores: "
                f"they differ by up to {difference:.3g}, {REFERENCE_TOLERANCE:g} is allowed"
            )
        # Builds the table of contributions now, and not in the middle of a batch with the first alert.
        self.contributions_of_own(self.reference_features[:1])

    def own(self, features: Floats) -> Floats:
        """The model's own features (n, F) of rows as `reading` was told them."""
        return features if self.columns is None else features[:, self.columns]

    def score(self, features: Floats) -> Floats:
        """Calibrated probabilities of fraud (n,) of feature rows (n, F)."""
        return self.score_own(self.own(features))

    def score_own(self, features: Floats) -> Floats:
        """The same of rows of its own features, such as the reference rows."""
        if len(features) == 0:
            return np.empty(0)
        return self.calibration(_raw_scores(self.model, self._codes.coded(features), self.thread_count))

    def coded(self, features: Floats) -> Floats:
        """Rows (n, F) of its own features with its codes of categories; 0 is a value that it does not know."""
        return self._codes.coded(features)

    @cached_property
    def _codes(self) -> CategoryCodes:
        return _codes(self.card)

    @cached_property
    def _shap(self) -> ShapTable:
        return shap_table(self.model)

    def contributions(self, features: Floats) -> Contributions:
        """SHAP values of feature rows (n, F), in log-odds before calibration, one for each of its own features."""
        return self.contributions_of_own(self.own(features))

    def contributions_of_own(self, features: Floats) -> Contributions:
        """The same of rows of its own features."""
        values = self._shap.values(_model_input(self._codes.coded(features)), self.thread_count)
        return Contributions(values, np.full(len(features), self._shap.base))

    def reasons(self, features: Floats, top: int = 3) -> list[list[str]]:
        """For each row (n, F) its `top` features in words, the one that moves its score most first."""
        return self.reasons_of_own(self.own(features), top)

    def reasons_of_own(self, features: Floats, top: int = 3) -> list[list[str]]:
        """The same of rows of its own features."""
        if len(features) == 0:
            return []
        return reasons_of(self.card.features, features, self.contributions_of_own(features), top)

    def _check_shapes(self, bundle: str) -> None:
        count = len(self.card.features)
        features, probabilities = self.reference_features, self.reference_probabilities
        if unknown := self.card.categories.keys() - {feature.name for feature in self.card.features}:
            raise BundleError(f"model bundle {bundle} is malformed: {sorted(unknown)} are no features of it")
        if list(self.model.feature_names_) != [feature.name for feature in self.card.features]:
            raise BundleError(f"model bundle {bundle} is malformed: {MODEL} and {CARD} name different features")
        if (drift := self.card.drift_reference) and (fault := drift.fault(count)):
            raise BundleError(f"model bundle {bundle} is malformed: {fault}")
        if len(features) == 0 or features.shape != (len(features), count) or probabilities.shape != (len(features),):
            raise BundleError(
                f"model bundle {bundle} is malformed: reference rows of shape {features.shape} for {count} features"
            )


def reasons_of(
    declared: Sequence[Feature], features: Floats, contributions: Contributions, top: int
) -> list[list[str]]:
    """The `top` strongest features of each row (n, F), in the words of their declaration, with their direction."""
    names = [feature.name for feature in declared]
    reasons = []
    for row, moved, columns in zip(
        features.tolist(), contributions.values, strongest(contributions.values, top), strict=True
    ):
        named = dict(zip(names, row, strict=True))
        reasons.append(
            [
                f"{declared[j].sentence(row[j], named)}, {'raises' if moved[j] > 0 else 'lowers'} the risk"
                for j in columns
                if moved[j] != 0
            ]
        )
    return reasons


def _codes(card: BundleCard) -> CategoryCodes:
    return CategoryCodes.of_names(card.categories, [feature.name for feature in card.features])


def _calibration(card: BundleCard) -> Calibration:
    return Calibration(
        np.asarray(card.calibration_scores), np.asarray(card.calibration_probabilities), card.calibration_method
    )


def _model_input(features: Floats) -> np.ndarray:
    """float32 in column order: CatBoost reads it in place, which halves the time of a row-ordered float64 matrix."""
    return np.asfortranarray(features, dtype=np.float32)


def _raw_scores(model: CatBoostClassifier, features: Floats, thread_count: int) -> Floats:
    log_odds = model.predict(_model_input(features), prediction_type="RawFormulaVal", thread_count=thread_count)
    return 1.0 / (1.0 + np.exp(-log_odds))
