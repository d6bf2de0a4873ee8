"""Tables and plots of a report of `tagger.insight.benchmark`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.files import write_file
from tagger.insight.benchmark import Interval, Report
from tagger.plotting import png, subplots
from tagger.tables import fields_table, plain_table, print_line

if TYPE_CHECKING:
    from rich.console import Console


def show(console: Console, report: Report) -> None:
    """Print a report as tables."""
    line = partial(print_line, console, wrap=True)

    line(f"{report.model}: {report.model_mb:.1f} MB; {report.processor}, {report.cores} cores")
    line(f"{report.n_texts:,} texts, {report.n_tokens:,} tokens; median (least to most)")
    line("")
    cold = report.cold
    fields = {
        "cold start": f"{_interval(cold.seconds, 2)} s",
        "  of processor time": f"{_interval(cold.cpu_seconds, 2)} s",
        "  peak memory": f"{cold.peak_mb:.0f} MB",
        "one sentence": f"{report.latency_ms.median:.2f} ms; 99 % in "
        f"{report.latency_p99_ms:.2f} ms",
        "words never seen before": f"{report.first_pass:,.0f} tokens/s in the first pass",
        "network": f"{report.network_gflops:.0f} GFLOP/s; a large matrix product in single "
        f"precision reaches {report.peak_gflops:.0f}",
        "peak memory of this run": f"{report.peak_mb:.0f} MB",
    }
    console.print(fields_table(fields))
    line("")
    header = ("engine", "precision", "batch", "text to entities", "tokens to tags")
    rows = [
        [
            speed.engine,
            speed.precision,
            f"{speed.batch_tokens:,}",
            _interval(speed.from_text),
            _interval(speed.from_tokens),
        ]
        for speed in report.speeds
    ]
    console.print(plain_table(header, rows, left=(0, 1)))
    line("tokens/s, by tokens in a batch")
    line("")
    shares = [f"{share:.0%}" for share in report.shares.values()]
    console.print(plain_table(list(report.shares), [shares], left=()))


def draw(report: Report, path: Path) -> None:
    """Draw throughput by batch size, and the share of each stage."""
    figure, ((left, right),) = subplots(1, 2, size=(9, 3.4))
    ways = dict.fromkeys((speed.engine, speed.precision) for speed in report.speeds)
    for engine, precision in ways:
        chosen = [s for s in report.speeds if (s.engine, s.precision) == (engine, precision)]
        left.errorbar(
            [s.batch_tokens for s in chosen],
            [s.from_text.median / 1000 for s in chosen],
            yerr=[
                [(s.from_text.median - s.from_text.low) / 1000 for s in chosen],
                [(s.from_text.high - s.from_text.median) / 1000 for s in chosen],
            ],
            marker="o",
            capsize=3,
            label=f"{engine} {precision}",
        )
    left.set_xscale("log")
    left.set_xlabel("tokens in a batch")
    left.set_ylabel("thousand tokens/s, text to entities")
    left.set_ylim(bottom=0)
    left.grid(alpha=0.3)
    left.legend()
    right.barh(list(report.shares)[::-1], [100 * s for s in report.shares.values()][::-1])
    right.set_xlabel("% of the time from text to entities")
    write_file(path, png(figure))


def _interval(interval: Interval, digits: int = 0) -> str:
    low, median, high = (
        f"{value:,.{digits}f}" for value in (interval.low, interval.median, interval.high)
    )
    return f"{median} ({low} to {high})"
