"""Bounds of the wire contract."""

VERSION = 1
MAX_RECORDS = 500
MAX_PLAIN_BYTES = 1_000_000
MAX_INFLATED_BYTES = 4_000_000
MAX_RATIO = 100
"""Inflated over compressed; a batch of telemetry compresses by 5 to 20."""
MAX_BATCH_ID = 36
MAX_LIVE_KEYS = 2
GZIP_TYPE = "application/vnd.edge.batch+gzip"
JSON_TYPE = "application/json"
MAX_BLOCKS = 128
"""Of one reconcile: half a million seq."""
MAX_UIDS = 5_000
"""Of one reconcile."""
MAX_TEXT = 140
"""Length of a Data column."""
MAX_MESSAGE = 500
"""Length of a sentence in an answer: it may quote text from outside."""
MAX_QUOTE = 64
"""Length of text from outside quoted in a sentence."""
