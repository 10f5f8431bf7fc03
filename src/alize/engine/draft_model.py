"""A draft model as it is loaded. In: an EngineConfig that names one, the tokenizer of its model. Out: what becomes a Drafter, or a refusal.

It must know the same tokens by the same numbers, or its guesses would be about other words: both vocabularies are compared, token by token.
And it is computed by the native core alone, with full attention or windows: a wrong guess in such a cache is written over by the next.
"""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alize.engine.fit import Fit, gib, least_cache, native_fit
from alize.engine.runners.native import check_shapes, why_not
from alize.engine.runners.native.runner import NativeOptions, NativeRunner
from alize.errors import OutOfMemory, SettingInvalid
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.tokenize import Tokenizer, load_tokenizer
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import Checkpoint

if TYPE_CHECKING:
    from alize.engine.build import EngineConfig

__all__ = ["DraftModel", "opened_draft", "same_words"]

_REMEDY = "Leave draft_model empty, or name a smaller model of the same family."


@dataclass(frozen=True, slots=True)
class DraftModel:
    """One that can be run beside its model. Nothing of it is loaded."""

    name: str
    checkpoint: Checkpoint
    params: ModelConfig
    fit: Fit

    @property
    def bytes(self) -> int:
        """What it takes at least: its weights, and a cache for one conversation."""
        return self.fit.weights + least_cache(self.params, self.fit.dtype)

    def leaves(self, fitted: Callable[[int], Fit], free: int) -> Fit:
        """How its model fits into what it leaves of `free` bytes. Raises OutOfMemory, which says what it takes itself."""
        try:
            return fitted(free - self.bytes)
        except OutOfMemory as error:
            beside = f"{error.message} The draft model {self.name} has {gib(self.bytes)}."
            raise OutOfMemory(beside, remedy=f"{_REMEDY} Or: {error.remedy}") from error

    def runner(self, options: NativeOptions) -> NativeRunner:
        """Load it. Raises MemoryError, OutOfMemory."""
        return NativeRunner(self.checkpoint, self.params, **options)


@contextmanager
def opened_draft(config: "EngineConfig", words: Callable[[], Tokenizer], free: int) -> Generator[DraftModel]:
    """The draft model: it is open until the block ends. `free`: bytes for it and its model.

    Raises SettingInvalid for one of other words or that the native core does not run, CheckpointInvalid, OutOfMemory.
    """
    with closing(open_checkpoint(Path(config.draft_path))) as checkpoint:
        params = read_params(checkpoint.params)
        reason = why_not(checkpoint, params)
        if reason is not None:
            raise SettingInvalid(
                f"{config.draft} cannot draft: only the native core runs a draft model, and {reason}.", param="draft_model", remedy=_REMEDY
            )
        check_shapes(checkpoint, params)
        differ = same_words(words(), load_tokenizer(checkpoint.tokenizer))
        if differ is not None:
            raise SettingInvalid(
                f"{config.draft} cannot draft for {config.model or Path(config.path).name}: they have not the same vocabulary. {differ}.",
                param="draft_model",
                remedy=_REMEDY,
            )
        try:
            fit = native_fit(checkpoint, params, free, 0)
        except OutOfMemory as error:
            raise OutOfMemory(f"There is no room for the draft model {config.draft}: {error.message}", remedy=_REMEDY) from error
        yield DraftModel(config.draft, checkpoint, params, fit)


def same_words(model: Tokenizer, draft: Tokenizer) -> str | None:
    """The first token by which two vocabularies differ, as a sentence without its full stop; None where they do not.

    Where one goes on behind the end of the other with what adds nothing to a text and ends none, that is padding, and no difference.
    """
    shared = min(model.vocab_size, draft.vocab_size)
    for id in range(shared):
        ours, theirs = model.token_bytes(id), draft.token_bytes(id)
        if ours != theirs or (not ours and model.token_text(id) != draft.token_text(id)):
            return f"Token {id} is {_shown(model, id)} in the model's and {_shown(draft, id)} in the draft's"
    for tokenizer, whose, other in ((model, "model's", "draft's"), (draft, "draft's", "model's")):
        for id in range(shared, tokenizer.vocab_size):
            if tokenizer.token_bytes(id) or id in tokenizer.stop_ids:
                return f"Token {id} is {_shown(tokenizer, id)} in the {whose}, and the {other} ends before it"
    return None


def _shown(tokenizer: Tokenizer, id: int) -> str:
    return repr(tokenizer.token_text(id))[:80]
