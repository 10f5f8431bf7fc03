"""What the rules of drawing mean, beside transformers' own processors of logits, composed in the order that docs/design/engine.md names.

tests/engine/test_sample.py holds what is drawn to this meaning, by chi-square. Presence and frequency penalties are OpenAI's, and
transformers has none.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.base import SamplingParams
from alize.engine.runners.base import RowSampling
from tests.engine.test_sample import reference

torch = pytest.importorskip("torch")
processors = pytest.importorskip("transformers.generation.logits_process")

tokens = st.lists(st.integers(0, 59), max_size=12)
params = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.3, 1.0, 1.7]),
    top_k=st.sampled_from([0, 1, 7, 40, 60]),
    min_p=st.sampled_from([0.0, 0.02, 0.3]),
    top_p=st.sampled_from([1.0, 0.95, 0.6, 0.05]),
    repetition_penalty=st.sampled_from([1.0, 0.7, 1.6]),
    logit_bias=st.dictionaries(st.integers(0, 59), st.sampled_from([-3.0, 0.5, 4.0]), max_size=3).map(lambda of: tuple(of.items())),
)


@given(params, tokens, tokens, st.integers(0, 2**32 - 1))
def test_what_may_be_drawn_and_how_likely_is_as_transformers_has_it(
    params: SamplingParams, prompt: list[int], history: list[int], seed: int
) -> None:
    logits = np.random.default_rng(seed).standard_normal(60) * 2  # no two are alike: of those, each keeps others
    chain = [
        *([processors.SequenceBiasLogitsProcessor([[[token], bias] for token, bias in params.logit_bias])] if params.logit_bias else []),
        processors.RepetitionPenaltyLogitsProcessor(params.repetition_penalty),
        processors.TemperatureLogitsWarper(params.temperature),
        *([processors.TopKLogitsWarper(params.top_k)] if params.top_k else []),
        *([processors.MinPLogitsWarper(params.min_p)] if params.min_p else []),
        *([processors.TopPLogitsWarper(params.top_p)] if params.top_p < 1 else []),
    ]
    ids, scores = torch.tensor([[*prompt, *history]], dtype=torch.long), torch.tensor(logits)[None]
    for each in chain:
        scores = each(ids, scores)
    theirs = torch.softmax(scores, -1)[0].numpy()
    ours = reference(logits, RowSampling(params, tuple(history), prompt=tuple(prompt)))
    assert ((theirs > 0) == (ours > 0)).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
