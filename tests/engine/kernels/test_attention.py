"""The attention kernel sees what the definition says, and to the last bit the same in every batch, in one piece and in many."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("triton", reason="the kernels need Triton, which is there for Linux alone")
from tests.engine.kernels.paged import Paged, Shape  # noqa: E402

LENGTHS = (1, 15, 16, 17, 63, 64, 65)
SHAPES = st.builds(
    Shape,
    heads=st.integers(1, 2),
    groups=st.sampled_from((1, 2, 3, 8)),
    key=st.sampled_from((4, 8, 20)),
    value=st.sampled_from((4, 8, 20)),
    window=st.sampled_from((None, 1, 5, 16, 17, 40)),
    dtype=st.sampled_from((torch.float32, torch.float16)),
)


@settings(max_examples=12)
@given(shape=SHAPES, contexts=st.lists(st.sampled_from(LENGTHS), min_size=1, max_size=3), data=st.data())
def test_a_mix_of_decodes_and_pieces_sees_what_the_definition_says(shape: Shape, contexts: list[int], data: st.DataObject) -> None:
    paged = Paged(shape, contexts, seed=data.draw(st.integers(0, 9)))
    pieces = [(sequence, 0, data.draw(st.integers(0, context - 1))) for sequence, context in enumerate(contexts)]
    if begun := [piece for piece in pieces if piece[2]]:
        paged.ask(begun)  # what came before
    rest = [(sequence, end, contexts[sequence]) for sequence, _, end in pieces]
    for (sequence, begin, end), seen in zip(rest, paged.ask(rest), strict=True):
        expected = paged.defined(sequence)[begin:end]
        assert (seen.double().cpu() - expected).abs().max() < (1e-5 if shape.dtype == torch.float32 else 5e-3)


@pytest.mark.parametrize(("window", "dtype"), [(None, torch.float32), (24, torch.float32), (24, torch.float16)])
def test_a_query_sees_the_same_bits_in_every_piece_and_in_every_batch(window: int | None, dtype: torch.dtype) -> None:
    shape = Shape(groups=2, window=window, dtype=dtype)
    lengths = list(LENGTHS)
    whole = Paged(shape, lengths).ask([(sequence, 0, length) for sequence, length in enumerate(lengths)])
    again = Paged(shape, lengths)
    for sequence, length in enumerate(lengths):
        (alone,) = again.ask([(sequence, 0, length)])
        assert torch.equal(alone, whole[sequence]), f"{length} alone"
    chunked = Paged(shape, lengths)
    ends = sorted({*(end for end in (1, 7, 16, 33, 62) if end < 65), 65})
    for begin, end in zip([0, *ends], ends, strict=False):
        pieces = [(s, begin, min(end, length)) for s, length in enumerate(lengths) if length > begin]
        for (sequence, first, last), seen in zip(pieces, chunked.ask(pieces[::-1])[::-1], strict=True):
            assert torch.equal(seen, whole[sequence][first:last]), f"{sequence} {first}:{last}"


def test_a_decode_sees_the_same_bits_as_within_its_prompt() -> None:
    paged = Paged(replace(Shape(), groups=5), [65, 40])
    whole = paged.ask([(0, 0, 65), (1, 0, 40)])
    for position in (16, 39):
        seen = paged.ask([(1, position, position + 1), (0, position, position + 1)])
        assert torch.equal(seen[0][0], whole[1][position])
        assert torch.equal(seen[1][0], whole[0][position])
