"""What runs now. In: sequences that run or wait, free blocks, a budget of tokens. Out: a Plan, {sequence: tokens to run}.

One shape says everything: a prompt, a piece of a long prompt, what a prefix hit left over, one token of a decode. They mix in a step.
Decodes come first, so a long prompt never stalls the answers beside it; prompts take what is left of the budget, in order: of a step's
tokens, and of its time (pace.py).

A prompt's tokens can be run as far as its images and sounds are encoded. That is work beside the batch, counted in the same budget:

    prompt      text │ image, not encoded │ text            step 1: the text before it is run, and it begins to be encoded
                     └ held up here                         steps 2 … n: a piece of it, beside whatever else there is to run
                                                            step n + 1: its tokens are run
"""

import math
import sys
from bisect import insort
from collections.abc import Callable
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field, replace

from alize.engine.base import FinishReason
from alize.engine.fairness import FairQueue
from alize.engine.groups import CacheGroups, Tables
from alize.engine.media import Medium, ahead
from alize.engine.pace import Pace
from alize.engine.runners.base import BLOCK, Output
from alize.engine.sequence import Sequence

__all__ = ["Limits", "Plan", "Progress", "Scheduler"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one step, and the engine, may hold."""

    step_tokens: int = 512
    step_seconds: float = math.inf  # that one may take which writes answers and reads a prompt; 0 is a multiple of what they take alone
    max_running: int = 256
    max_waiting: int = 1024
    max_context: int = 8192
    decode_steps: int = 1
    prefix_cache: bool = True
    encode_tokens: int = 32  # most of a step's that the encoding of images and sounds may take the place of
    media_bytes: int = 2 * 2**30  # images and sounds of all requests that are here
    adapters: int = 16
    adapter_rank: int = 256
    adapter_bytes: int = 2 * 2**30  # of all adapters


@dataclass(slots=True)
class Plan:
    """One step. The order of `tokens` is the order of the batch's rows."""

    tokens: dict[Sequence, int] = field(default_factory=dict[Sequence, int])
    decodes: int = 0  # how many of them, the first, decode
    steps: int = 1
    budget: int = 0  # what is left
    encode: list[Medium] = field(default_factory=list[Medium])  # what holds sequences up, in their order
    encode_tokens: int = 0  # how much of the budget is for that

    @property
    def empty(self) -> bool:
        return not self.tokens and not self.encode_tokens

    @property
    def read(self) -> int:
        """Tokens of prompts, those included that something to be encoded takes the place of."""
        return sum(self.tokens.values()) - self.decodes + self.encode_tokens


Progress = tuple[Sequence, tuple[int, ...]]
"""What a sequence gained in a step."""


class Scheduler:
    """Owns the queues and the blocks. Every change of either happens here."""

    def __init__(self, groups: CacheGroups, limits: Limits, encoded: Callable[[Medium], bool]) -> None:
        """`encoded` says of an image or a sound whether tokens that show it can be run."""
        self.groups, self._encoded = groups, encoded
        self.limits = replace(limits, prefix_cache=limits.prefix_cache and groups.shares)
        self.pace = Pace(limits.step_tokens, limits.step_seconds)
        self.running: list[Sequence] = []  # the most urgent first
        self.waiting = FairQueue()
        self.preemptions = 0

    def add(self, sequence: Sequence) -> None:
        if sequence.coming is None:
            sequence.end = min(sequence.prompt_length + sequence.request.max_tokens, self.limits.max_context)
        self.waiting.add(sequence, (other.request.tenant for other in self.running))

    def spoil(self, sequence: Sequence) -> None:
        """End a running sequence whose numbers went wrong. Nobody finds what it has computed, or began with."""
        self.groups.forget(sequence.links)
        self.remove(sequence.request.id)

    def remove(self, request_id: str) -> Sequence | None:
        """Take a sequence out wherever it is, and free its blocks."""
        found = self.waiting.remove(request_id)
        if found is None:
            found = next((sequence for sequence in self.running if sequence.request.id == request_id), None)
            if found is not None:
                self.running.remove(found)
        if found is not None:
            self.groups.release(found.tables)
        return found

    def plan(self, admit: bool = True) -> Plan:
        """Choose this step's work and give it room; without `admit`, only for what has begun.

        What is planned will be run: its blocks are findable from here on, also by sequences admitted later in this same plan, because
        a runner writes a whole batch before it reads any of it.
        """
        plan = Plan(budget=self.limits.step_tokens)
        preempted = self._continue(plan)
        if not preempted:
            self._admit(plan, returning=not admit)
        self.waiting.age()
        plan.steps = self._steps(plan)
        return plan

    def commit(self, plan: Plan, output: Output) -> list[Progress]:
        """Book what a step did: positions computed, tokens drawn, ends reached."""
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
                    self.groups.release(sequence.tables)
            if drawn:
                progress.append((sequence, drawn))
        return progress

    def undo(self, plan: Plan) -> None:
        """Take back a plan that was not run: its blocks were findable already, and any sequence may have relied on them."""
        self.groups.clear()
        for sequence in list(self.running):
            self._preempt(sequence)

    @property
    def beside(self) -> int:
        """How many tokens outside the plan may be computed between two steps."""
        return self.pace.most(sum(sequence.decoding for sequence in self.running))

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

    def _uncharged(self, sequence: Sequence, count: int) -> int:
        """How many of the next `count` tokens are prompt that its tenant has not been charged for; from now on it has."""
        reached = min(sequence.computed + count, sequence.prompt_length)
        fresh = max(0, reached - max(sequence.computed, sequence.charged))
        sequence.charged = max(sequence.charged, reached)
        return fresh

    # ── inside a plan ──

    def _continue(self, plan: Plan) -> bool:
        """Plan what runs already, decodes first. True where that took preemption: then nobody new is admitted."""
        before, prompts, planned, labels = self.preemptions, list[Sequence](), plan.tokens, self.limits.prefix_cache
        for sequence in list(self.running):
            length, computed = len(sequence.tokens), sequence.computed
            if length - computed != 1 or length == sequence.prompt_length:
                prompts.append(sequence)
            elif sequence.plain and (computed < sequence.tables.room or (sequence.tables and self._grow(sequence, length))):
                planned[sequence] = 1  # nearly every row of nearly every step
                plan.budget -= 1
                if labels and length // BLOCK > sequence.labelled:
                    self._label(sequence, length)
            else:
                self._go_on(plan, sequence)
        plan.decodes = len(plan.tokens)
        if prompts or len(self.waiting):
            plan.budget = min(plan.budget, self.pace.most(plan.decodes))
        for sequence in prompts:
            self._go_on(plan, sequence)
        return self.preemptions > before

    def _go_on(self, plan: Plan, sequence: Sequence) -> None:
        """Plan as many of its tokens as there is room for, by preemption where there is none."""
        if not sequence.tables:  # preempted a moment ago
            return
        count = self._runnable(sequence, plan.budget)
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

    def _admit(self, plan: Plan, returning: bool) -> None:
        while plan.budget and len(self.running) < self.limits.max_running:
            sequence = self.waiting.first(returning)
            if sequence is None:
                return
            self._adopt_prefix(sequence)
            count = self._runnable(sequence, plan.budget)
            # One block per running sequence is kept back: admitting into the last blocks would only preempt somebody in a few steps.
            if not self._grow(sequence, sequence.computed + count, spare=len(self.running)):
                self.groups.release(sequence.tables)
                sequence.tables, sequence.computed, sequence.links, sequence.labelled = Tables(), 0, [], 0
                return
            self.waiting.remove(sequence.request.id)
            insort(self.running, sequence, key=_urgency)
            if not sequence.admitted:
                sequence.admitted, sequence.cached = True, sequence.computed
            self._take(plan, sequence, count)  # none of a stream of which all that is there was found

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
        sequence.links = sequence.links[: sequence.labelled]

    def _runnable(self, sequence: Sequence, budget: int) -> int:
        """How many of a sequence's tokens can be run: as far as what they show is encoded.

        Others may have been held up by the same image, and have computed by now what comes behind it.
        """
        count = min(sequence.ready, budget, self._free(sequence))
        if not count or not sequence.held_up:
            return count
        sequence.held_up, known = False, max(sequence.computed, sequence.charged)
        self._adopt_prefix(sequence)
        sequence.cached += max(0, sequence.computed - known)
        return min(sequence.ready, budget, self._free(sequence))

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
            plan.budget -= count
            self._label(sequence, sequence.computed + count)
        missing = self._missing(sequence)
        if missing and missing[0].start <= sequence.computed + count:
            sequence.held_up = True
            plan.encode += missing
            share = min(self.limits.encode_tokens - plan.encode_tokens, -(-plan.budget // 2))  # half at most: prompts behind it go on, too
            plan.encode_tokens += share
            plan.budget -= share

    def _grow(self, sequence: Sequence, length: int, spare: int = 0) -> bool:
        return self.groups.grow(sequence.tables, length, spare)

    def _label(self, sequence: Sequence, length: int) -> None:
        if self.limits.prefix_cache:
            sequence.link(length)
            self.groups.label(sequence.tables, sequence.links, sequence.labelled)
            sequence.labelled = len(sequence.links)

    def _victim(self, planned: "dict[Sequence, int] | Seq[Sequence]") -> Sequence | None:
        """The running sequence that gives way: lowest priority, then latest arrival. Never one whose step is planned already."""
        candidates = [sequence for sequence in self.running if sequence not in planned]
        return max(candidates, key=lambda s: (-s.request.priority, s.arrival), default=None)

    def _preempt(self, sequence: Sequence) -> None:
        """Free a sequence's blocks and queue it again at its place. Its tokens stay; its cache is found again or recomputed."""
        self.groups.release(sequence.tables)
        sequence.tables, sequence.computed, sequence.links, sequence.labelled, sequence.held_up = Tables(), 0, [], 0, False
        self.running.remove(sequence)
        self.add(sequence)
        self.preemptions += 1

    def _steps(self, plan: Plan) -> int:
        """How many decode steps this call may run: more than one only where every row decodes and nobody waits to join."""
        steps = self.limits.decode_steps
        if steps == 1 or len(self.waiting) or plan.encode or not plan.tokens or not all(s.decoding for s in plan.tokens):
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
