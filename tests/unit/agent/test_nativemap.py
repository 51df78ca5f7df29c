"""The map in C does what the map in Python does, and no program can be hurt by it.

Runs under every interpreter (tests/process/test_every_interpreter.py), so it is written in the
Python of 3.8 and uses the standard library and pytest only.
"""

from __future__ import annotations

import copy
import dis
import gc
import glob
import marshal
import mmap
import os
import pickle
import subprocess
import sys
from typing import Any

import podcov_agent
import pytest
from podcov_agent.binding import MARK, bind, pack
from podcov_agent.contract import HOME_NATIVE
from podcov_agent.nativemap import load_native
from podcov_agent.probes import NATIVES
from podcov_agent.rewrite import rewrite
from support.codes import codes

AGENT = os.path.dirname(podcov_agent.__file__)
PROGRAMS = os.path.join(os.path.dirname(__file__), "../../process/programs/*.py")
SIZE = mmap.PAGESIZE
BASE = 64

pytestmark = pytest.mark.skipif(
    not os.path.exists(os.path.join(AGENT, HOME_NATIVE % os.uname().machine)),
    reason="the map in C was not compiled: make native",
)


OLD = sys.version_info < (3, 14)
MARKING, OPERATION = ("-(%s)", "UNARY_NEGATIVE") if OLD else ("0 in %s", "CONTAINS_OP")
"""What marks the line of a probe: its minus, or the question for what is in it."""

ELSEWHERE: Any = 0 if OLD else b""
"""What a probe becomes where there is no agent."""


def mark(probe: Any) -> Any:
    return eval(MARKING % "probe", {"probe": probe})


class Chunk:
    """A file of zeros, mapped by the map in C; `map` is that map."""

    def __init__(self, path: str, content: bytes = b"") -> None:
        self.path = path
        with open(path, "wb+") as file:
            file.write(content.ljust(SIZE, b"\0"))
            file.flush()
            self.map: Any = load_native(AGENT).map_descriptor(file.fileno(), SIZE)

    def probe(self, line: int) -> Any:
        return self.map.fill(((MARK, line),), MARK, 0)[0]

    def lines(self, base: int = 0) -> set[int]:
        with open(self.path, "rb") as file:
            return {n - base for n, byte in enumerate(file.read()) if byte}


@pytest.fixture
def chunk(tmp_path: Any) -> Chunk:
    return Chunk(str(tmp_path / "chunk"))


def test_a_probe_marks_its_byte_and_no_other(chunk: Chunk) -> None:
    """At once in the file, as often as one likes; and it is false."""
    for line in (0, 5, SIZE - 1, 5):
        assert not mark(chunk.probe(line))
    assert chunk.lines() == {0, 5, SIZE - 1}


def test_a_byte_that_is_set_is_not_written_again(tmp_path: Any) -> None:
    """The line of the cache stays with every processor that reads it."""
    chunk = Chunk(str(tmp_path / "chunk"), b"\2")
    mark(chunk.probe(0))
    with open(chunk.path, "rb") as file:
        assert file.read(1) == b"\2"


def test_a_probe_is_equal_to_itself_alone(chunk: Chunk) -> None:
    one, two = chunk.probe(1), chunk.probe(2)
    assert (one in {one}, two in {one}, one == 0) == (True, False, False)
    assert len({one, two, chunk.probe(1)}) == 2


