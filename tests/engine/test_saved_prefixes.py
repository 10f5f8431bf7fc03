"""Prefixes that are saved: every answer is the one given without a disk, whatever became of the files, and nobody finds another's."""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Request, Sight
from alize.engine.blocks import chain
from alize.engine.core import Core
from alize.engine.runners.fake import FakeRunner
from alize.engine.saved.folder import Folder
from alize.engine.saved.prefixes import Prefixes
from alize.engine.saved.store import Saved, Store
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence
from tests.adapters import write_release
from tests.engine.engines import alone, drain, picture
from tests.engine.test_schedule import requests

IDENTITY = "ab" * 16
TEXT = tuple(token % 61 for token in range(0, 700, 7))  # 100 tokens: 6 full blocks


def core(
    root: Path,
    blocks: int = 64,
    limits: Limits | None = None,
    window: int | None = None,
    identity: str = IDENTITY,
    folder: Folder | None = None,
    runner: FakeRunner | None = None,
    budget: int = 1 << 24,
) -> Core:
    """One that saves."""
    runner = runner or FakeRunner(window=window, sight=Sight(side=1, most=4))
    folder = folder or Folder(root, budget)
    folder.begin()
    folder.wait()  # what is not known yet is not found
    sizes = {group.name: blocks for group in runner.info.groups}
    return Core(runner, replace(limits or Limits(), speculation=False), sizes, saved=Saved(folder, identity))


def asked(engine: Core, *work: Request) -> dict[str, list[int]]:
    for request in work:
        engine.add(request)
    return drain(engine)


def is_read(engine: Core) -> None:
    """Until all that the disk knows of who waits for it was read: else answers may take its room meanwhile."""
    assert engine.prefixes is not None
    while not all(load.read for load in engine.prefixes._loads.values()):
        engine.prefixes.wait()


def question(id: str = "a", tokens: tuple[int, ...] = TEXT, **more: Any) -> Request:
    return Request(id, tokens, **{"max_tokens": 5, **more})


def in_order(root: Path, group: str = "full") -> list[Path]:
    """The files of a question's blocks: when each was of use depends on when the writer came to it."""
    sequence = Sequence(question(), 0)
    sequence.link(len(TEXT))
    store = Store(Saved(Folder(root, 1 << 24), IDENTITY), ())
    return [root / store.name(group, link) for link in sequence.links]


def saved(root: Path, *work: Request, **given: Any) -> None:
    """What a core has saved that has answered these and is gone."""
    engine = core(root, **given)
    asked(engine, *work)
    engine.close()


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@settings(max_examples=40, deadline=None)
@given(requests(), st.sampled_from([None, 20, 40]), st.integers(14, 30), st.sampled_from([1 << 24, 20 * 4096]), st.data())
def test_every_answer_is_the_one_given_without_a_disk(
    work: list[Request], window: int | None, blocks: int, budget: int, data: st.DataObject
) -> None:
    """Cores that come and go, files that are damaged and deleted, requests that are aborted, too few blocks, pictures, two salts."""
    with TemporaryDirectory() as folder:
        root, answers, gone = Path(folder) / "prefixes", dict[str, list[int]](), set[str]()
        engine = core(root, blocks, Limits(step_tokens=40, max_running=4), window, budget=budget)
        work = [replace(request, tokens=(TEXT[:80] + request.tokens)) for request in work if not request.images] + work
        for number, request in enumerate(work):
            request = replace(request, id=str(number))
            work[number] = request
            engine.add(request)
            for _ in range(data.draw(st.integers(0, 4))):
                for step in engine.step():
                    answers.setdefault(step.request_id, []).extend(step.tokens)
                engine.check()
            apart, cut = data.draw(st.integers(1, 5)), data.draw(st.booleans())  # always: how many files there are is a matter of time
            match data.draw(st.sampled_from(["", "", "abort", "restart", "damage"])):
                case "abort":
                    engine.abort(request.id)
                    gone.add(request.id)
                case "restart":
                    drain(engine, answers)
                    engine.close()
                    engine = core(root, blocks, Limits(step_tokens=16), window, budget=budget)
                case "damage":
                    for path in files(root)[::apart]:
                        with suppress(FileNotFoundError):  # it was renamed, or found out to be damaged
                            os.truncate(path, 100) if cut else path.unlink()
                case _:
                    pass
        drain(engine, answers)
        engine.close()
        for request in work:
            expected, got = alone(request, window), answers.get(request.id, [])
            assert got == expected or (request.id in gone and got == expected[: len(got)])
        stats = engine.stats()
        assert stats.blocks_used == stats.running == stats.waiting == 0


