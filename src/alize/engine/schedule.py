"""What runs now. In: sequences that run or wait, free blocks, room in a step. Out: a Plan, {sequence: tokens to run}.

One shape says everything: a prompt, a piece of a long prompt, what a prefix hit left over, one token of a decode. They mix in a step.
Decodes come first, so a long prompt never stalls the answers beside it; prompts take what room is left, of a step's tokens and of its
time (pace.py), in the order of fairness.py: those that have begun and those that wait alike, so that one tenant's long prompts never
stall another's short one.

A prompt's tokens can be run as far as its images and sounds are encoded. That is work beside the batch, that takes of the same room:

    prompt      text │ image, not encoded │ text            step 1: the text before it is run, and it begins to be encoded
                     └ held up here                         steps 2 … n: a piece of it, beside whatever else there is to run
                                                            step n + 1: its tokens are run
"""

import math
import sys
from bisect import insort
from collections import Counter
from collections.abc import Callable
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from alize.engine.base import FinishReason
from alize.engine.fairness import FairQueue, parts
from alize.engine.groups import CacheGroups, Tables
from alize.engine.guessing import MOST, Guesser
from alize.engine.guide import Mask
from alize.engine.lookout import Lookout
from alize.engine.media import Medium, ahead
from alize.engine.pace import Allowance, Pace
from alize.engine.plan import Plan
from alize.engine.runners.base import BLOCK, Output
from alize.engine.sequence import Sequence
from alize.engine.speculation import MOST_ROWS, worth

if TYPE_CHECKING:
    from alize.engine.drafting import Drafter

