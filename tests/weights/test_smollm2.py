"""The real default model, through the product's own pull and reader."""

import numpy as np

from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint


def test_the_default_model_is_what_its_makers_say(smollm2):
    checkpoint = open_checkpoint(smollm2)
    config = read_params(checkpoint.params)
    assert (config.dim, config.layers, config.heads, config.kv_heads, config.head_dim) == (576, 30, 9, 3, 64)
    assert (config.hidden, config.vocab, config.max_context, config.tied) == (1536, 49152, 8192, True)
    assert (config.rope.theta, config.norm_eps) == (1e5, 1e-5)  # the decimals of its configuration, not their float32 neighbours
    assert sum(checkpoint.array(name).size for name in checkpoint) == 134_515_008
    assert checkpoint.array("tok_embeddings.weight").dtype == np.float32
    assert len(checkpoint.tokenizer.gguf["tokenizer.ggml.tokens"]) == 49152
    assert checkpoint.tokenizer.chat_template
