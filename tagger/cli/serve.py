"""``tagger serve``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagger.cli.options import Device, Engine
from tagger.cli.output import echo

if TYPE_CHECKING:
    from tagger.runtime.engines.protocol import Precision
else:  # for Typer
    Precision = str


def serve(
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="A model directory, a name, hub:owner/name, or NAME=any of these; en if not given."
            " The first is used by requests that name none.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for all.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for a free one.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
    window: Annotated[
        float,
        typer.Option(
            "--window", min=0, help="Milliseconds for which an idle tagger waits for more requests."
        ),
    ] = 0,
    batch_tokens: Annotated[
        int, typer.Option("--batch-tokens", min=1, help="Tokens that are tagged together.")
    ] = 1024,
    queue_tokens: Annotated[
        int,
        typer.Option("--queue-tokens", min=1, help="Tokens at hand at a time; 429 beyond them."),
    ] = 3072,
    max_chars: Annotated[
        int, typer.Option("--max-chars", min=1, help="Characters of a request; 413 beyond them.")
    ] = 100_000,
    max_texts: Annotated[
        int, typer.Option("--max-texts", min=1, help="Texts of a request; 413 beyond them.")
    ] = 1000,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds until a request is given up.")
    ] = 30,
    api_key_file: Annotated[
        Path | None,
        typer.Option("--api-key-file", help="A file of keys, one a line; requests need one."),
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option("--cors", help="An origin whose pages may use the service; '*' for all."),
    ] = None,
    log_texts: Annotated[
        bool, typer.Option("--log-texts", help="Log the texts, which are left out otherwise.")
    ] = False,
    device: Device = "cpu",
    engine: Engine = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            "--precision",
            help="fp32 or int8, which is faster, but whose last digits depend on other requests; "
            "fp32 if not given.",
        ),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", min=0, help="Threads a process; 0 shares the cores.")
    ] = 0,
) -> None:
    """Serve models over HTTP, with a page to try them on.

    tagger serve

    tagger serve -m en -m orders=models/orders --host 0.0.0.0 --workers 2
    """
    from tagger.runtime.engines.protocol import engine_name, precision_name
    from tagger.service.settings import Limits, Settings, read_api_keys, require_extra
    from tagger.sharing.finding import DEFAULT

    require_extra()
    settings = Settings(
        limits=Limits(
            max_chars=max_chars,
            max_texts=max_texts,
            timeout=timeout,
            queue_tokens=queue_tokens,
            batch_tokens=batch_tokens,
            window=window / 1000,
        ),
        device=device,
        engine=engine_name(engine),
        precision=precision_name(precision),
        threads=threads,
        workers=workers,
        api_keys=read_api_keys(api_key_file) if api_key_file else (),
        cors=tuple(cors or ()),
        log_texts=log_texts,
    )
    from tagger.service.run import serve as run

    run(model or [DEFAULT], settings, host=host, port=port, report=_report)


def _report(address: str) -> None:
    with contextlib.suppress(OSError):  # a full disk of logs must not keep it from serving
        echo(f"{address}/  (Ctrl-C stops it)", err=True)
