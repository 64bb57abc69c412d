"""What is left of a schedule, counted message by message, whatever was sent before and wherever it stopped."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.feeding.messages import Message
from fraud_platform.feeding.unsent import Unsent
from fraud_platform.messages.schemas import Label, encode


class Lists:
    """A schedule of lists that are given."""

    def __init__(self, lists: list[list[Message]], waiting: list[Message]) -> None:
        self._lists, self.waiting = lists, waiting

    def __iter__(self):
        return iter(self._lists)


def transaction(number: int) -> Message:
    return Message(number, "transaction", f"t{number}", b"c", b"%d" % number)


def report(number: int, at_ms: int) -> Message:
    label = Label(schema_version=1, transaction_id=f"t{number}", key="c", is_fraud=True, reported_at_ms=10**12)
    return Message(at_ms, "label", f"t{number}", b"t", encode(label))


def lists_of(sizes: list[int]) -> list[list[Message]]:
    numbers = iter(range(sum(sizes)))
    return [[transaction(next(numbers)) for _ in range(size)] for size in sizes]


def seen(message: Message):
    return (message.kind == "label", message.send_ms, message.key, message.value)


@given(st.lists(st.integers(0, 6), max_size=5), st.data())
def test_what_is_neither_sent_nor_there_goes_out_and_taken_never_runs_ahead_of_it(sizes, data):
    lists = lists_of(sizes)
    everything = [m for part in lists for m in part]
    sent = data.draw(st.integers(0, len(everything)))
    there = [m for m in everything[sent:] if data.draw(st.booleans())]
    unsent = Unsent(Lists(lists, []), sent, Counter(map(seen, there)))
    if data.draw(st.booleans()):
        assert unsent.first_transaction_ms() == (everything[0].send_ms if everything else None)
    out = []
    for part in unsent:
        start = 0
        while start < len(part):
            end = data.draw(st.integers(start + 1, len(part)))
            unsent.take(part[start:end])
            out += part[start:end]
            start = end
            on_kafka = {m.send_ms for m in [*everything[:sent], *there, *out]}
            first_missing = next((m.send_ms for m in everything if m.send_ms not in on_kafka), len(everything))
            assert unsent.taken <= first_missing
    assert out == [m for m in everything[sent:] if m not in there]
    assert unsent.is_exhausted and unsent.taken == len(everything)


def test_one_message_that_is_there_leaves_out_one_of_two_alike():
    twice = [transaction(1), transaction(1)]
    unsent = Unsent(Lists([twice], []), 0, Counter([seen(twice[0])]))
    assert list(unsent) == [[twice[1]]]


def test_reports_that_are_left_are_those_on_transactions_that_went_out():
    waiting = [report(0, 50), report(2, 60)]
    unsent = Unsent(Lists([[transaction(0), report(7, 1), transaction(2), report(1, 3)]], waiting), 0, Counter())
    part = next(iter(unsent))
    unsent.take(part[:2])
    assert [r.transaction_id for r in unsent.reports_left()] == ["t1", "t0"]
    unsent.take(part[2:])
    assert [r.transaction_id for r in unsent.reports_left()] == ["t0", "t2"]
