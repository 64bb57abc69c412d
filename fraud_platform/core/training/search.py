"""Search of the main candidate's hyper-parameters on the validation split: bounded, seeded and pruned, by Optuna."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import optuna

from fraud_platform.core.training.candidates import boosted, rows_pool, thinned
from fraud_platform.core.training.dataset import DatedRows, TrainRows
from fraud_platform.core.training.params import Boosting

MAX_LEGITIMATE = 100_000
"""Legitimate rows that a trial is fitted on at most; leaving some out moves the prior only (King and Zeng 2001)."""
UNPRUNED_TRIALS, UNPRUNED_ROUNDS, PRUNING_INTERVAL = 4, 30, 10


@dataclass(frozen=True)
class SearchTrial:
    """One set of hyper-parameters, and the average precision on validation that it reached."""

    number: int
    """From 1 on."""
    boosting: Boosting
    average_precision: float
    pruned: bool
    """Given up, because trials before were better by then."""


def search(
    train: TrainRows,
    validation: DatedRows,
    start: Boosting,
    trials: int,
    seed: int,
    on_trial: Callable[[SearchTrial], None],
) -> Boosting:
    """The best hyper-parameters of `trials` trials, of which `start` is the first; `on_trial` gets each as it ends.

    A tree-structured Parzen estimator proposes (Bergstra et al. 2011); a trial that lies
    below the median of those before it, at the same number of trees, is given up.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    fitted_on, judged_on = rows_pool(_thinned(train, seed)), rows_pool(validation)

    def objective(trial: optuna.Trial) -> float:
        boosting = _proposal(trial, start)
        watch = _Watch(trial)
        boosted(boosting, seed, early_stopping=True).fit(fitted_on, eval_set=judged_on, callbacks=[watch])
        on_trial(SearchTrial(trial.number + 1, boosting, watch.best, watch.pruned))
        if watch.pruned:
            raise optuna.TrialPruned
        return watch.best

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(10, max(1, trials // 2))),
        pruner=optuna.pruners.MedianPruner(UNPRUNED_TRIALS, UNPRUNED_ROUNDS, PRUNING_INTERVAL),
    )
    study.enqueue_trial(_named(start))
    study.optimize(objective, n_trials=trials)
    return replace(start, **study.best_params)


class _Watch:
    """CatBoost's callback after each tree: keeps the best average precision, and asks whether to go on."""

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial, self.best, self.pruned = trial, 0.0, False

    def after_iteration(self, progress: Any) -> bool:
        """Whether to fit another tree."""
        measured = next(v for name, v in progress.metrics["validation"].items() if name.startswith("PRAUC"))
        self.best = max(self.best, measured[-1])
        self._trial.report(self.best, progress.iteration)
        self.pruned = self._trial.should_prune()
        return not self.pruned


def _proposal(trial: optuna.Trial, start: Boosting) -> Boosting:
    return replace(
        start,
        learning_rate=trial.suggest_float("learning_rate", 0.01, 1, log=True),
        depth=trial.suggest_int("depth", 4, 8),
        leaf_regularisation=trial.suggest_float("leaf_regularisation", 1, 30, log=True),
    )


def _named(boosting: Boosting) -> dict[str, float]:
    names = ("learning_rate", "depth", "leaf_regularisation")
    return {name: getattr(boosting, name) for name in names}


def _thinned(train: TrainRows, seed: int) -> TrainRows:
    rows = thinned(train.labels, MAX_LEGITIMATE, seed)
    return TrainRows(train.features[rows], train.labels[rows], train.synthetic[rows])
