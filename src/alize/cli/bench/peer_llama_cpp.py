"""llama.cpp as a peer. In: a GGUF file and a number of threads. Out: a worker that measures it through its C interface.

Run by the peer's own Python (`worker.py` lies beside it), never imported by Alizé. It gets what it is best with: weights repacked for
the processor, its own greedy sampler in C, batches as large as it takes, and flash attention on or off, whichever was faster when
both were tried on the work at hand.
"""

import ctypes
import importlib
import sys
import time
from typing import Any

worker: Any = importlib.import_module("worker")  # beside this file, which is run as a script
api: Any = importlib.import_module("llama_cpp")

__all__: list[str] = []  # a script

_ATTENTION = {"flash": 1, "plain": 0}  # llama_flash_attn_type


class LlamaCpp:
    """A loaded model. Contexts are made for each work: their size and number of sequences are fixed at birth."""

    def __init__(self, path: str, threads: int) -> None:
        api.llama_backend_init()
        params = api.llama_model_default_params()
        params.n_gpu_layers = 0
        self.model = api.llama_model_load_from_file(path.encode(), params)
        if not self.model:
            sys.exit(f"llama.cpp cannot load {path}")
        self.threads = threads
        self._best: dict[tuple[int, int, int], str] = {}

    def measure(self, prompts: list[list[int]], steps: int) -> tuple[int, float]:
        shape = (len(prompts), len(prompts[0]), steps)
        if shape not in self._best:  # the first time decides; it also warms up
            self._best[shape] = min(_ATTENTION, key=lambda kind: self._run(prompts, steps, kind)[1])
        return self._run(prompts, steps, self._best[shape])

    def _run(self, prompts: list[list[int]], steps: int, attention: str) -> tuple[int, float]:
        longest = max(map(len, prompts))
        params = api.llama_context_default_params()
        params.n_ctx = len(prompts) * (-(-(longest + steps + 1) // 256) * 256)
        params.n_batch = params.n_ubatch = max(512, len(prompts))
        params.n_seq_max = len(prompts)
        params.n_threads = params.n_threads_batch = self.threads
        params.flash_attn_type = _ATTENTION[attention]
        context = api.llama_init_from_model(self.model, params)
        sampler = api.llama_sampler_init_greedy()
        batch = api.llama_batch_init(params.n_batch, 0, 1)
        try:
            start = time.perf_counter()
            last = [self._read(context, sampler, batch, row, prompt) for row, prompt in enumerate(prompts)]
            read = time.perf_counter()
            for step in range(steps):
                last = self._step(context, sampler, batch, last, longest + step)
            end = time.perf_counter()
        finally:
            api.llama_batch_free(batch)
            api.llama_sampler_free(sampler)
            api.llama_free(context)
        return (steps * len(prompts), end - read) if steps else (sum(map(len, prompts)), read - start)

    def _read(self, context: Any, sampler: Any, batch: Any, row: int, prompt: list[int]) -> int:
        """Compute one prompt and draw the token after it."""
        for begin in range(0, len(prompt), 512):
            piece = prompt[begin : begin + 512]
            batch.n_tokens = 0
            for offset, token in enumerate(piece):
                self._put(batch, token, begin + offset, row, begin + offset + 1 == len(prompt))
            self._decode(context, batch)
        return int(api.llama_sampler_sample(sampler, context, batch.n_tokens - 1))

    def _step(self, context: Any, sampler: Any, batch: Any, last: list[int], position: int) -> list[int]:
        batch.n_tokens = 0
        for row, token in enumerate(last):
            self._put(batch, token, position, row, True)
        self._decode(context, batch)
        return [int(api.llama_sampler_sample(sampler, context, row)) for row in range(len(last))]

    @staticmethod
    def _put(batch: Any, token: int, position: int, row: int, wanted: bool) -> None:
        index = batch.n_tokens
        batch.token[index], batch.pos[index], batch.logits[index] = token, position, wanted
        batch.n_seq_id[index] = 1
        batch.seq_id[index][0] = row
        batch.n_tokens += 1

    @staticmethod
    def _decode(context: Any, batch: Any) -> None:
        status = api.llama_decode(context, batch)
        if status:
            sys.exit(f"llama_decode returned {status}")


def main() -> None:
    worker.quiet()
    path, threads = sys.argv[1], int(sys.argv[2])
    peer = LlamaCpp(path, threads)
    buffer = ctypes.create_string_buffer(256)
    api.llama_model_desc(peer.model, buffer, len(buffer))
    description = buffer.value.decode()  # such as "llama 135M Q4_1"
    hello = {"label": description.split()[-1], "description": description, "version": api.__version__}
    hello["context"] = api.llama_model_n_ctx_train(peer.model)
    hello["vocabulary"] = api.llama_vocab_n_tokens(api.llama_model_get_vocab(peer.model))
    worker.serve(hello, peer.measure)


if __name__ == "__main__":
    main()
