"""From what a client sends to what a model reads. In: the messages and modes of a request. Out: plain messages for the tokenizer."""

from alize.prompt.messages import SAFE_PROMPT, plain_messages
from alize.prompt.modes import effort_of, refuse_reasoning, with_thinking_prompt

__all__ = ["SAFE_PROMPT", "effort_of", "plain_messages", "refuse_reasoning", "with_thinking_prompt"]
