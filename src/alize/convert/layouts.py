"""Tensors under the names of another form. In: a checkpoint's tensors by canonical name. Out: new tensors as that form keeps them.

consolidated   canonical, but for where latent models keep their experts
huggingface    rows of queries and keys in halves, but for latent attention
gguf           an expert's projections of a layer as one stack; wkv_b as wk_b and wv_b
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from alize.convert.check import Form
from alize.convert.config_json import model_type
from alize.convert.pieces import Piece, cast, piece_of, rows_in_halves, split_keys_and_values, transformed
from alize.errors import CheckpointInvalid, ConversionFailed
from alize.model.config import ModelConfig
from alize.weights.checkpoints import Checkpoint
from alize.weights.checkpoints.names import to_consolidated, to_gguf, to_huggingface
from alize.weights.checkpoints.unpacking import joined, joined_shape
from alize.weights.checkpoints.writing import NewTensor, new_tensor

__all__ = ["Choose", "new_tensors", "pieces"]

Choose = Callable[[str, Piece], str]
"""Which kind a tensor gets; called with its new name."""


def pieces(checkpoint: Checkpoint, config: ModelConfig) -> dict[str, Piece]:
    """Every tensor of a checkpoint by canonical name, in order, those that llama.cpp's converter splits put together."""
    found: dict[str, Piece] = {}
    for name in checkpoint:
        if name.endswith(".wk_b.weight"):
            whole, other = name.replace(".wk_b.", ".wkv_b."), name.replace(".wk_b.", ".wv_b.")
            if other not in checkpoint:
                raise CheckpointInvalid(f"{checkpoint.path} has no tensor '{other}'.", remedy="It is incomplete: fetch it again.")
            found[whole] = _joined(whole, piece_of(checkpoint, name), piece_of(checkpoint, other))
        elif not name.endswith(".wv_b.weight"):
            found[name] = piece_of(checkpoint, name)
    if config.tied:
        found.pop("output.weight", None)  # the table of embeddings once more
    return found


def _joined(name: str, keys: Piece, values: Piece) -> Piece:
    shape = joined_shape(keys.shape, values.shape)
    if shape is None:
        raise CheckpointInvalid(f"'{keys.name}' is {keys.shape} and '{values.name}' {values.shape}: they do not fit.")
    made = transformed(replace(keys, name=name), lambda k_NCP: joined(k_NCP, values.values()), shape)
    if keys.kind == values.kind and keys.kind in ("F32", "F16", "BF16"):
        return replace(made, kind=keys.kind, stored=lambda: joined(keys.stored(), values.stored()))
    return made


def new_tensors(found: Mapping[str, Piece], config: ModelConfig, form: Form, choose: Choose, stacked: bool = True) -> list[NewTensor]:
    """`stacked` is False where experts stay apart whatever the form is used to, since each is quantised by itself.

    Raises ConversionFailed for a tensor that the form has no name for.
    """
    tensors: dict[str, NewTensor | None] = {}
    stacks: dict[str, dict[int, list[Piece]]] = {}
    for name, piece in found.items():
        for theirs, part in _named(name, piece, config, form):
            stack = _stack_of(theirs, config, form) if stacked else None
            if stack is None:
                tensors[theirs] = _new(theirs, part, choose(theirs, part))
            else:
                tensors[stack] = None  # its place
                stacks.setdefault(stack, {}).setdefault(int(part.name.split(".")[4]), []).append(part)
    return [tensor or _stack(name, stacks[name], choose) for name, tensor in tensors.items()]


def _stack_of(theirs: str, config: ModelConfig, form: Form) -> str | None:
    """The name of what all experts of a layer are put into; None for what stays by itself."""
    if form == "gguf" and theirs.endswith("_exps.weight"):
        return theirs
    expert = _EXPERT.fullmatch(theirs)
    if form != "huggingface" or config.latent is None or expert is None:
        return None
    return f"{expert[1]}.{'down_proj' if expert[2] == 'down' else 'gate_up_proj'}"


_EXPERT = re.compile(r"(model\.layers\.\d+\.mlp\.experts)\.\d+\.(gate|up|down)_proj\.weight")


def _named(name: str, piece: Piece, config: ModelConfig, form: Form) -> Iterator[tuple[str, Piece]]:
    if form == "consolidated":
        yield to_consolidated(name, config.latent is not None), piece
        return
    if form == "gguf" and name.endswith(".wkv_b.weight") and config.latent is not None:
        for half in split_keys_and_values(piece, config.heads, config.latent.nope_head_dim):
            yield _known(to_gguf(half.name), name, form), half
        return
    if form == "gguf":
        yield _known(to_gguf(name), name, form), piece
        return
    theirs = _known(to_huggingface(name, model_type(config) == "mixtral"), name, form)
    part = name.split(".")[-2]
    heads = 0 if config.latent is not None else config.heads if part == "wq" else config.kv_heads if part == "wk" else 0
    yield theirs, rows_in_halves(piece, heads)


def _known(theirs: str | None, name: str, form: Form) -> str:
    if theirs is None:
        raise ConversionFailed(f"The form {form} has no name for the tensor '{name}'.", remedy="Serve it in the form it was released in.")
    return theirs


def _new(name: str, piece: Piece, kind: str) -> NewTensor:
    return new_tensor(name, kind, piece.shape, lambda: iter((cast(piece, kind).stored(),)))


def _stack(name: str, experts: Mapping[int, list[Piece]], choose: Choose) -> NewTensor:
    """Experts one after another, each made when it is written. Of an expert, the gate lies before the other projection (w1, w3)."""
    ordered = [piece for _, parts in sorted(experts.items()) for piece in sorted(parts, key=lambda piece: piece.name)]
    first = ordered[0]
    rows = sum(piece.shape[0] for piece in ordered) // len(experts)
    shape = (len(experts), rows, *first.shape[1:])
    like = replace(first, shape=shape, kind=first.kind if len({piece.kind for piece in ordered}) == 1 else "F32")
    kind = choose(name, like)
    return new_tensor(name, kind, shape, lambda: (cast(piece, kind).stored() for piece in ordered))
