"""The rete engine: agreement with the reference, and every trap of durable_rules guarded."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.engines import rete
from eligibility.engines.reference import ReferenceEngine
from eligibility.engines.rete import ReteEngine, available
from eligibility.errors import EngineError
from eligibility.truth import Truth

if not available():
    pytest.skip("durable_rules cannot be imported here", allow_module_level=True)

durable: Any = importlib.import_module("durable.engine")

MET, UNKNOWN, UNMET = Truth.MET, Truth.UNKNOWN, Truth.UNMET
EVERY_VALUE = (UNMET, UNKNOWN, MET)
GROUPS = (NodeKind.ALL, NodeKind.ANY, NodeKind.NONE, NodeKind.AT_LEAST, NodeKind.AT_MOST)


class Pack:
    """Builds a compiled pack; every method returns the number of the node it added."""

    def __init__(self, leaves: int) -> None:
        self.leaves = leaves
        self.nodes: list[Node] = []

    def add(self, kind: NodeKind, *children: int, k: int = 0, leaf: int | None = None) -> int:
        number = len(self.nodes)
        node = Node(number, kind, "outcome", f"requires/{number}", children, leaf, k)
        self.nodes.append(node)
        return number

    def leaf(self, leaf: int) -> int:
        return self.add(NodeKind.LEAF, leaf=leaf)

    def every_leaf(self) -> list[int]:
        return [self.leaf(leaf) for leaf in range(self.leaves)]

    def compiled(self) -> CompiledPack:
        leaves: Any = (None,) * self.leaves
        pack: Any = None  # no engine looks at it
        return CompiledPack(pack, leaves, tuple(self.nodes), {})


def assert_agrees(pack: Pack, *vectors: Sequence[Truth]) -> None:
    compiled = pack.compiled()
    got = ReteEngine(compiled).derive(vectors)
    wanted = ReferenceEngine(compiled).derive(vectors)
    assert [one.values for one in got] == [one.values for one in wanted]
    for one in got:
        assert sorted(one.trace) == list(range(len(pack.nodes)))


def spread(count: int, shift: int = 0) -> list[Truth]:
    """Leaf values of every kind, in no simple order."""
    return [Truth((place * 7 + place // 3 + shift) % 3) for place in range(count)]


def uniform_and_spread(count: int) -> list[list[Truth]]:
    return [*([value] * count for value in EVERY_VALUE), spread(count)]


# -- the semantics


@st.composite
def packs_and_vectors(draw: st.DrawFn) -> tuple[Pack, list[list[Truth]]]:
    """Random graphs of all kinds of nodes: shared leaves, shared and repeated children."""
    pack = Pack(draw(st.integers(1, 6)))
    for _ in range(draw(st.integers(1, 6))):
        pack.leaf(draw(st.integers(0, pack.leaves - 1)))
    for _ in range(draw(st.integers(0, 12))):
        below = st.integers(0, len(pack.nodes) - 1)
        kind = draw(st.sampled_from((*GROUPS, NodeKind.NOT, NodeKind.OUTCOME)))
        most = 5 if kind in GROUPS else 1
        children = draw(st.lists(below, min_size=1, max_size=most))
        pack.add(kind, *children, k=draw(st.integers(0, len(children) + 1)))
    values = st.lists(st.sampled_from(EVERY_VALUE), min_size=pack.leaves, max_size=pack.leaves)
    return pack, draw(st.lists(values, min_size=1, max_size=4))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(packs_and_vectors())
def test_every_node_has_the_value_the_reference_engine_gives(
    example: tuple[Pack, list[list[Truth]]],
) -> None:
    """Promise: every engine gives the same condition values."""
    pack, vectors = example
    assert_agrees(pack, *vectors)


@pytest.mark.parametrize("kind", GROUPS)
def test_every_threshold_of_seven_conditions_agrees(kind: NodeKind) -> None:
    pack = Pack(7)
    leaves = pack.every_leaf()
    for k in range(9):
        pack.add(kind, *leaves, k=k)
    mixed = [spread(7, shift) for shift in range(3)]
    steps = [[MET] * met + [UNKNOWN] * (7 - met) for met in range(8)]
    steps += [[MET] * met + [UNMET] * (7 - met) for met in range(8)]
    assert_agrees(pack, *mixed, *steps)


@pytest.mark.parametrize("k", [1, 2, 10, 19, 20])
def test_a_threshold_over_twenty_conditions_agrees(k: int) -> None:
    pack = Pack(20)
    leaves = pack.every_leaf()
    pack.add(NodeKind.AT_LEAST, *leaves, k=k)
    pack.add(NodeKind.AT_MOST, *leaves, k=k)
    assert_agrees(pack, *uniform_and_spread(20), [MET] * k + [UNMET] * (20 - k))


def test_a_condition_listed_twice_counts_twice_in_a_threshold() -> None:
    pack = Pack(2)
    first, second = pack.every_leaf()
    root = pack.add(NodeKind.AT_LEAST, first, first, second, k=2)
    derivation = ReteEngine(pack.compiled()).derive([[MET, UNMET]])[0]
    assert derivation.values[root] is MET


@pytest.mark.parametrize("kind", GROUPS)
def test_a_group_of_nothing_has_the_value_of_the_reference_engine(kind: NodeKind) -> None:
    pack = Pack(0)
    pack.add(kind)
    assert_agrees(pack, [])


def test_a_pack_that_is_a_single_leaf_is_answered() -> None:
    pack = Pack(1)
    pack.leaf(0)
    assert_agrees(pack, [MET], [UNKNOWN], [UNMET])


def test_the_trace_names_every_node_once_and_premises_before_conclusions() -> None:
    pack = Pack(3)
    a, b, c = pack.every_leaf()
    either = pack.add(NodeKind.ANY, a, b)
    denied = pack.add(NodeKind.NOT, c)
    both = pack.add(NodeKind.ALL, either, denied)
    top = pack.add(NodeKind.OUTCOME, both)
    trace = ReteEngine(pack.compiled()).derive([[MET, MET, UNMET]])[0].trace
    assert sorted(trace) == [a, b, c, either, denied, both, top]
    order = [trace.index(node) for node in (either, both, top)]
    assert order == sorted(order)
    assert trace.index(denied) < trace.index(both)


# -- sizes at which durable_rules fails, hangs or forgets


@pytest.mark.parametrize("consumers", [64, 65, 300])
def test_one_leaf_may_be_asked_for_by_many_rules(consumers: int) -> None:
    """Trap: a fact that matches more than 64 rules fires none of them."""
    pack = Pack(1)
    leaf = pack.leaf(0)
    for _ in range(consumers):
        pack.add(NodeKind.OUTCOME, leaf)
    assert_agrees(pack, [MET], [UNKNOWN], [UNMET])


def test_one_condition_repeated_300_times_is_answered_300_times() -> None:
    """Trap: 300 rules with one identical condition are refused with error 108."""
    pack = Pack(2)
    for _ in range(300):
        pack.add(NodeKind.ALL, pack.leaf(0), pack.leaf(1))
    assert_agrees(pack, [MET, UNKNOWN], [MET, MET], [UNMET, UNKNOWN])


def test_one_leaf_repeated_300_times_in_a_group_matches() -> None:
    """Trap: one fact never matches two premises of the same rule."""
    pack = Pack(1)
    leaves = [pack.leaf(0) for _ in range(300)]
    for kind in (NodeKind.ALL, NodeKind.ANY, NodeKind.NONE):
        pack.add(kind, *leaves)
    assert_agrees(pack, [MET], [UNKNOWN], [UNMET])


def test_one_leaf_repeated_300_times_in_a_threshold_counts_every_time() -> None:
    """Trap: the 257th rule with one condition is refused, or written past the list."""
    pack = Pack(1)
    pack.add(NodeKind.AT_LEAST, *(pack.leaf(0) for _ in range(300)), k=2)
    assert_agrees(pack, [MET], [UNKNOWN], [UNMET])


@pytest.mark.parametrize("leaves", [300, 600])
def test_a_pack_may_have_hundreds_of_leaves(leaves: int) -> None:
    """Traps: 250 properties in one fact; the 513th test side by side never returns."""
    pack = Pack(leaves)
    for leaf in pack.every_leaf():
        pack.add(NodeKind.NOT, leaf)
    assert_agrees(pack, spread(leaves), spread(leaves, 1))


@pytest.mark.parametrize("kind", [NodeKind.ALL, NodeKind.ANY, NodeKind.NONE])
def test_a_group_may_have_500_conditions(kind: NodeKind) -> None:
    """Trap: a rule matches at most 16 facts."""
    pack = Pack(500)
    pack.add(kind, *pack.every_leaf())
    but_one = [[MET] * 499 + [UNMET], [UNMET] * 250 + [MET] + [UNMET] * 249]
    assert_agrees(pack, *uniform_and_spread(500), *but_one)


@pytest.mark.parametrize("width", [7, 8, 9, 15, 16, 17, 63, 64, 65, 512, 513])
def test_groups_agree_on_both_sides_of_every_chunk(width: int) -> None:
    pack = Pack(width)
    leaves = pack.every_leaf()
    pack.add(NodeKind.ALL, *leaves)
    pack.add(NodeKind.ANY, *leaves)
    one_short = [MET] * (width - 1) + [UNMET]
    assert_agrees(pack, [MET] * width, [UNMET] * width, one_short)


@pytest.mark.parametrize("value", EVERY_VALUE)
def test_500_outcomes_may_stand_upon_one_another(value: Truth) -> None:
    """Nothing recurses over the depth of a pack, and rulesets hand facts on."""
    pack = Pack(500)
    below = pack.leaf(0)
    for leaf in range(1, 500):
        reference = pack.add(NodeKind.OUTCOME, below)
        below = pack.add(NodeKind.ALL, reference, pack.leaf(leaf))
    assert_agrees(pack, [value] + [MET] * 499)


def test_a_pack_beyond_the_size_of_one_ruleset_is_split() -> None:
    """Trap: 4,096 rules are the most a ruleset can hold."""
    pack = Pack(40)
    leaves = pack.every_leaf()
    for start in range(2000):
        pack.add(NodeKind.ANY, *(leaves[(start * step) % 40] for step in (1, 3, 7)))
    pack.add(NodeKind.ALL, *range(40, 2040))
    assert_agrees(pack, spread(40), [MET] * 40)


def test_a_threshold_too_large_for_the_engine_is_refused_at_once() -> None:
    pack = Pack(500)
    pack.add(NodeKind.AT_LEAST, *pack.every_leaf(), k=250)
    with pytest.raises(EngineError) as refused:
        ReteEngine(pack.compiled())
    assert str(refused.value) == (
        "the rete engine would need more than 50,000 rules for this pack\n"
        "  = thresholds over hundreds of conditions cost most; use the reference engine"
    )


# -- a process that lives on


def resident_pages() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1])


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_memory_stays_flat_over_2000_vectors() -> None:
    """Trap: 1,024 states fill a ruleset, of 0.1 MB and more each."""
    pack = Pack(20)
    leaves = pack.every_leaf()
    pack.add(NodeKind.ALL, *leaves)
    pack.add(NodeKind.AT_LEAST, *leaves[:6], k=3)
    engine = ReteEngine(pack.compiled())
    vectors = [spread(20, shift) for shift in range(100)]
    engine.derive(vectors)
    gc.collect()
    before = resident_pages()
    for _ in range(20):
        engine.derive(vectors)
    gc.collect()
    grown = (resident_pages() - before) * os.sysconf("SC_PAGE_SIZE")
    assert grown < 8_000_000


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_an_engine_gives_its_rulesets_back() -> None:
    pack = Pack(100)
    for leaf in pack.every_leaf():
        pack.add(NodeKind.NOT, leaf)
    compiled = pack.compiled()
    before = 0
    for made in range(60):
        ReteEngine(compiled).derive([spread(100)])
        if made == 30:
            gc.collect()
            before = resident_pages()
    gc.collect()
    grown = (resident_pages() - before) * os.sysconf("SC_PAGE_SIZE")
    assert grown < 40_000_000  # 30 engines that kept theirs would take 100 MB


def test_two_packs_and_two_engines_of_one_pack_live_in_one_process() -> None:
    """Trap: a name registered twice raises; rulesets cannot be replaced."""
    first, second = Pack(2), Pack(2)
    first.add(NodeKind.ALL, *first.every_leaf())
    second.add(NodeKind.ANY, *second.every_leaf())
    engines = [ReteEngine(pack.compiled()) for pack in (first, second, first)]
    for _ in range(2):
        roots = [engine.derive([[MET, UNMET]])[0].values[2] for engine in engines]
        assert roots == [UNMET, MET, UNMET]


def test_no_value_outlives_its_vector() -> None:
    pack = Pack(2)
    pack.add(NodeKind.ALL, *pack.every_leaf())
    engine = ReteEngine(pack.compiled())
    vectors = [[a, b] for a in EVERY_VALUE for b in EVERY_VALUE]
    together = engine.derive(vectors)
    assert together == [engine.derive([vector])[0] for vector in vectors]
    assert together == engine.derive(vectors)


def test_no_background_thread_is_started() -> None:
    """Trap: two timer threads fire rules behind the caller's back."""
    before = threading.active_count()
    pack = Pack(1)
    pack.add(NodeKind.NOT, pack.leaf(0))
    ReteEngine(pack.compiled()).derive([[MET]])
    assert threading.active_count() == before