@pytest.mark.skipif(not OLD, reason="from 3.14 on it is a buffer, which other interpreters take")
def test_a_probe_is_a_number_to_compilers_of_byte_code(chunk: Chunk) -> None:
    """numba and its like know the types of numbers; whatever is calculated with it is as with 0."""
    probe = chunk.probe(1)
    assert isinstance(probe, int)
    found = [probe + 1, 1 - probe, probe * 10**30, probe << 3, ~probe, abs(probe), int(probe)]
    assert found == [1, 1, 0, 0, -1, 0, 0]
    found = [probe < 1, probe >= 0, float(probe), divmod(probe, 7), probe.bit_length()]
    assert found == [True, True, 0.0, (0, 0), 0]
    assert (str(probe), f"{probe:03}", list(range(probe)), [7][probe]) == ("0", "000", [], 7)
    assert probe.to_bytes(2, "big") == b"\0\0"
    with pytest.raises(ZeroDivisionError):
        1 // probe
    for make in (lambda: int.__new__(type(probe)), lambda: type(probe).from_bytes(b"a", "big")):
        with pytest.raises(TypeError):
            make()
    assert chunk.lines() == set()


def test_code_of_a_module_that_is_loaded_again_is_equal(chunk: Chunk) -> None:
    """As it is in a plain run: a line has the same object every time."""
    kept = rewrite(b"def f():\n  return 1\n", "m.py", probes=NATIVES).code
    first, second = (bind(kept, chunk.map, BASE) for _ in range(2))
    assert (first, hash(first)) == (second, hash(second))


def test_copies_are_the_same_and_pickles_do_nothing(chunk: Chunk) -> None:
    """Where there is no agent something stands there that is false in the same way."""
    probe = chunk.probe(3)
    assert copy.copy(probe) is copy.deepcopy(probe) is probe
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(probe, protocol)) == ELSEWHERE
    assert not mark(ELSEWHERE)


@pytest.mark.skipif(OLD, reason="before 3.14, marshal refuses it")
def test_code_that_marshal_wrote_does_nothing_else(chunk: Chunk) -> None:
    """3.14 hands functions to other interpreters that way."""
    source = b"""
def deco(f):
    return f
@deco
@deco
def f(x):
    try:
        return {}[x]
    except (KeyError,
            ValueError):
        pass
    match x:
        case 1: pass
        case int():
            return [-x, 0 in (x,)]
a = f(2)
"""
    code = bind(rewrite(source, "m.py", probes=NATIVES, branches=True).code, chunk.map, BASE)
    names: dict[str, Any] = {}
    exec(marshal.loads(marshal.dumps(code)), names)
    assert (names["a"], chunk.lines()) == ([-2, False], set())


@pytest.mark.skipif(not OLD, reason="3.14 needs it")
def test_marshal_refuses_live_code(chunk: Chunk) -> None:
    """As for any foreign object; bytes in the place of a probe would fail later."""
    code = bind(rewrite(b"a = 1\n", "m.py", probes=NATIVES).code, chunk.map, BASE)
    with pytest.raises(ValueError, match="unmarshallable"):
        marshal.dumps(code)


def test_nobody_else_makes_or_extends_them(chunk: Chunk) -> None:
    """One without memory behind it would kill the process."""
    for this in (chunk.probe(1), chunk.map):
        kind = type(this)
        for make in (kind, lambda k=kind: object.__new__(k), lambda k=kind: type("K", (k,), {})):
            with pytest.raises(TypeError):
                make()
        with pytest.raises(AttributeError):
            this.attribute = 1


TRACES = """\
import os, sys
sys.path.insert(0, sys.argv[1])
from podcov_agent.nativemap import load_native
before = set(sys.modules), os.listdir("/proc/self/fd")
with open(sys.argv[2], "r+b") as file:
    map = load_native(sys.argv[3]).map_descriptor(file.fileno(), 4096)
after = set(sys.modules), os.listdir("/proc/self/fd")
assert before == after, (before, after)
"""


def test_nothing_is_left_where_others_look(chunk: Chunk) -> None:
    """No module, no descriptor, and nothing for the collector to visit."""
    words = [sys.executable, "-c", TRACES, os.path.dirname(AGENT), chunk.path, AGENT]
    subprocess.run(words, check=True)
    assert not gc.is_tracked(chunk.probe(1))
    assert not gc.is_tracked(chunk.map)