@pytest.mark.parametrize("window", [None, 20, 40])
def test_a_prefix_is_found_after_a_restart(tmp_path: Path, window: int | None) -> None:
    saved(tmp_path, question(), window=window)
    engine = core(tmp_path, window=window)
    assert asked(engine, question()) == {"a": alone(question(), window)}
    stats = engine.stats()
    assert (stats.cached_tokens, stats.prefix_disk_tokens, stats.prefix_disk_saved) == (96, 96, 0)
    assert engine.runner.tokens == 4 + 4  # type: ignore[attr-defined]


def test_of_a_window_only_what_is_still_seen_is_read(tmp_path: Path) -> None:
    saved(tmp_path, question(), window=20)
    for path in in_order(tmp_path, "sliding")[:4]:
        path.unlink()
    engine = core(tmp_path, window=20)
    assert asked(engine, question()) == {"a": alone(question(), 20)}
    assert engine.stats().prefix_disk_tokens == 96


def test_an_answer_is_saved_with_its_prompt(tmp_path: Path) -> None:
    first = question(max_tokens=60)
    saved(tmp_path, first)
    whole = TEXT + tuple(alone(first))
    engine = core(tmp_path)
    assert asked(engine, question(tokens=whole)) == {"a": alone(question(tokens=whole))}
    assert engine.stats().cached_tokens == len(whole[:-1]) // 16 * 16


def test_who_comes_together_for_one_prefix_waits_for_one_reading(tmp_path: Path) -> None:
    saved(tmp_path, question())
    reads = list[str]()

    class Counted(Folder):
        def read(self, name: str, size: int) -> bytes | None:
            reads.append(name)
            return super().read(name, size)

    engine = core(tmp_path, folder=Counted(tmp_path, 1 << 24))
    work = [question(str(index), (*TEXT, index)) for index in range(8)]
    assert asked(engine, *work) == {request.id: alone(request) for request in work}
    assert len(reads) == 6
    assert engine.stats().cached_tokens == 8 * 96


def test_tenants_find_nothing_of_each_other_on_the_disk(tmp_path: Path) -> None:
    saved(tmp_path, question(salt="a"))
    engine = core(tmp_path)
    asked(engine, question(salt="b"), question("none"))
    assert (engine.stats().cached_tokens, engine.stats().prefix_disk_tokens) == (0, 0)
    asked(engine, question(salt="a"))
    assert engine.stats().prefix_disk_tokens == 96


def test_nor_do_adapters_and_other_weights(tmp_path: Path) -> None:
    shapes = {"layers.0.attention.wq": (4, 4)}
    one, other = (write_release(tmp_path / f"{seed}" / "lora.safetensors", shapes, seed=seed) for seed in (1, 2))
    root = tmp_path / "prefixes"

    def found(adapter: Path | None, identity: str = IDENTITY) -> int:
        engine = core(root, identity=identity)
        if adapter is not None:
            engine.set_adapter("mine", str(adapter))
        asked(engine, question(adapter="mine" if adapter is not None else None))
        engine.close()
        return engine.stats().prefix_disk_tokens

    assert [found(one), found(other), found(None)] == [0, 0, 0]
    assert found(None, "cd" * 16) == 0
    assert [found(one), found(other), found(None), found(None, "cd" * 16)] == [96] * 4


def test_images_are_part_of_what_is_found(tmp_path: Path) -> None:
    tokens = (1,) * 100

    def shown(colour: int) -> Request:
        return question(tokens=tokens, images=(picture(colour, 4, 4, 70),))

    saved(tmp_path, shown(0))
    for colour, expected in ((1, 64), (0, 96)):
        engine = core(tmp_path)
        assert asked(engine, shown(colour)) == {"a": alone(shown(colour))}
        assert engine.stats().prefix_disk_tokens == expected
        assert bool(engine.runner.pieces) == (colour == 1)  # type: ignore[attr-defined]


def test_a_damaged_file_costs_its_block_and_those_behind_it(tmp_path: Path) -> None:
    saved(tmp_path, question())
    fifth = in_order(tmp_path)[4]
    fifth.write_bytes(fifth.read_bytes()[:-1] + b"\x01")
    engine = core(tmp_path)
    assert asked(engine, question()) == {"a": alone(question())}
    stats = engine.stats()
    assert (stats.cached_tokens, stats.prefix_disk_corrupt) == (64, 1)
    engine.close()
    assert engine.stats().prefix_disk_saved == 1  # it is computed, and saved again
    assert len(files(tmp_path)) == 6


