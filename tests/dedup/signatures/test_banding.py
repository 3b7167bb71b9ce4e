from __future__ import annotations

import numpy as np
import pytest
from datasketch.lsh import _optimal_param
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.signatures.banding import BandPlan, band_keys, choose, optimal
from gristmill.dedup.signatures.minhash import signatures_of_sets
from gristmill.dedup.signatures.settings import SETTINGS, setting
from gristmill.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "at_70", "at_80", "at_90"),
    [
        ("fineweb", 0.565, 0.924, 1.0),
        ("refinedweb", 0.302, 0.995, 1.0),
        ("rpv2", 0.438, 0.867, 0.999),
        ("slimpajama", 0.084, 0.399, 0.929),
        ("dolma3", 0.405, 0.903, 1.0),
    ],
)
def test_published_plans_have_their_known_curves(name: str, at_70: float, at_80: float, at_90: float) -> None:
    plan = setting(name).plan

    assert [round(plan.probability(s), 3) for s in (0.7, 0.8, 0.9)] == [at_70, at_80, at_90]


def test_an_unknown_plan_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'fineweb'"):
        setting("finweb")
    assert len(SETTINGS) == 5


@pytest.mark.parametrize(("threshold", "num_perm"), [(0.5, 64), (0.7, 112), (0.8, 128), (0.9, 100)])
def test_the_optimum_is_that_of_datasketch(threshold: float, num_perm: int) -> None:
    plan = optimal(threshold, num_perm)

    assert (plan.bands, plan.rows) == _optimal_param(threshold, num_perm, 0.5, 0.5)


@pytest.mark.parametrize("arguments", [(0.0, 10), (1.0, 10), (0.5, 0)])
def test_an_impossible_optimum_is_refused(arguments: tuple[float, int]) -> None:
    with pytest.raises(ConfigError, match="wanted 0 < threshold < 1"):
        optimal(*arguments)


def test_the_curve_rises_from_never_to_always() -> None:
    curve = BandPlan(14, 8).curve(10)
    chances = [chance for _, chance in curve]

    assert (curve[0], curve[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert chances == sorted(chances)


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, 2), min_size=7, max_size=7), min_size=1, max_size=8),
    st.sampled_from([BandPlan(3, 2), BandPlan(1, 7), BandPlan(7, 1), BandPlan(2, 3)]),
)
def test_keys_are_equal_exactly_where_bands_are(rows: list[list[int]], plan: BandPlan) -> None:
    keys = band_keys(np.array(rows, np.uint32), plan)
    bands: dict[tuple[int, ...], set[int]] = {}
    for i, row in enumerate(rows):
        for band in range(plan.bands):
            content = (band, *row[band * plan.rows : (band + 1) * plan.rows])
            bands.setdefault(content, set()).add(int(keys[i, band]))

    assert keys.shape == (len(rows), plan.bands)
    assert all(len(found) == 1 for found in bands.values())
    assert len({key for found in bands.values() for key in found}) == len(bands)


def test_keys_are_the_same_on_every_machine_and_version() -> None:
    keys = band_keys(np.arange(6, dtype=np.uint32).reshape(1, 6), BandPlan(3, 2))

    assert [f"{key:016x}" for key in keys[0]] == ["dc7a07b2bcd7e1ee", "1a03cda31ebc17d6", "cfd1eb879b12a034"]


def test_keys_fill_every_partition_alike() -> None:
    rows = np.random.default_rng(2).integers(0, 2**32, (20_000, 8), dtype=np.uint32)
    keys = band_keys(rows, BandPlan(4, 2)).ravel()

    for partition in (keys % np.uint64(64), keys >> np.uint64(58)):
        counts = np.bincount(partition.astype(np.int64), minlength=64)
        assert abs(counts - 1250).max() < 5 * np.sqrt(1250)


def test_short_signatures_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"14 x 8 needs signatures of 112 values, got shape \(2, 100\)"):
        band_keys(np.zeros((2, 100), np.uint32), BandPlan(14, 8))


def test_a_plan_needs_bands_and_rows() -> None:
    with pytest.raises(ConfigError, match="got 0 x 8"):
        BandPlan(0, 8)


@pytest.mark.parametrize("tenths", [5, 6, 7, 8, 9])
def test_measured_recall_follows_the_curve(tenths: int) -> None:
    plan, pairs, union = BandPlan(14, 8), 1500, 200
    shared, own = union * tenths // 10, union * (10 - tenths) // 20
    pool = np.random.default_rng(tenths).integers(0, 2**63, (pairs, shared + 2 * own), dtype=np.uint64)
    left = pool[:, : shared + own].ravel()
    right = np.delete(pool, np.s_[shared : shared + own], axis=1).ravel()
    offsets = np.arange(pairs + 1) * (shared + own)
    keys = [band_keys(signatures_of_sets(offsets, side), plan) for side in (left, right)]
    met = float((keys[0] == keys[1]).any(axis=1).mean())
    expected = plan.probability(tenths / 10)

    assert abs(met - expected) < 4 * np.sqrt(expected * (1 - expected) / pairs) + 0.002


@settings(max_examples=40)
@given(st.floats(0.4, 0.95), st.floats(0.5, 0.99), st.floats(0.05, 0.5))
def test_the_chosen_plan_meets_its_target_and_no_smaller_one_does(
    similarity: float, recall: float, false_positives: float
) -> None:
    try:
        plan = choose(similarity, recall, false_positives=false_positives)
    except ConfigError:
        return

    assert plan.probability(similarity) >= recall - 1e-9
    assert plan.false_positives(similarity) <= false_positives
    for rows in range(1, 40):
        bands = (plan.num_perm - 1) // rows
        if bands:
            # The fewest bands that reach the recall are those of least false positives: no others need a look.
            enough = next((b for b in range(1, bands + 1) if BandPlan(b, rows).probability(similarity) >= recall), None)
            assert enough is None or BandPlan(enough, rows).false_positives(similarity) > false_positives


def test_targets_that_no_plan_reaches_are_refused() -> None:
    with pytest.raises(ConfigError, match="allow more false positives or a lower recall"):
        choose(0.8, 0.999, false_positives=0.001)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        choose(1.0, 0.9)
