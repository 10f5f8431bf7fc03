"""llama.cpp as a peer. In: a GGUF file and a number of threads. Out: a worker that measures it through its C interface.

Run by the peer's own Python (`worker.py` and `llama_family.py` lie beside it), never imported by Alizé. It has been built for this
processor, repacks weights for it, and draws with its own greedy sampler in C.
"""

import importlib
import sys
from typing import Any

worker: Any = importlib.import_module("worker")  # beside this file, which is run as a script
llama_family: Any = importlib.import_module("llama_family")
api: Any = importlib.import_module("llama_cpp")

__all__: list[str] = []  # a script


def main() -> None:
    worker.quiet()
    path, threads = sys.argv[1], int(sys.argv[2])
    api.llama_backend_init()
    params = api.llama_model_default_params()
    params.n_gpu_layers = 0
    model = api.llama_model_load_from_file(path.encode(), params)
    if not model:
        sys.exit(f"llama.cpp cannot load {path}")
    sampler = api.llama_sampler_init_greedy()

    def opened(tokens: int, batch: int, sequences: int, flash: bool) -> Any:
        params = api.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = tokens, batch, batch, sequences
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = int(flash)  # llama_flash_attn_type: 0 off, 1 on
        return api.llama_init_from_model(model, params)

    def drawn(context: Any, row: int) -> int:
        return int(api.llama_sampler_sample(sampler, context, row))

    vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    hello = {
        "description": "built for this processor, weights repacked where it can; flash attention where it is faster",
        "context": api.llama_model_n_ctx_train(model),
        "vocabulary": vocabulary,
    }
    batches = llama_family.Batches(api, opened, drawn)

    def scores(tokens: list[int]) -> Any:
        return batches.scores(tokens, vocabulary)

    worker.serve(hello, batches.measure, scores)


if __name__ == "__main__":
    main()