def test_a_folder_that_is_deleted_while_it_is_used_is_made_again(tmp_path: Path) -> None:
    root = tmp_path / "prefixes"
    engine = core(root)
    asked(engine, question())
    engine.close()
    again = core(root)
    asked(again, question("short", (5,) * 20))
    for path in files(root):
        path.unlink()
    (root / IDENTITY).rmdir()
    root.rmdir()
    assert asked(again, question(), question("b", TEXT[::-1])) == {"a": alone(question()), "b": alone(question(tokens=TEXT[::-1]))}
    again.close()
    assert len(files(root)) >= 6


@contextmanager
def held(root: Path) -> Iterator[tuple[Folder, threading.Event, threading.Event]]:
    """A folder whose files nobody gets before the second event; the first tells that somebody waits for one."""
    asking, go = threading.Event(), threading.Event()

    class Held(Folder):
        def read(self, name: str, size: int) -> bytes | None:
            asking.set()
            go.wait(30)
            return super().read(name, size)

    try:
        yield Held(root, 1 << 24), asking, go
    finally:
        go.set()


def test_a_request_that_is_aborted_while_its_prefix_is_read_leaves_nothing_behind(tmp_path: Path) -> None:
    saved(tmp_path, question())
    with held(tmp_path) as (folder, asking, go):
        engine = core(tmp_path, folder=folder)
        engine.add(question("gone"))
        engine.add(question("stays"))
        assert asking.wait(30)
        engine.step()
        assert engine.stats().waiting == 2
        engine.abort("gone")
        go.set()
        assert drain(engine) == {"stays": alone(question())}
        stats = engine.stats()
        assert (stats.blocks_used, stats.waiting, stats.running) == (0, 0, 0)


def test_others_are_answered_while_a_prefix_is_read(tmp_path: Path) -> None:
    saved(tmp_path, question())
    with held(tmp_path) as (folder, asking, go):
        engine = core(tmp_path, folder=folder)
        engine.add(question())
        assert asking.wait(30)
        other = question("other", TEXT[::-1], max_tokens=3)
        engine.add(other)
        answers = dict[str, list[int]]()
        for _ in range(3):
            for step in engine.step():
                answers.setdefault(step.request_id, []).extend(step.tokens)
        assert answers == {"other": alone(other)}
        go.set()
        assert drain(engine) == {"a": alone(question())}


def test_pausing_and_new_weights_lose_nobody_whose_prefix_is_read(tmp_path: Path) -> None:
    saved(tmp_path, question())
    with held(tmp_path) as (folder, asking, go):
        engine = core(tmp_path, folder=folder)
        engine.add(question())
        assert asking.wait(30)
        engine.paused = True
        assert engine.settled
        engine.step()
        waiting = engine.waiting()
        fresh = core(tmp_path)  # as the worker does for `reload`
        fresh.count_from(engine)
        go.set()
        engine.close()
        for request in waiting:
            fresh.add(request, again=True)
        assert drain(fresh) == {"a": alone(question())}
        assert fresh.stats().prompt_tokens == len(TEXT)


def test_a_disk_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alize.engine.saved.prefixes._LONGEST", 0.0)
    saved(tmp_path, question())
    with held(tmp_path) as (folder, asking, _go):
        engine = core(tmp_path, folder=folder)
        engine.add(question())
        assert asking.wait(30)
        assert drain(engine) == {"a": alone(question())}  # while it is still asked
        assert engine.stats().cached_tokens == 0
        more = question("more", (*TEXT[:90], 1, 2, 3))
        engine.scheduler.groups.clear()
        assert asked(engine, more) == {"more": alone(more)}


def test_what_is_read_takes_no_block_from_anybody(tmp_path: Path) -> None:
    """Of twenty blocks ten are in use: nine can be read beside them, and the sequence is queued with what there is."""
    saved(tmp_path, question(tokens=TEXT * 2))
    engine = core(tmp_path, blocks=20)
    runs = question("runs", tuple(token % 50 for token in range(150)), max_tokens=100)
    engine.add(runs)
    answers = {"runs": [token for step in engine.step() for token in step.tokens]}
    engine.add(question("b", TEXT * 2, max_tokens=3))
    is_read(engine)
    drain(engine, answers)
    assert answers == {"runs": alone(runs), "b": alone(question("b", TEXT * 2, max_tokens=3))}
    assert engine.stats().preemptions == 0
    assert engine.stats().prefix_disk_tokens > 0


