"""Pictures of an evaluation, as PNG bytes. Built without pyplot, whose figures are global state."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, precision_recall_curve

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.png import png
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.evaluate import DayEvaluation

FRAUD, LEGITIMATE = "#c0392b", "#2c6e9b"


def precision_recall(curves: Mapping[str, Floats], labels: Bools) -> bytes:
    """Precision over recall of each named candidate's probabilities (n,)."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, probabilities in curves.items():
        precision, recall, _ = precision_recall_curve(labels, probabilities)
        area = average_precision_score(labels, probabilities)
        axes.step(recall, precision, where="post", label=f"{name} (AP {area:.3f})")
    axes.axhline(labels.mean(), color="grey", linestyle=":", label="base rate")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="upper right")
    return png(figure)


def calibration(probabilities: Floats, labels: Bools, bins: int = 20) -> bytes:
    """Observed fraud rate over mean probability, in bins of equal row count, on logarithmic axes."""
    parts = np.array_split(np.argsort(probabilities, kind="stable"), min(bins, len(labels)))
    mean = np.array([probabilities[part].mean() for part in parts])
    rate = np.array([labels[part].mean() for part in parts])
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    floor = 0.5 / len(labels)
    axes.plot([floor, 1], [floor, 1], color="grey", linestyle=":", label="perfect")
    axes.plot(np.maximum(mean, floor), np.maximum(rate, floor), "o-", color=FRAUD, label="model")
    axes.set(xlabel="mean probability", ylabel="fraud rate", xscale="log", yscale="log")
    axes.legend(loc="upper left")
    return png(figure)


def score_histogram(probabilities: Floats, labels: Bools, threshold: float) -> bytes:
    """Transactions over probability by class, with the decision threshold."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    edges = np.linspace(0, 1, 41).tolist()
    axes.hist(probabilities[~labels], edges, color=LEGITIMATE, alpha=0.7, label="legitimate")
    axes.hist(probabilities[labels], edges, color=FRAUD, alpha=0.7, label="fraud")
    axes.axvline(threshold, color="black", linestyle="--", label=f"threshold {threshold:.3f}")
    axes.set(xlabel="probability", ylabel="transactions", yscale="log")
    axes.legend(loc="upper center")
    return png(figure)


def alerts_by_day(days: Sequence[DayEvaluation], alert_budget_per_day: int) -> bytes:
    """Alerts and frauds of each day, with the budget."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(days))
    axes.bar(places - 0.2, [day.alerts for day in days], 0.4, color=LEGITIMATE, label="alerts")
    axes.bar(places + 0.2, [day.frauds for day in days], 0.4, color=FRAUD, label="frauds")
    axes.axhline(alert_budget_per_day, color="black", linestyle="--", label=f"budget {alert_budget_per_day}")
    axes.set_xticks(places, [day.day[5:] for day in days], rotation=45)
    axes.set(ylabel="transactions")
    axes.legend(loc="upper right")
    return png(figure)


def threshold_against_money(probabilities: Floats, rows: DatedRows, threshold: float) -> bytes:
    """Defrauded amount a day that lies in alerts, and alerts a day, over the threshold."""
    order = np.argsort(-probabilities, kind="stable")
    caught = np.cumsum(np.where(rows.labels, rows.amounts, 0.0)[order]) / rows.day_count
    alerts = np.arange(1, len(order) + 1) / rows.day_count
    figure = Figure(figsize=(6, 4), layout="constrained")
    money = figure.subplots()
    money.plot(probabilities[order], caught, color=FRAUD, label="frauds caught")
    money.axhline(caught[-1], color=FRAUD, linestyle=":", label="all frauds")
    money.axvline(threshold, color="black", linestyle="--", label=f"threshold {threshold:.3f}")
    count = money.twinx()
    count.plot(probabilities[order], alerts, color=LEGITIMATE)
    count.set_yscale("log")
    count.set_ylabel("alerts a day", color=LEGITIMATE)
    money.set(xlabel="threshold", ylabel="amount a day", xlim=(0, 1), ylim=(0, None))
    money.legend(loc="upper right")
    return png(figure)


def feature_importance(importance: Mapping[str, float], top: int = 20) -> bytes:
    """The `top` features by importance, in per cent."""
    ranked = sorted(importance.items(), key=lambda item: item[1])[-top:]
    figure = Figure(figsize=(6, 0.5 + 0.25 * len(ranked)), layout="constrained")
    axes = figure.subplots()
    axes.barh([name for name, _ in ranked], [value for _, value in ranked], color=LEGITIMATE)
    axes.set(xlabel="importance, %")
    return png(figure)
