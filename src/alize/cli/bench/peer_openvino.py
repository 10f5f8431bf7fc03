"""OpenVINO GenAI as a peer. In: a GGUF file and a number of threads. Out: a worker that measures its continuous batching.

Run by the peer's own Python (`worker.py` lies beside it), never imported by Alizé. It is what serves several requests in that engine:
paged cache, prompts in pieces beside decodes, 8-bit keys and values, all by its defaults but for steps of 512 tokens, like the others'.
"""

import importlib
import itertools
import sys
import time
from typing import Any

worker: Any = importlib.import_module("worker")  # beside this file, which is run as a script
genai: Any = importlib.import_module("openvino_genai")
openvino: Any = importlib.import_module("openvino")
numpy: Any = importlib.import_module("numpy")

__all__: list[str] = []  # a script

_STEP_TOKENS = 512
_CONTEXT = 1 << 20  # it does not say what a model was trained for; the other sides do


class OpenVino:
    def __init__(self, path: str, threads: int) -> None:
        scheduler = genai.SchedulerConfig()
        scheduler.max_num_batched_tokens = _STEP_TOKENS
        scheduler.enable_prefix_caching = False
        self.pipeline = genai.ContinuousBatchingPipeline(path, scheduler, "CPU", {"INFERENCE_NUM_THREADS": threads})
        self._numbers = itertools.count()
        self._seen: set[tuple[int, int, int]] = set()

    def measure(self, prompts: list[list[int]], steps: int, arriving: list[int]) -> Any:
        shape = (len(prompts), len(prompts[0]), bool(steps) + len(arriving))
        if shape not in self._seen:  # it compiles for shapes that it has not seen
            self._seen.add(shape)
            self._run(prompts, steps, arriving)
        return self._run(prompts, steps, arriving)

    def scores(self, tokens: list[int]) -> Any:
        """Log-probabilities of the tokens after the first: it gives those of what was said, prompts included, and no others."""
        config = genai.GenerationConfig()
        config.max_new_tokens, config.ignore_eos, config.do_sample, config.echo, config.logprobs = 1, True, False, True, 1
        prompt = openvino.Tensor(numpy.array([tokens], numpy.int64))
        handle = self.pipeline.add_request(next(self._numbers), prompt, config)
        while self.pipeline.has_non_finished_requests():
            self.pipeline.step()
        said = handle.read_all()[0]
        if list(said.generated_ids[: len(tokens)]) != tokens:
            sys.exit("OpenVINO GenAI does not say the prompt again")
        return numpy.array(said.generated_log_probs[1 : len(tokens)])

    def _run(self, prompts: list[list[int]], steps: int, arriving: list[int]) -> Any:
        most = steps + (steps // 2 if arriving else 0) + 2 if steps else 1
        start = time.perf_counter()
        handles = [self._add(prompt, most) for prompt in prompts]
        drawn = [0] * len(prompts)
        while not all(drawn):
            self._step(handles, drawn)
        read = time.perf_counter()
        if not steps:
            timing = worker.Timing(sum(map(len, prompts)), read - start)
        elif arriving:
            timing = self._mixed(handles, drawn, steps, most, arriving)
        else:
            timing = worker.Timing(*self._decode(handles, drawn, min(steps, most - max(drawn))))
        for handle in handles:
            handle.cancel()
        while self.pipeline.has_non_finished_requests():
            self.pipeline.step()
        return timing

    def _add(self, prompt: list[int], most: int) -> Any:
        config = genai.GenerationConfig()
        config.max_new_tokens, config.ignore_eos, config.do_sample = most, True, False
        return self.pipeline.add_request(next(self._numbers), openvino.Tensor(numpy.array([prompt], numpy.int64)), config)

    def _step(self, handles: list[Any], drawn: list[int]) -> list[int]:
        """Tokens of each in this step."""
        self.pipeline.step()
        came = [sum(len(o.generated_ids) for o in handle.read().values()) if handle.can_read() else 0 for handle in handles]
        drawn[:] = [before + new for before, new in zip(drawn, came, strict=True)]
        return came

    def _decode(self, handles: list[Any], drawn: list[int], steps: int) -> tuple[int, float]:
        """Tokens and seconds until one has drawn so many more."""
        before, start = list(drawn), time.perf_counter()
        while all(now < then + steps for now, then in zip(drawn, before, strict=True)):
            self._step(handles, drawn)
        return sum(drawn) - sum(before), time.perf_counter() - start

    def _mixed(self, handles: list[Any], drawn: list[int], steps: int, most: int, arriving: list[int]) -> Any:
        tokens, seconds = self._decode(handles, drawn, steps // 2)
        alone = seconds * len(handles) / tokens
        start = now = time.perf_counter()
        came, goal, before = [start] * len(handles), [min(most, each + steps) for each in drawn], sum(drawn)
        handles.append(self._add(arriving, 1))
        drawn.append(0)
        gaps: list[float] = []
        while not drawn[-1] or any(each < most for each, most in zip(drawn, goal, strict=False)):
            new = self._step(handles, drawn)
            now = time.perf_counter()
            for row in range(len(came)):
                if new[row]:
                    gaps.append(now - came[row])
                    came[row] = now
        return worker.Timing(len(arriving) + sum(drawn) - before, now - start, alone, worker.percentile(gaps, 99))


def main() -> None:
    worker.quiet()
    path, threads = sys.argv[1], int(sys.argv[2])
    peer = OpenVino(path, threads)
    hello = {
        "description": "continuous batching, 8-bit cache, dynamic quantisation as by default",
        "context": _CONTEXT,
        "vocabulary": len(peer.pipeline.get_tokenizer().get_vocab()),
    }
    worker.serve(hello, peer.measure, peer.scores)


if __name__ == "__main__":
    main()