def test_a_probe_outlives_its_map_and_all_that_held_it(chunk: Chunk) -> None:
    probe = chunk.probe(7)
    del chunk.map
    gc.collect()
    for _ in range(1000):
        mark(probe)
    assert chunk.lines() == {7}


@pytest.mark.parametrize("line", [SIZE, SIZE + 1, 1 << 40])
def test_a_line_outside_of_the_chunk_is_refused_when_code_is_bound(chunk: Chunk, line: int) -> None:
    """There is no check when it runs."""
    with pytest.raises(IndexError):
        chunk.map.fill(((MARK, line),), MARK, 0)
    with pytest.raises(IndexError):
        chunk.map.fill(((MARK, 1),), MARK, -2)


def test_constants_of_the_application_stay(chunk: Chunk) -> None:
    consts = (1, "a", (1, 2), (), ("podcov", 1), (frozenset({"x"}), 1), (MARK, 1, 2), None)
    assert chunk.map.fill(consts, MARK, 0) == consts


def test_what_cannot_be_mapped_raises(tmp_path: Any) -> None:
    (tmp_path / "file").touch()
    with open(str(tmp_path / "file"), "rb") as file, pytest.raises(OSError, match="ermission"):
        load_native(AGENT).map_descriptor(file.fileno(), SIZE)
    with pytest.raises(OSError, match="descriptor"):
        load_native(AGENT).map_descriptor(-1, SIZE)


SOURCE = b"""\
def deco(f): return f
@deco
@deco
def f(x):
    try:
        return {}[x]
    except IndexError:
        pass
    except KeyError:
        for i in (1, 2):
            x = [-(1), +x, -1.5, ()][0]
        return x
assert f(1) == -1
class C:
    'doc'
    a = 1
"""


def test_packed_code_runs_and_marks_as_bound_code_does(chunk: Chunk) -> None:
    """Also after it was kept."""
    code = rewrite(SOURCE, "m.py", probes=NATIVES).code
    exec(bind(code, chunk.map, BASE), {"__name__": "m"})
    bound = chunk.lines(BASE)
    other = Chunk(chunk.path + "2")
    packed = marshal.loads(marshal.dumps(pack(code)))
    other.map.plant(packed, 2 * BASE)
    exec(packed, {"__name__": "m"})
    assert other.lines(2 * BASE) == bound == set(range(1, 17)) - {8}


def test_every_probe_of_every_program_is_one_operation(chunk: Chunk) -> None:
    """No compiler folds it away; packing and planting lose no constant."""
    seen = 0
    for path in glob.glob(PROGRAMS):
        with open(path, "rb") as file:
            source = file.read()
        try:
            code = rewrite(source, path, probes=NATIVES).code
        except SyntaxError:
            continue
        packed = marshal.loads(marshal.dumps(pack(code)))
        chunk.map.plant(packed, BASE)
        pairs = zip(codes(bind(code, chunk.map, BASE)), codes(packed))  # noqa: B905
        for bound, planted in pairs:
            same = [i for i, c in enumerate(bound.co_consts) if type(c) is not type(code)]
            assert [planted.co_consts[i] for i in same] == [bound.co_consts[i] for i in same]
            assert planted.co_code == bound.co_code
            assert planted.co_consts[len(bound.co_consts) :] == (None,)
            loads = list(dis.get_instructions(bound))
            for load, then in zip(loads, loads[1:]):  # noqa: B905, RUF007
                if type(load.argval) is type(chunk.probe(1)):
                    assert then.opname == OPERATION
                    seen += 1
    assert seen > 300


def test_packed_code_that_is_not_whole_raises(chunk: Chunk) -> None:
    """Nothing is written outside of its constants or of the chunk."""
    table = b"\1\0\0\0" + SIZE.to_bytes(4, "little")
    for tail in (None, b"\x09\0\0\0\1\0\0\0", table):
        code = compile("1", "m.py", "exec").replace(co_consts=(0.5, tail))
        with pytest.raises((TypeError, IndexError)):
            chunk.map.plant(code, 0)
    assert chunk.lines() == set()


