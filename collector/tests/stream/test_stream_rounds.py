"""Which address is next, and after how long."""

import pytest
from oxo_collector.stream.rounds import Rounds


def test_one_address_is_rested_upon_for_longer_each_time() -> None:
    rounds = Rounds(1, 1.0, 10.0, lambda: 0.5)
    assert [rounds.next_seconds(again=False) for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    rounds.worked()
    assert rounds.next_seconds(again=False) == 1
    assert rounds.address == 0


@pytest.mark.parametrize(("dice", "seconds"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_a_rest_is_up_to_a_fifth_longer_or_shorter(dice: float, seconds: float) -> None:
    rounds = Rounds(1, 1.0, 10.0, lambda: dice)
    assert rounds.next_seconds(again=False) == pytest.approx(seconds)


def test_the_other_address_is_tried_at_once_and_a_round_begins_with_the_main_one() -> None:
    rounds = Rounds(2, 1.0, 10.0, lambda: 0.5)
    assert (rounds.next_seconds(again=False), rounds.address) == (None, 1)
    rounds.main()
    assert (rounds.next_seconds(again=True), rounds.address) == (1.0, 1)
    assert (rounds.next_seconds(again=False), rounds.address) == (None, 0)
    assert (rounds.next_seconds(again=False), rounds.address) == (2.0, 1)


def test_rests_are_bounded_however_often_it_fails() -> None:
    rounds = Rounds(1, 0.5, 10.0, lambda: 0.5)
    assert {rounds.next_seconds(again=False) for _ in range(2000)} == {0.5, 1, 2, 4, 8, 10}
