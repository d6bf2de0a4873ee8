"""The log of the service: a line of JSON for each event, on standard error."""

from __future__ import annotations

import logging
import time

import msgspec


class JsonLines(logging.Formatter):
    """Formats records as lines of JSON; the attribute ``entry`` of a record holds its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line."""
        seconds, ms = divmod(int(record.created * 1000), 1000)
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        line = {
            "time": f"{moment}.{ms:03}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "entry", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return msgspec.json.encode(line).decode()


def log_to_stderr() -> None:
    """Write what the service and uvicorn log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    for name in ("tagger.service", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