class Spoilt(FakeRunner):
    """Its last row has no numbers in its second call."""

    def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
        output = super().run(batch, sampling, max_steps)
        return output if self.calls != 2 else replace(output, tokens=((),), failures=((0, "not a number"),))


def test_nothing_of_a_request_whose_numbers_went_wrong_stays_on_the_disk(tmp_path: Path) -> None:
    runner = Spoilt()
    engine = core(tmp_path, runner=runner)
    engine.add(question())
    ends = [step.error for _ in range(2) for step in engine.step() if step.finish]
    assert ends == ["not a number"]
    drain(engine)
    engine.close()
    assert files(tmp_path) == []


def test_what_was_planned_and_not_computed_is_not_saved(tmp_path: Path) -> None:
    class Interrupted(FakeRunner):
        def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
            raise KeyboardInterrupt

    engine = core(tmp_path, runner=Interrupted())
    engine.add(question())
    with pytest.raises(KeyboardInterrupt):
        engine.step()
    assert engine.prefixes is not None
    engine.prefixes.keep(chain(TEXT, b"\0"))  # as if it had been computed: there is nothing to be copied
    engine.abort("a")
    engine.close()
    assert files(tmp_path) == []


def test_what_is_gone_again_takes_no_turn_from_what_can_be_saved(tmp_path: Path) -> None:
    """Of a small cache under load most has gone before its turn comes: it would fill the queue, and memory with it."""

    class Counting(FakeRunner):
        copied = 0

        def read_block(self, group: str, block: int) -> bytes:
            self.copied += 1
            return super().read_block(group, block)

    runner = Counting()
    engine = Core(runner, Limits(), {"full": 64})
    asked(engine, question())
    prefixes = Prefixes(Saved(Folder(tmp_path, 1 << 24), IDENTITY), runner, engine.scheduler, clock=lambda: 0.0)
    prefixes.keep(chain(range(1600), b"\0"))
    prefixes.keep(chain(TEXT, b"\0"))
    prefixes.go_on(idle=False)
    assert runner.copied == 1, "one beside a step, and the next when it is time"
    prefixes.close(0)


def test_a_short_prompt_is_not_worth_a_file(tmp_path: Path) -> None:
    saved(tmp_path, question(tokens=TEXT[:50]))
    assert files(tmp_path) == []


def test_without_the_prefix_cache_and_where_layers_keep_a_state_nothing_is_saved(tmp_path: Path) -> None:
    saved(tmp_path, question(), limits=Limits(prefix_cache=False))
    saved(tmp_path, question(), runner=FakeRunner(states=True))
    assert files(tmp_path) == []


@dataclass
class Failing(Folder):
    """A disk that takes nothing."""

    root: Path
    code: int = errno.ENOSPC
    tries: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.root, 1 << 24)

    def _create(self, path: Path) -> int:
        self.tries += 1
        raise OSError(self.code, os.strerror(self.code))


@pytest.mark.parametrize(
    ("code", "says"), [(errno.ENOSPC, "free some space"), (errno.EROFS, "read-only"), (errno.EIO, "look after the disk")]
)
def test_a_disk_that_takes_nothing_is_said_once_and_answers_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, code: int, says: str
) -> None:
    monkeypatch.setattr("alize.engine.saved.writer._REST", 0.0)  # it tries again at once
    folder = Failing(tmp_path, code)
    engine = core(tmp_path, folder=folder)
    assert asked(engine, question()) == {"a": alone(question())}
    engine.close()
    again = core(tmp_path, folder=folder)
    other = question("b", TEXT[::-1])
    assert asked(again, other) == {"b": alone(other)}
    again.close()  # or its thread would speak in another test
    assert folder.tries > 2
    assert engine.stats().prefix_disk_saved == 0
    assert [says in record.getMessage() for record in caplog.records][:1] == [True]
    assert len([record for record in caplog.records if "cannot be saved" in record.getMessage()]) == 2  # once for each engine


def test_a_real_disk_that_is_full_stops_saving_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """/dev/full is one: whatever is written there fails as on a full disk."""
    folder = Folder(tmp_path, 1 << 24)
    folder._create = lambda path: os.open("/dev/full", os.O_WRONLY)  # type: ignore[method-assign]
    engine = core(tmp_path, folder=folder)
    assert asked(engine, question()) == {"a": alone(question())}
    engine.close()
    assert "the disk is full" in caplog.text
    assert files(tmp_path) == []
