"""ik_llama.cpp as a peer. In: a GGUF file, a number of threads, and `repacked` or not. Out: a worker that measures its C interface.

Run by the peer's own Python (`worker.py` and `llama_family.py` lie beside it), never imported by Alizé. It comes compiled: its wheel has
kernels for AVX2, and is not built for the processor at hand.
"""

import importlib
import sys
from typing import Any

worker: Any = importlib.import_module("worker")  # beside this file, which is run as a script
llama_family: Any = importlib.import_module("llama_family")
numpy: Any = importlib.import_module("numpy")

__all__: list[str] = []  # a script

_CONTEXT = 1 << 20  # it does not say what a model was trained for; the other sides do


def main() -> None:
    worker.quiet()
    api: Any = importlib.import_module("ik_llama_cpp._ctypes_api")  # prints when it is loaded
    path, threads, repacked = sys.argv[1], int(sys.argv[2]), "repacked" in sys.argv[3:]
    api.llama_backend_init()
    params = api.llama_model_default_params()
    params.n_gpu_layers, params.repack_tensors, params.use_mmap = 0, repacked, not repacked
    model = api.llama_model_load_from_file(path.encode(), params)
    if not model:
        sys.exit(f"ik_llama.cpp cannot load {path}")
    vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))

    def opened(tokens: int, batch: int, sequences: int, flash: bool) -> Any:
        params = api.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = tokens, batch, batch, sequences
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn = flash
        return api.llama_init_from_model(model, params)

    def drawn(context: Any, row: int) -> int:
        """Its own sampler wants the vocabulary as pairs; numpy finds the largest without."""
        return int(numpy.ctypeslib.as_array(api.llama_get_logits_ith(context, row), (vocabulary,)).argmax())

    hello = {
        "description": f"{'weights repacked, ' if repacked else ''}the wheel from pip; flash attention where it is faster",
        "context": _CONTEXT,
        "vocabulary": vocabulary,
    }
    # Its flash attention ends the process ("GGML_ASSERT(S > 0)") where a piece of a prompt shares a batch with decodes.
    batches = llama_family.Batches(api, opened, drawn, flash_beside=False)

    def scores(tokens: list[int]) -> Any:
        return batches.scores(tokens, vocabulary)

    worker.serve(hello, batches.measure, scores)


if __name__ == "__main__":
    main()