__all__ = ["Limits", "Progress", "Scheduler"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one step, and the engine, may hold."""

    step_tokens: int = 512
    step_seconds: float = math.inf  # that one may take which writes answers and reads a prompt; 0 is a multiple of what they take alone
    max_running: int = 256
    max_waiting: int = 1024
    weights: dict[str, float] = field(default_factory=dict[str, float])  # of tenants, in what is their share of the machine; else 1
    max_context: int = 8192
    decode_steps: int = 1
    prefix_cache: bool = True
    speculation: bool = True  # compute what may follow with what does, where a draw does not depend on what shares its batch
    encode_tokens: int = 32  # most of a step's that the encoding of images and sounds may take the place of
    media_bytes: int = 2 * 2**30  # images and sounds of all requests that are here
    adapters: int = 16
    adapter_rank: int = 256
    adapter_bytes: int = 2 * 2**30  # of all adapters


Progress = tuple[Sequence, tuple[int, ...]]
"""What a sequence gained in a step."""


class Scheduler:
    """Owns the queues and the blocks. Every change of either happens here."""

    def __init__(self, groups: CacheGroups, limits: Limits, encoded: Callable[[Medium], bool], drafter: "Drafter | None" = None) -> None:
        """`encoded` says of an image or a sound whether tokens that show it can be run."""
        self.groups, self._encoded, self.drafter = groups, encoded, drafter
        self.limits = replace(limits, prefix_cache=limits.prefix_cache and groups.shares)
        self.pace, self._lookout = Pace(limits.step_tokens, limits.step_seconds), Lookout()
        self.running: list[Sequence] = []  # the most urgent first
        self.waiting = FairQueue(limits.weights)
        self.preemptions = 0
        self._cut: Sequence | None = None  # who was left out of a step for the sake of a first token, and got nothing since
        self.no_room: Sequence | None = None  # who could not begin in the last plan, though it was its turn

    def add(self, sequence: Sequence) -> None:
        if sequence.coming is None:
            sequence.end = min(sequence.prompt_length + sequence.request.max_tokens, self.limits.max_context)
        self.waiting.add(sequence, (other.request.tenant for other in self.running))

    def spoil(self, sequence: Sequence) -> None:
        """End a running sequence whose numbers went wrong. Nobody finds what it has computed, or began with."""
        self.groups.forget(sequence.links[: sequence.labelled])
        self.remove(sequence.request.id)

    def remove(self, request_id: str) -> Sequence | None:
        """Take a sequence out wherever it is, and free its blocks."""
        found = self.waiting.remove(request_id)
        if found is None:
            found = next((sequence for sequence in self.running if sequence.request.id == request_id), None)
            if found is not None:
                self.running.remove(found)
        if found is not None:
            self._release(found)
        if found is self.no_room:
            self.no_room = None
        if found is self._cut:
            self._cut = None
        return found

    def plan(self, admit: bool = True) -> Plan:
        """Choose this step's work and give it room; without `admit`, only for what has begun.

        What is planned will be run: its blocks are findable from here on, also by sequences admitted later in this same plan, because
        a runner writes a whole batch before it reads any of it.
        """
        plan = Plan(Allowance(self.limits.step_tokens))
        if admit and self.no_room is not None:
            self._make_way(self.no_room)
        before = self.preemptions
        prompts = self._write(plan)
        self._read(plan, prompts, returning=not admit, begin=self.preemptions == before)
        self.waiting.age(self.running, plan.tokens.keys() | plan.encoding)
        return plan

    def look_ahead(self, plan: Plan) -> None:
        """Add what may follow, or say for how many steps the plan is good. A draft model may be run: where that raises, undo the plan."""
        if 0 < plan.decodes == len(plan.tokens) <= MOST_ROWS and not plan.encode:
            self._guess(plan)
        plan.steps = self._steps(plan)

    def took(self, plan: Plan, seconds: float) -> None:
        """How long the plan took to be run, without what was run to look ahead."""
        plan.seconds = seconds
        self.pace.took(seconds / plan.steps, plan.rows, plan.read, plan.left.depth)

    def commit(self, plan: Plan, output: Output) -> list[Progress]:
        """Book what a step did: positions computed, tokens drawn, ends reached."""
        if self.drafter is not None:
            self.drafter.settle(plan.tokens, output.tokens, plan.seconds / plan.steps, self.pace, plan.guesses)
        progress: list[Progress] = []
        charge, slides = self.waiting.charge, self.groups.slides
        for (sequence, count), drawn in zip(plan.tokens.items(), output.tokens, strict=True):
            request, tokens, gained = sequence.request, sequence.tokens, len(drawn)
            prompt = self._uncharged(sequence, count) if sequence.computed < sequence.prompt_length else 0
            tokens += drawn
            sequence.computed += count
            if gained > 1:  # in a call of several steps, all but the last were run too
                sequence.computed += gained - 1
                self._label(sequence, sequence.computed)
            if slides:
                self.groups.trim(sequence.tables, sequence.computed)
            charge(request.tenant, prompt, gained)
            if len(tokens) >= sequence.end or (drawn and drawn[-1] in request.stop_ids):
                sequence.finish = self._finish(sequence, drawn)
                if sequence.finish:
                    self.running.remove(sequence)
                    self._release(sequence)
            if drawn:
                progress.append((sequence, drawn))
        return progress

    def undo(self, plan: Plan) -> None:
        """Take back a plan that was not run: its blocks were findable already, and any sequence may have relied on them."""
        self.groups.clear()
        for sequence in list(self.running):
            self._preempt(sequence)

    def beside(self, start: int) -> int:
        """How many tokens behind `start` others may be computed outside the plan, between two steps."""
        return self.pace.allow(sum(sequence.decoding for sequence in self.running)).fits(start)

    def wanted(self) -> set[bytes]:
        """Keys of the images and sounds that are still to be shown to what runs."""
        return {medium.key for s in self.running for medium in ahead(s.media, s.computed, sys.maxsize)}

    def make_room(self, tables: Tables, length: int) -> None:
        """Extend tables outside the plan to `length` positions, at most max_context; running sequences give way where needed."""
        while not self.groups.grow(tables, length):
            victim = self._victim(())
            assert victim is not None, "one sequence of max_context fits into empty pools"
            self._preempt(victim)

    def check(self) -> None:
        """Raise AssertionError where blocks and sequences disagree."""
        self.groups.check()
        for name, pool in self.groups.pools.items():
            held = {block for sequence in self.running for block in sequence.tables[name] if block >= 0}
            assert len(held) == pool.size - pool.free, f"group {name}: {pool.size - pool.free} blocks in use, {len(held)} held by sequences"
        if self.drafter is not None:
            self.drafter.check(self.running)

    def _release(self, sequence: Sequence) -> None:
        self.groups.release(sequence.tables)
        if self.drafter is not None:
            self.drafter.drop(sequence)

    def _uncharged(self, sequence: Sequence, count: int) -> int:
        """How many of the next `count` tokens are prompt that its tenant has not been charged for; from now on it has."""
        reached = min(sequence.computed + count, sequence.prompt_length)
        fresh = max(0, reached - max(sequence.computed, sequence.charged))
        sequence.charged = max(sequence.charged, reached)
        return fresh

    # ── inside a plan ──

    def _write(self, plan: Plan) -> list[Sequence]:
        """Plan what decodes; the rest of what runs are prompts that are not read yet."""
        prompts, planned, labels = list[Sequence](), plan.tokens, self.limits.prefix_cache
        for sequence in list(self.running):
            length, computed = len(sequence.tokens), sequence.computed
            if length - computed != 1 or length == sequence.prompt_length:
                prompts.append(sequence)
            elif sequence.plain and (computed < sequence.tables.room or (sequence.tables and self._grow(sequence, length))):
                planned[sequence] = 1  # nearly every row of nearly every step
                plan.left.tokens -= 1
                if labels and length // BLOCK > sequence.labelled:
                    self._label(sequence, length)
            else:
                self._go_on(plan, sequence)
        plan.decodes = len(plan.tokens)
        if prompts or len(self.waiting):
            plan.left = self.pace.allow(plan.decodes, plan.left.tokens)
        return prompts

    def _read(self, plan: Plan, prompts: list[Sequence], returning: bool, begin: bool) -> None:
        """Go on with prompts and begin others, in one order: a tenant's long prompt that has begun is no reason to let another's wait.

        Where somebody has to give way nobody else begins, nor where there is no room for whose turn it is. A step in which a prompt comes
        to its end is not made longer by those who come long after it, since its first token would wait for them; until they have got
        something again the next one is, or they would never go on where each step has one.
        """
        self.no_room, owed = None, self._cut is not None
        if not prompts and not len(self.waiting):
            return
        rank, before = self.waiting.rank(self.running), self.preemptions
        prompts.sort(key=rank, reverse=True)
        if begin and not plan.left:  # answers take all of it: no place is left for whose turn it is
            self.no_room = self.waiting.first(returning, self.running)
        ended: Sequence | None = None  # the first whose first token is drawn in this step
        while True:
            first = self.waiting.first(returning, self.running) if begin and plan.left else None
            going = prompts[-1] if prompts and (first is None or rank(prompts[-1]) < rank(first)) else None
            following = going or first
            if following is None:
                return
            late = ended is not None and self.waiting.long_after(following, ended, rank)
            if late and not owed:
                if following.ready:
                    self._cut = self._cut or following
                if going is None:
                    begin = False
                else:
                    prompts.pop()
                continue
            if going is not None:
                self._go_on(plan, prompts.pop())
                begin = begin and self.preemptions == before
            else:
                begin = self._begin(plan, following)
                self.no_room = None if begin else following
            if following in plan.tokens and (late or following is self._cut):
                self._cut = None
            if ended is None and following.computed + plan.tokens.get(following, 0) == len(following.tokens):
                ended = following

    def _go_on(self, plan: Plan, sequence: Sequence) -> None:
        """Plan as many of its tokens as there is room for, by preemption where there is none."""
        if not sequence.tables:  # preempted a moment ago
            return
        count = self._runnable(sequence, plan.left)
        while count and not self._grow(sequence, sequence.computed + count):
            victim = self._victim(plan.tokens)
            if victim is None or (victim is sequence and len(self.running) == 1):
                count = 0
                break
            self._preempt(victim)
            if victim is sequence:
                count = 0
        if sequence.tables:
            self._take(plan, sequence, count)

    def _begin(self, plan: Plan, sequence: Sequence) -> bool:
        """Admit one that waits. False, and no change, where there is no room for it."""
        if len(self.running) >= self.limits.max_running:
            return False
        self._adopt_prefix(sequence)
        count = self._runnable(sequence, plan.left, least=1)
        # One block per running sequence is kept back: admitting into the last blocks would only preempt somebody in a few steps.
        if not self._grow(sequence, sequence.computed + count, spare=len(self.running)):
            self.groups.release(sequence.tables)
            self._forget(sequence)
            return False
        self.waiting.remove(sequence.request.id)
        insort(self.running, sequence, key=_urgency)
        if not sequence.admitted:
            sequence.admitted, sequence.cached = True, sequence.computed
            plan.begun.append(sequence)
        self._take(plan, sequence, count)  # none of a stream of which all that is there was found
        return True

    def _make_way(self, sequence: Sequence) -> None:
        """Preempt one for a sequence that finds no room: the last in order that is behind it by its level of priority; or, where its tenant
        runs nothing at all, of a tenant that has used more and runs several. Nobody else's requests, however many, keep a tenant from
        running one."""
        rank, used = self.waiting.rank([sequence, *self.running]), self.waiting.used
        running = Counter(part for other in self.running for part in parts(other.request.tenant))
        level, *_ = rank(sequence)

        def gives_way(other: Sequence) -> bool:
            if rank(other)[0] != level:
                return rank(other)[0] > level
            for mine, others in zip(parts(sequence.request.tenant), parts(other.request.tenant), strict=False):
                if mine != others:
                    return not running[mine] and running[others] > 1 and used.get(others, 0) > used.get(mine, 0)
            return False

        victim = max(filter(gives_way, self.running), key=rank, default=None)
        if victim is not None:
            self._preempt(victim)

    def _adopt_prefix(self, sequence: Sequence) -> None:
        """Take what the cache has of it; of one that runs, where that is more than it has computed."""
        sequence.tables = sequence.tables or self.groups.empty()
        if not self.limits.prefix_cache:
            return
        sequence.link(len(sequence.tokens))
        reach = self.groups.match(sequence.links, (len(sequence.tokens) - 1) // BLOCK)  # one token at least must be run, for its logits
        if reach * BLOCK > sequence.computed:
            self.groups.release(sequence.tables)
            sequence.tables = self.groups.adopt(sequence.links[:reach])
            sequence.computed, sequence.labelled = reach * BLOCK, reach
        self._unlink(sequence)

    def _runnable(self, sequence: Sequence, left: Allowance, least: int = 0) -> int:
        """How many of a sequence's tokens can be run, `least` of them even where there is no room: as far as what they show is encoded.

        Others may have been held up by the same image, and have computed by now what comes behind it.
        """
        count = min(sequence.ready, max(least, left.fits(sequence.computed)), self._free(sequence))
        if not count or not sequence.held_up:
            return count
        sequence.held_up, known = False, max(sequence.computed, sequence.charged)
        self._adopt_prefix(sequence)
        sequence.cached += max(0, sequence.computed - known)
        return min(sequence.ready, max(least, left.fits(sequence.computed)), self._free(sequence))

    def _free(self, sequence: Sequence) -> int:
        """How many tokens there are before the first that shows what is not encoded."""
        missing = self._missing(sequence)
        return max(0, missing[0].start - sequence.computed) if missing else sequence.pending

    def _missing(self, sequence: Sequence) -> list[Medium]:
        """What it will show within a step's tokens from here, and is not encoded."""
        within = sequence.computed + self.limits.step_tokens
        return [medium for medium in ahead(sequence.media, sequence.computed, within) if not self._encoded(medium)]

    def _take(self, plan: Plan, sequence: Sequence, count: int) -> None:
        """Plan the next tokens, none where it is held up; and the encoding of what holds it up behind these."""
        if count:
            plan.tokens[sequence] = count
            plan.left.take(sequence.computed, count)
            self._label(sequence, sequence.computed + count)
        missing = self._missing(sequence)
        if missing and missing[0].start <= sequence.computed + count:
            sequence.held_up = True
            plan.encode += missing
            half = -(-plan.left.fits() // 2)  # at most: prompts behind it go on, too
            share = min(self.limits.encode_tokens - plan.encode_tokens, half)
            plan.encode_tokens += share
            if share:
                plan.encoding.add(sequence)
            plan.left.take(0, share)

    def _grow(self, sequence: Sequence, length: int, spare: int = 0) -> bool:
        return self.groups.grow(sequence.tables, length, spare)

    def _label(self, sequence: Sequence, length: int) -> None:
        if self.limits.prefix_cache:
            sequence.link(length)
            full = length // BLOCK
            self.groups.label(sequence.tables, sequence.links[:full], sequence.labelled)
            sequence.labelled = full

    def _forget(self, sequence: Sequence) -> None:
        """That it has computed anything."""
        sequence.tables, sequence.computed, sequence.labelled = Tables(), 0, 0
        self._unlink(sequence)

    def _unlink(self, sequence: Sequence) -> None:
        """Of a sound that is still coming nothing beyond what was computed is known for good; else the links stay, to be made once."""
        if sequence.coming is not None:
            sequence.links = sequence.links[: sequence.labelled]

    def _victim(self, planned: "dict[Sequence, int] | Seq[Sequence]") -> Sequence | None:
        """The running sequence that gives way: lowest priority, then latest arrival. Never one whose step is planned already."""
        candidates = [sequence for sequence in self.running if sequence not in planned]
        return max(candidates, key=lambda s: (-s.request.priority, s.arrival), default=None)

    def _preempt(self, sequence: Sequence) -> None:
        """Free a sequence's blocks and queue it again at its place. Its tokens stay; its cache is found again or recomputed."""
        self._release(sequence)
        self._forget(sequence)
        sequence.held_up = False
        self.running.remove(sequence)
        self.add(sequence)
        self.preemptions += 1
        self.waiting.tenants.gave_way(sequence)

    def _guess(self, plan: Plan) -> None:
        """Add what may follow, where it is worth its time and there is room without anybody giving way."""
        found, masks = dict[Sequence, tuple[int, ...]](), dict[Sequence, list[Mask]]()
        held = [s for s in plan.tokens if s.guesser is not None and s.guide is not None and not s.guide.asleep]
        looks = bool(held) and self._lookout.due()
        for sequence in plan.tokens:
            if sequence.guesser is not None:
                guess, masks[sequence] = self._guessed(sequence, sequence.guesser, looks=looks)
                if guess:
                    found[sequence] = guess
        seen = [sequence for sequence in held if sequence in found]
        if self.drafter is not None:
            for sequence, guess in self._drafted(plan, found, self.drafter).items():
                found[sequence], masks[sequence] = sequence.guide.along(guess) if sequence.guide is not None else (guess, [])
                if not found[sequence]:
                    del found[sequence]
        for sequence, count in worth(found, plan.decodes, self.pace, plan.left.tokens).items() if found else ():
            if self._grow(sequence, len(sequence.tokens) + count, spare=len(self.running)):
                plan.guesses[sequence], plan.masks[sequence] = found[sequence][:count], masks[sequence][:count]
        if looks and seen and self.pace.alone(plan.decodes):
            self._lookout.looked(worth=any(sequence in plan.guesses for sequence in seen))

    def _drafted(self, plan: Plan, found: dict[Sequence, tuple[int, ...]], drafter: "Drafter") -> dict[Sequence, tuple[int, ...]]:
        """What a draft model writes behind those of which nothing is guessed, or hardly anything that is right."""
        wanted: dict[Sequence, int] = {}
        for sequence in plan.tokens:
            guesser, guide, most = sequence.guesser, sequence.guide, sequence.remaining(self.limits.max_context) - 1
            if guesser is None or most < 1 or (guide is not None and not guide.foresees):
                continue
            if sequence not in found or ((guide is None or guide.asleep) and drafter.stakes.beats(guesser.chance)):
                wanted[sequence] = most
        return drafter.propose(list(plan.tokens), wanted, self.pace, plan.left.tokens) if wanted else {}

    def _guessed(self, sequence: Sequence, guesser: Guesser, *, looks: bool) -> tuple[tuple[int, ...], list[Mask]]:
        """What may follow a sequence: what the text has said before; of one with a grammar, what that leaves nothing else for (where
        somebody `looks`), but for its thoughts, which are as free as a text."""
        most, guide = sequence.remaining(self.limits.max_context) - 1, sequence.guide
        if guide is None or guide.asleep:
            guess = guesser.guess(sequence.tokens, most)
            return (guess, []) if guide is None else guide.along(guess)
        ahead, masks = guide.ahead(min(most, MOST)) if looks else ((), [])
        return guesser.force(ahead), masks

    def _steps(self, plan: Plan) -> int:
        """How many decode steps this call may run: more than one only where every row decodes and nobody waits to join."""
        steps = self.limits.decode_steps
        if (
            steps == 1
            or len(self.waiting)
            or plan.encode
            or plan.guesses
            or not plan.tokens
            or not all(s.decoding and s.guide is None for s in plan.tokens)
        ):
            return 1
        steps = max(1, min([steps, *(s.remaining(self.limits.max_context) for s in plan.tokens)]))
        if all(self._grow(s, s.computed + steps) for s in plan.tokens):
            return steps
        return 1

    def _finish(self, sequence: Sequence, drawn: tuple[int, ...]) -> FinishReason | None:
        if drawn and drawn[-1] in sequence.request.stop_ids:
            return "stop"
        if sequence.generated >= sequence.limit:
            return "length"
        return "model_length" if len(sequence.tokens) >= self.limits.max_context else None


def _urgency(sequence: Sequence) -> tuple[int, int]:
    return -sequence.request.priority, sequence.arrival