def test_a_process_and_its_fork_mark_the_same_bytes(chunk: Chunk) -> None:
    probes = [chunk.probe(n) for n in range(10)]
    child = os.fork()
    if not child:
        list(map(mark, probes[:5]))
        os._exit(0)
    list(map(mark, probes[5:]))
    assert os.waitpid(child, 0)[1] == 0
    assert chunk.lines() == set(range(10))


RACE = """\
import os, sys
sys.path.insert(0, sys.argv[1])
from podcov_agent.nativemap import load_native
from podcov_agent.binding import MARK
fd = os.open(sys.argv[2], os.O_RDWR)
map = load_native(sys.argv[3]).map_descriptor(fd, int(sys.argv[4]))
lines = range(int(sys.argv[5]), 4096, 2)
probes = map.fill(tuple([(MARK, n) for n in lines]), MARK, 0)
print("ready", flush=True)
sys.stdin.readline()
for probe in probes:
    MARKING
""".replace("MARKING", MARKING % "probe")


def test_two_processes_on_the_same_cache_lines_lose_nothing(chunk: Chunk) -> None:
    """Neighbouring bytes, marked at the same time by different processes."""
    for _ in range(3):
        with open(chunk.path, "r+b") as file:
            file.write(bytes(SIZE))
        words = [sys.executable, "-c", RACE, os.path.dirname(AGENT), chunk.path, AGENT, str(SIZE)]
        pipe = subprocess.PIPE
        both = [
            subprocess.Popen([*words, str(n)], stdin=pipe, stdout=pipe, universal_newlines=True)
            for n in range(2)
        ]
        for one in both:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in both:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        assert [one.communicate()[0] for one in both] == ["", ""]
        assert chunk.lines() == set(range(4096))


SUBINTERPRETER = (
    """\
import sys
sys.path.insert(0, {path!r})
from podcov_agent.nativemap import load_native
from podcov_agent.binding import MARK
with open({chunk!r}, "r+b") as file:
    map = load_native({agent!r}).map_descriptor(file.fileno(), {size})
probe = map.fill(((MARK, {line}),), MARK, 0)[0]
"""
    + MARKING % "probe"
)


def test_each_interpreter_of_a_process_has_its_own(chunk: Chunk) -> None:
    """Those with a GIL of their own, too; when they are gone, the others go on."""
    try:
        import _interpreters as interpreters  # type: ignore[import-not-found]
    except ImportError:
        import _xxsubinterpreters as interpreters  # type: ignore[import-not-found]
    before = chunk.probe(1)
    names = {"path": os.path.dirname(AGENT), "chunk": chunk.path, "agent": AGENT, "size": SIZE}
    for line in (2, 3):
        one = interpreters.create()
        failure = interpreters.run_string(one, SUBINTERPRETER.format(line=line, **names))
        interpreters.destroy(one)
        assert failure is None, failure
    mark(before)
    mark(chunk.probe(4))
    assert chunk.lines() == {1, 2, 3, 4}


def test_where_it_cannot_be_loaded_there_is_none(tmp_path: Any) -> None:
    """A file that is missing, or cut, or no library, or of another CPU, raises nothing."""
    assert load_native(str(tmp_path)) is None
    with open(os.path.join(AGENT, HOME_NATIVE % os.uname().machine), "rb") as file:
        whole = file.read()
    path = os.path.join(str(tmp_path), HOME_NATIVE % os.uname().machine)
    os.mkdir(os.path.dirname(path))
    other_cpu = whole[:18] + b"\x08\0" + whole[20:]
    for content in (b"", b"\x7fELF", whole[:100], b"no library", other_cpu):
        with open(path, "wb") as file:
            file.write(content)
        assert load_native(str(tmp_path)) is None
