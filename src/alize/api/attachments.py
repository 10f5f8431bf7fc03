"""What may be attached to a question. In: nothing. Out: the limits that the page states before it uploads, and the server holds."""

__all__ = ["ATTACHMENTS", "ATTACHMENT_BYTES", "ATTACHMENT_TYPES", "AUDIO_BYTES", "AUDIO_TYPES", "IMAGE_BYTES", "IMAGE_TYPES"]

ATTACHMENT_BYTES = 256 * 1024
"""Of one file, in UTF-8: some 60,000 tokens, more than most contexts hold."""
IMAGE_BYTES = 700 * 1024
"""Of one image. The page makes larger ones smaller: models see no more than some 1500 pixels a side of them."""
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""What is attached as an image: it is uploaded, or written as `data:TYPE;base64,…` in a chat that is kept nowhere."""
AUDIO_BYTES = 5 * 2**20
"""Of one sound: five minutes of a good MP3. One fits the default `max_body_bytes`, also in base64."""
AUDIO_TYPES = ("audio/wav", "audio/x-wav", "audio/wave", "audio/flac", "audio/x-flac", "audio/ogg", "audio/mpeg", "audio/mp3")
"""What is attached as a sound, likewise: browsers have several names for one kind."""
ATTACHMENTS = 10
"""Files of one question. Its texts together stay well below the default `max_body_bytes`."""
ATTACHMENT_TYPES: tuple[str, ...] = (
    *("text/*", "application/json", "application/xml", "application/yaml", "application/toml", "application/sql"),
    *("application/javascript", "application/x-sh", "application/x-ndjson", "message/rfc822"),
    *(".txt", ".md", ".rst", ".org", ".tex", ".bib", ".log", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml"),
    *(".ini", ".cfg", ".conf", ".env", ".xml", ".html", ".css", ".scss", ".svg", ".sql", ".sh", ".bash", ".ps1", ".diff", ".patch"),
    *(".py", ".js", ".jsx", ".ts", ".tsx", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".go", ".rs", ".java", ".kt", ".swift", ".rb"),
    *(".php", ".lua", ".r", ".jl", ".hs", ".ml", ".ex", ".erl", ".clj", ".scala", ".dart", ".zig", ".vue", ".svelte", ".eml"),
)
"""Media types and endings of texts: systems disagree about types, so either is enough."""
