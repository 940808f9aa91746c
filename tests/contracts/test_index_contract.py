# SPDX-License-Identifier: Apache-2.0
"""What every index of signals promises. Inherit `IndexContract` to hold another one to it."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from installations import KEYS, digest, flipped, pdq_value
from sqlalchemy import update

from haechi.bank import add_content, ensure_bank, set_status
from haechi.bank._tables import bank
from haechi.match import Found, Hit, Index, Kind, Sizes
from haechi.match._plan import Plan
from haechi.storage import Database, Vault
from haechi.values import ContentStatus, Signal, SignalType
from haechi.workflows import LiveIndex

RADII = (0, 1, 15, 16, 20, 31, 32, 47, 64, 80, 256)

Entries = dict[int, list[Signal]]


class BruteForce:
    """The oracle: compares with everything, one after the other, in plain Python."""

    def __init__(self, entries: Iterable[tuple[int, Sequence[Signal]]] = ()) -> None:
        self.entries: dict[int, Sequence[Signal]] = {}
        self.add(entries)

    def add(self, entries: Iterable[tuple[int, Sequence[Signal]]]) -> None:
        self.entries.update(entries)

    def remove(self, entry_ids: Iterable[int]) -> None:
        for entry_id in entry_ids:
            self.entries.pop(entry_id, None)

    def search(self, signals: Sequence[Signal], *, radius_bits: int) -> list[list[Hit]]:
        return [self._within(signal, radius_bits) for signal in signals]

    def _within(self, asked: Signal, radius_bits: int) -> list[Hit]:
        best: dict[int, int] = {}
        if not self._is_good(asked):
            return []
        for entry_id, signals in self.entries.items():
            for known in signals:
                if known.type is not asked.type or not self._is_good(known):
                    continue
                distance = self._distance(known.value, asked.value)
                limit = radius_bits if asked.type is SignalType.PDQ else 0
                if distance <= limit:
                    best[entry_id] = min(distance, best.get(entry_id, 999))
        found = sorted((distance, entry_id) for entry_id, distance in best.items())
        return [Hit(distance, entry_id) for distance, entry_id in found]

    @staticmethod
    def _distance(one: bytes, other: bytes) -> int:
        return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))

    @staticmethod
    def _is_good(signal: Signal) -> bool:
        return signal.quality is None or signal.quality >= 50


def _random_set(count: int) -> Entries:
    return {number: [pdq_value(number)] for number in range(1, count + 1)}


def _clustered_set(centres: int, each: int) -> Entries:
    """Many values 0 to 70 bits from few centres: what one picture and its copies look like."""
    entries: Entries = {}
    for number in range(centres * each):
        centre = pdq_value(-1 - number % centres)
        entries[number + 1] = [flipped(centre, (number // centres) * 70 // each, seed=number)]
    return entries


def _mixed_set() -> Entries:
    """Entries of several signals, entries that share some, and some of low quality."""
    pdqs = [pdq_value(seed, quality=30 + 5 * (seed % 10)) for seed in range(12)]
    return {
        number: [
            pdqs[number % 12],
            flipped(pdqs[(number * 5) % 12], number % 9, seed=number),
            digest(number % 7),
            digest(number % 5, SignalType.MD5),
        ]
        for number in range(1, 40)
    }


SETS: dict[str, Entries] = {
    "nothing": {},
    "one": {7: [pdq_value(0)]},
    "random": _random_set(150),
    "clustered": _clustered_set(3, 60),
    "all equal": {number: [pdq_value(0)] for number in range(1, 101)},
    "duplicates": {number: [pdq_value(number % 5)] for number in range(1, 61)},
    "mixed": _mixed_set(),
    "far ids": {2**40 + number: [pdq_value(number)] for number in range(5)},
}


def _queries(entries: Entries) -> list[Signal]:
    """Known values, values near them on either side of each radius, and unknown ones."""
    chosen = random.Random(5).sample(sorted(entries), min(6, len(entries)))
    known = [signal for entry_id in chosen for signal in entries[entry_id]]
    near = [
        flipped(signal, bits, seed=bits)
        for signal in known[:4]
        for bits in (1, 2, 31, 32, 64, 65, 256)
        if signal.type is SignalType.PDQ
    ]
    unknown = [pdq_value(10**6), digest(10**6), pdq_value(1, quality=49), pdq_value(1, quality=50)]
    return known + near + unknown


def with_flips(value: bytes, key_bits: int, rest_bits: int, seed: int) -> bytes:
    """The value with so many bits of its first eight bytes turned over, and so many of the others."""
    drawn, out = random.Random(seed), bytearray(value)
    for bit in drawn.sample(range(64), key_bits) + drawn.sample(range(64, 256), rest_bits):
        out[bit // 8] ^= 1 << (bit % 8)
    return bytes(out)


def rpdq_of(values: Sequence[bytes]) -> Signal:
    head = b"\1" + bytes.fromhex("ffff8000")
    return Signal(SignalType.RPDQ, head + b"".join(value + bytes(6) for value in values))


def vpdq_of(values: Sequence[bytes]) -> Signal:
    """Two frames a second, every third of a quality too low to be matched."""
    qualities = [80 if place % 3 else 49 for place in range(len(values))]
    frames = zip(values, qualities, strict=True)
    return Signal(
        SignalType.VPDQ,
        b"".join(
            value + bytes([quality]) + (500 * place).to_bytes(4)
            for place, (value, quality) in enumerate(frames)
        ),
    )


def rows_found(found: Found, places: Sequence[int]) -> list[tuple[int, int, int, int]]:
    columns = (found.query, found.distance_bits, found.entry_id)
    return sorted(zip(*(column.tolist() for column in columns), places, strict=True))


class IndexContract:
    """Tests for any index; a subclass says how a fresh one is made."""

    @staticmethod
    def make() -> Index:
        raise NotImplementedError

    def built(self, entries: Entries) -> Index:
        index = self.make()
        index.add(entries.items())
        return index

    @pytest.mark.parametrize("radius_bits", RADII)
    @pytest.mark.parametrize("name", SETS)
    def test_equals_brute_force(self, name: str, radius_bits: int) -> None:
        entries = SETS[name]
        queries = _queries(entries)
        found = self.built(entries).search(queries, radius_bits=radius_bits)
        assert found == BruteForce(entries.items()).search(queries, radius_bits=radius_bits)

    @pytest.mark.parametrize("power", range(13))
    def test_any_number_of_equal_values_is_found(self, power: int) -> None:
        """2 to the n, one less and one more: where tables grow and buckets overflow."""
        for count in sorted({2**power - 1, 2**power, 2**power + 1}):
            index = self.make()
            index.add((number, [pdq_value(0)]) for number in range(count))
            (found,) = index.search([flipped(pdq_value(0), 31)], radius_bits=31)
            assert found == [Hit(31, number) for number in range(count)]

    def test_a_full_answer_at_the_widest_radius(self) -> None:
        index = self.built(_random_set(300))
        answers = index.search([pdq_value(1), pdq_value(2)] * 20, radius_bits=256)
        assert [len(found) for found in answers] == [300] * 40

    def test_no_question_no_answer(self) -> None:
        assert self.built(SETS["random"]).search([]) == []

    def test_the_answers_come_in_the_order_of_the_questions(self) -> None:
        questions = [digest(3), pdq_value(9, quality=0), pdq_value(2), digest(4), pdq_value(1)]
        index = self.built({1: [pdq_value(1)], 2: [pdq_value(2)], 3: [digest(3)]})
        assert index.search(questions) == [[Hit(0, 3)], [], [Hit(0, 2)], [], [Hit(0, 1)]]

    def test_nearest_first_then_by_id(self) -> None:
        centre = pdq_value(0)
        index = self.built(
            {9: [centre], 4: [flipped(centre, 3)], 2: [flipped(centre, 8)], 3: [centre]}
        )
        (found,) = index.search([centre])
        assert found == [Hit(0, 3), Hit(0, 9), Hit(3, 4), Hit(8, 2)]

    def test_an_entry_answers_once_with_its_nearest_value(self) -> None:
        centre = pdq_value(0)
        index = self.built({1: [flipped(centre, 9), flipped(centre, 2), flipped(centre, 30)]})
        assert index.search([centre]) == [[Hit(2, 1)]]

    def test_the_radius_is_31_unless_said_otherwise(self) -> None:
        index = self.built({1: [pdq_value(0)]})
        near, far = flipped(pdq_value(0), 31), flipped(pdq_value(0), 32)
        assert index.search([near, far]) == [[Hit(31, 1)], []]

    def test_low_quality_is_ignored_on_both_sides(self) -> None:
        low, good = pdq_value(0, quality=49), pdq_value(0, quality=50)
        index = self.built({1: [low], 2: [good]})
        assert index.search([low, good]) == [[], [Hit(0, 2)]]
        assert len(index) == 1

    def test_digests_match_only_when_equal(self) -> None:
        for kind in (SignalType.MD5, SignalType.SHA256):
            known = digest(1, kind)
            index = self.built({1: [known], 2: [known]})
            near = flipped(known, 1)
            answers = index.search([known, near], radius_bits=256)
            assert answers == [[Hit(0, 1), Hit(0, 2)], []]

    def test_types_are_never_mixed_up(self) -> None:
        value = pdq_value(0).value
        index = self.built({1: [Signal(SignalType.SHA256, value)]})
        assert index.search([Signal(SignalType.PDQ, value, 100)], radius_bits=256) == [[]]

    def test_replacing_forgets_the_old_values(self) -> None:
        index = self.built({1: [pdq_value(1), digest(1)]})
        index.add([(1, [pdq_value(2), digest(2)])])
        asked = [pdq_value(1), digest(1), pdq_value(2), digest(2)]
        assert index.search(asked) == [[], [], [Hit(0, 1)], [Hit(0, 1)]]
        assert len(index) == 1

    def test_replacing_with_nothing_is_removing(self) -> None:
        index = self.built({1: [pdq_value(1)]})
        index.add([(1, [])])
        assert index.search([pdq_value(1)]) == [[]]
        assert len(index) == 0

    def test_removing_leaves_the_others(self) -> None:
        index = self.built({1: [pdq_value(1), digest(1)], 2: [pdq_value(1), digest(1)]})
        index.remove([1])
        assert index.search([pdq_value(1), digest(1)]) == [[Hit(0, 2)]] * 2

    def test_removing_what_is_not_there_is_no_error(self) -> None:
        index = self.built({1: [pdq_value(1)]})
        index.remove([5, 5, 1, 1])
        index.remove([1])
        assert index.search([pdq_value(1)]) == [[]]

    def test_what_was_removed_can_come_back(self) -> None:
        index = self.built({1: [pdq_value(1), digest(1)]})
        for _ in range(3):
            index.remove([1])
            index.add([(1, [pdq_value(1), digest(1)])])
        assert index.search([pdq_value(1), digest(1)]) == [[Hit(0, 1)]] * 2

    def test_the_last_of_one_id_in_a_call_counts(self) -> None:
        index = self.make()
        index.add([(1, [pdq_value(1)]), (1, [pdq_value(2)])])
        assert index.search([pdq_value(1), pdq_value(2)]) == [[], [Hit(0, 1)]]

    def test_removing_most_of_a_large_set_keeps_the_rest(self) -> None:
        """Past the point where dead values are cleared away."""
        index = self.built(_random_set(5000))
        index.remove(number for number in range(1, 5001) if number % 50)
        kept = [number for number in range(1, 5001) if number % 50 == 0]
        assert len(index) == 100
        asked = [pdq_value(number) for number in kept]
        assert index.search(asked) == [[Hit(0, number)] for number in kept]
        assert index.search([pdq_value(1)]) == [[]]
        index.add([(1, [pdq_value(1)])])
        assert index.search([pdq_value(1)]) == [[Hit(0, 1)]]
        # Their places are others now: removing still takes away the right ones, and only those.
        index.remove(kept[::2])
        expected = [[] if place % 2 == 0 else [Hit(0, kept[place])] for place in range(100)]
        assert index.search(asked) == expected

    @pytest.mark.parametrize("radius_bits", [-1, -256])
    def test_a_radius_below_nothing_is_refused(self, radius_bits: int) -> None:
        """Taken for an unsigned number it would be wider than everything."""
        index = self.built({1: [pdq_value(1)]})
        with pytest.raises(ValueError, match="radius"):
            index.search([pdq_value(1)], radius_bits=radius_bits)

    # Every subclass runs it with an index of its own, and keeps no example for the others.
    @hypothesis_settings(
        max_examples=60,
        database=None,
        suppress_health_check=[
            HealthCheck.differing_executors,
            HealthCheck.function_scoped_fixture,
        ],
    )
    @given(
        steps=st.lists(
            st.one_of(
                st.tuples(
                    st.just("add"),
                    st.integers(1, 6),
                    st.lists(
                        st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 31, 40])), max_size=3
                    ),
                ),
                st.tuples(st.just("remove"), st.integers(1, 7), st.just([])),
            ),
            max_size=25,
        )
    )
    def test_any_sequence_equals_a_rebuild(self, steps: list[tuple]) -> None:
        index, oracle = self.make(), BruteForce()
        for verb, entry_id, drawn in steps:
            signals = [flipped(pdq_value(seed), bits, seed=bits) for seed, bits in drawn]
            signals += [digest(seed) for seed, _ in drawn]
            for one in (index, oracle):
                if verb == "add":
                    one.add([(entry_id, signals)])
                else:
                    one.remove([entry_id])
        queries = [pdq_value(seed) for seed in range(4)] + [digest(seed) for seed in range(4)]
        for radius_bits in RADII:
            expected = oracle.search(queries, radius_bits=radius_bits)
            assert index.search(queries, radius_bits=radius_bits) == expected
            rebuilt = self.make()
            rebuilt.add(oracle.entries.items())
            assert rebuilt.search(queries, radius_bits=radius_bits) == expected

    def test_regions_and_frames_are_found_one_by_one(self) -> None:
        """Signals of many values: each region that votes, each trusted frame that is near."""
        drawn = random.Random(3)
        values = {number: [drawn.randbytes(32) for _ in range(12)] for number in range(1, 25)}
        values[5] = [with_flips(value, 3, 9, seed=5) for value in values[4]]
        values[6] = values[7] = values[4]
        index = self.built({number: [rpdq_of(of), vpdq_of(of)] for number, of in values.items()})
        near = [(0, 0), (8, 72), (8, 73), (9, 20), (4, 12), (4, 27), (4, 28)]
        asked = [with_flips(value, *bits, seed=1) for value in values[4][:3] for bits in near]
        asked += [values[9][0], drawn.randbytes(32)]
        array = np.frombuffer(b"".join(asked), dtype=np.uint8).reshape(-1, 32)
        votes = index.search_regions(array)
        frames = index.search_values(Kind.FRAME, array, 31)
        expected_votes, expected_frames = [], []
        for query, one in enumerate(asked):
            for number, place, known in (
                (number, place, known)
                for number, of in values.items()
                for place, known in enumerate(of)
            ):
                key, whole = (BruteForce._distance(one[:n], known[:n]) for n in (8, 32))
                if key <= 8 and whole <= 80:
                    expected_votes.append((query, whole, number, place))
                if whole <= 31 and place % 3:
                    expected_frames.append((query, whole, number, 500 * place))
        regions = [payload >> 48 & 1023 for payload in votes.payload.tolist()]
        assert rows_found(votes, regions) == sorted(expected_votes)
        assert rows_found(frames, frames.payload.tolist()) == sorted(expected_frames)

    def test_searching_goes_on_while_others_write(self) -> None:
        """What stays is found by every search, what was never there by none."""
        index = self.built({number: [pdq_value(number)] for number in range(1, 21)})
        staying = [pdq_value(number) for number in range(1, 21)]
        coming = [pdq_value(number) for number in range(1000, 1600)]
        is_over = threading.Event()

        def write() -> None:
            try:
                for number in range(1000, 1600):
                    index.add([(number, [pdq_value(number), digest(number)])])
                    # Said again, as a feed may: the twenty are never missed meanwhile.
                    index.add([(number % 20 + 1, [pdq_value(number % 20 + 1)])])
                    index.remove([number - 5])
            finally:
                is_over.set()

        def look() -> int:
            looks = 0
            while True:
                was_over = is_over.is_set()
                answers = index.search([*staying, *coming[::50], digest(1100)])
                for number in range(20):
                    assert answers[number] == [Hit(0, number + 1)]
                for seed, found in zip(range(1000, 1600, 50), answers[20:32], strict=True):
                    assert found in ([], [Hit(0, seed)])
                assert answers[32] in ([], [Hit(0, 1100)])
                looks += 1
                if was_over:
                    return looks

        with ThreadPoolExecutor(3) as pool:
            looking = [pool.submit(look) for _ in range(2)]
            pool.submit(write).result()
            assert all(one.result() > 0 for one in looking)
        left = [number for number in range(1000, 1600) if index.search([pdq_value(number)])[0]]
        assert left == list(range(1595, 1600))

    def test_writers_at_once_all_land(self) -> None:
        index = self.make()

        def add(first: int) -> None:
            for number in range(first, 400, 4):
                index.add([(number, [pdq_value(number), digest(number)])])
                if number % 3 == 0:
                    index.remove([number])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(4)))
        answers = index.search([pdq_value(number) for number in range(400)])
        assert answers == [[Hit(0, number)] if number % 3 else [] for number in range(400)]


class TestIndex(IndexContract):
    """The index of `haechi.match`, as it is used."""

    @staticmethod
    def make() -> Index:
        return Index()


class TestIndexInManyParts(IndexContract):
    """With thresholds so low that every test goes through deltas, segments and merges."""

    @staticmethod
    def make() -> Index:
        return Index(sizes=Sizes(delta_rows=8, small_rows=16, growth=2))


class TestIndexByPostings(IndexContract):
    """Every search that can go through postings does, however small the set."""

    @pytest.fixture(autouse=True)
    def _never_read_everything(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Plan, "costs", lambda *_: (0, 0, 1, 1 << 40))

    @staticmethod
    def make() -> Index:
        return Index(sizes=Sizes(delta_rows=8, small_rows=64))


class TestIndexOnceSaved(IndexContract):
    """Written down and taken up again before it is asked."""

    @staticmethod
    def make() -> Index:
        return Index(sizes=Sizes(delta_rows=32, small_rows=64))

    def built(self, entries: Entries) -> Index:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            super().built(entries).save(path, position=1)
            return Index.load(path, sizes=Sizes(delta_rows=32, small_rows=64))[0]


class TestIndexOnceSealed(IndexContract):
    """The same, sealed."""

    @staticmethod
    def make() -> Index:
        return Index(sizes=Sizes(delta_rows=32, small_rows=64))

    def built(self, entries: Entries) -> Index:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            super().built(entries).save(path, position=1, sealing_key=KEYS.master)
            loaded, _ = Index.load(path, sealing_key=KEYS.master, sizes=Sizes(delta_rows=32))
            return loaded


class TestThroughTheBank:
    """Stored, closed, opened again: a live index rebuilt from the tables answers the same."""

    @pytest.mark.parametrize("name", ["one", "clustered", "mixed"])
    def test_reloaded_equals_brute_force(self, name: str, sqlite_url: str) -> None:
        entries = SETS[name]
        vault = Vault(KEYS.master)
        gone = set(sorted(entries)[::7]) if len(entries) > 1 else set()
        with Database(sqlite_url) as database, database.write() as tx:
            bank_id, key_id = ensure_bank(tx, "all", radius_bits=256).id, vault.new_key(tx)
            ids = {
                add_content(
                    tx, vault, bank_id=bank_id, key_id=key_id, signals=entries[number]
                ): number
                for number in sorted(entries)
            }
            for content_id, number in ids.items():
                if number in gone:
                    set_status(tx, content_id, ContentStatus.WITHDRAWN)
        kept = {number: entries[number] for number in entries if number not in gone}
        queries = _queries(entries)
        for radius_bits in RADII:
            with Database(sqlite_url) as database:
                with database.write() as tx:
                    tx.execute(update(bank).values(radius_bits=radius_bits))
                live = LiveIndex(database, Vault(KEYS.master), poll_s=60)
                live.catch_up()
                known = live.known()
                found = [
                    sorted(
                        (hit.distance_bits, ids[known.owners_of([hit.entry_id])[hit.entry_id][0]])
                        for hit in answers
                    )
                    for answers in known.view.search(queries, radius_bits=known.widest_bits)
                ]
            expected = [
                [(hit.distance_bits, hit.entry_id) for hit in hits]
                for hits in BruteForce(kept.items()).search(queries, radius_bits=radius_bits)
            ]
            assert found == expected

    def test_a_live_index_that_saw_every_step_equals_one_rebuilt(self, sqlite_url: str) -> None:
        vault = Vault(KEYS.master)
        drawn = random.Random(11)
        with Database(sqlite_url) as database:
            followed = LiveIndex(database, vault, poll_s=60)
            with database.write() as tx:
                bank_id, key_id = ensure_bank(tx, "reports").id, vault.new_key(tx)
            contents: list[str] = []
            for step in range(60):
                with database.write() as tx:
                    if contents and drawn.random() < 0.5:
                        known = drawn.choice(contents)
                        set_status(
                            tx, known, drawn.choice([ContentStatus.ACTIVE, ContentStatus.HELD])
                        )
                    else:
                        signals = [flipped(pdq_value(step % 4), step % 40, seed=step)]
                        contents.append(
                            add_content(tx, vault, bank_id=bank_id, key_id=key_id, signals=signals)
                        )
                if drawn.random() < 0.4:
                    followed.catch_up()
            followed.catch_up()
            rebuilt = LiveIndex(database, vault, poll_s=60)
            rebuilt.catch_up()
            queries = [pdq_value(seed) for seed in range(4)]
            assert followed.known().view.search(queries) == rebuilt.known().view.search(queries)
            assert len(followed) == len(rebuilt) > 0
            assert followed.position == rebuilt.position


def test_nothing_is_written_beside_the_store(sqlite_url: str, tmp_path: Path) -> None:
    """The index lives in memory only: no file of it is left."""
    with Database(sqlite_url) as database:
        LiveIndex(database, Vault(KEYS.master), poll_s=60).catch_up()
    assert [path.name for path in tmp_path.iterdir()] == ["haechi.sqlite3"]