def test_engines_take_turns_when_threads_share_them() -> None:
    pack = Pack(6)
    pack.add(NodeKind.AT_LEAST, *pack.every_leaf(), k=3)
    compiled = pack.compiled()
    engine = ReteEngine(compiled)
    vectors = [spread(6, shift) for shift in range(3)] * 10
    wanted = [one.values for one in ReferenceEngine(compiled).derive(vectors)]
    got: list[list[tuple[Truth, ...]]] = []

    def ask() -> None:
        got.append([one.values for one in engine.derive(vectors)])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [wanted] * 4


def test_outcomes_and_paths_may_be_in_any_script() -> None:
    """No word of a pack reaches durable_rules, so none can disturb it."""
    words = ["Zulassung-é", "医療記録", "حق", "a.b$nex", 'quote"\\', "\U0001f393"]
    leaf = Node(0, NodeKind.LEAF, words[0], words[1], leaf=0)
    nodes = [leaf, *(Node(n, NodeKind.OUTCOME, w, w, (n - 1,)) for n, w in enumerate(words, 1))]
    pack = Pack(1)
    pack.nodes = nodes
    assert_agrees(pack, [MET], [UNKNOWN], [UNMET])


# -- faults are said, never swallowed


@pytest.fixture
def engine() -> ReteEngine:
    pack = Pack(2)
    pack.add(NodeKind.NOT, pack.add(NodeKind.ALL, *pack.every_leaf()))
    return ReteEngine(pack.compiled())


def test_an_action_that_raises_fails_its_vector_and_only_that(
    engine: ReteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: exceptions inside actions are swallowed into the state."""

    def broken(*_: object) -> None:
        raise ValueError("out of paper")

    with monkeypatch.context() as patched:
        patched.setattr(durable.Closure, "assert_fact", broken)
        with pytest.raises(EngineError, match="a rule of the rete engine failed: out of paper"):
            engine.derive([[MET, MET]])
    assert engine.derive([[MET, MET]])[0].values == (MET, MET, MET, UNMET)


def test_an_exception_noted_in_the_state_only_is_raised_too(
    engine: ReteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = {"exception": "timeout expired"}
    monkeypatch.setattr(durable.Host, "assert_facts", lambda *_: noted)
    with pytest.raises(EngineError, match="a rule of the rete engine failed: timeout expired"):
        engine.derive([[MET, MET]])


def test_an_interrupt_inside_an_action_is_not_swallowed(
    engine: ReteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(durable.Closure, "assert_fact", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.derive([[MET, MET]])


def test_a_fact_that_durable_rules_lost_is_an_internal_fault(
    engine: ReteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.Closure, "assert_fact", lambda *_: None)
    with pytest.raises(EngineError) as fault:
        engine.derive([[MET, MET]])
    wanted = "internal fault of the rete engine: `outcome#requires/3` came out as nothing"
    assert str(fault.value) == wanted


def test_a_failed_assertion_leaves_no_state_behind(
    engine: ReteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: deleting a state that never fired is a segmentation fault."""

    def broken(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(durable.Host, "assert_facts", broken)
        for _ in range(1100):  # more than the states a ruleset can hold
            with pytest.raises(EngineError):
                engine.derive([[MET, MET]])
    assert engine.derive([[MET, UNKNOWN]])[0].values[-1] is UNKNOWN


def test_rules_that_durable_rules_refuses_are_an_engine_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("error code: 108")

    monkeypatch.setattr(durable.Host, "register_rulesets", refuse)
    pack = Pack(1)
    pack.add(NodeKind.NOT, pack.leaf(0))
    with pytest.raises(EngineError, match="refused the rules of this pack: error code: 108"):
        ReteEngine(pack.compiled())


def test_a_vector_of_the_wrong_length_is_refused(engine: ReteEngine) -> None:
    wanted = "a vector has 1 leaf values where the pack has 2 leaves"
    with pytest.raises(EngineError, match=wanted):
        engine.derive([[MET]])


@pytest.mark.parametrize("fault", [ImportError("undefined symbol: PyEval_CallObject"), OSError()])
def test_a_library_that_cannot_be_imported_is_not_available(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name.startswith("durable"):
                raise fault

    for module in [name for name in sys.modules if name.startswith("durable")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert not available()
    with pytest.raises(EngineError, match="the rete engine needs `durable_rules`"):
        ReteEngine(Pack(0).compiled())


def test_importing_the_module_does_not_load_durable_rules() -> None:
    code = "import sys, eligibility.engines.rete; sys.exit('durable' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_ids_and_properties_of_facts_have_hashes_of_their_own() -> None:
    """Trap: durable_rules takes facts and properties with one 32-bit hash for the same."""

    def hashed(text: str) -> int:
        value = 0x811C9DC5
        for byte in text.encode():
            value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
        return value

    most = rete._PREMISES + 1
    ids = [*map(str, range(most)), *(f"sid-{number}" for number in range(100_000))]
    rows = most // rete._SIDE_BY_SIDE + 1
    names = ["id", "sid", "$s", *(f"a{row}" for row in range(rows))]
    names += [f"b{column}" for column in range(rete._SIDE_BY_SIDE)]
    for words in (ids, names):
        assert len({hashed(word) for word in words}) == len(words)
