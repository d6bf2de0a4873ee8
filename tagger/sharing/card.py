"""Model cards from templates: of a model, of a base, and with the front matter of a hub."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.corpus.catalogue import find_entry
from tagger.model.directory import SavedModel
from tagger.model.heads import HeadSpec
from tagger.model.meta import LICENSE, Calibration, CorpusRecord
from tagger.sharing.contents import Licence, body_of

if TYPE_CHECKING:
    from jinja2 import Environment

_TASK = "token-classification"
_PARTS_OF_SPEECH = ("upos", "xpos", "pos")
_LANGUAGES = {"English": "en", "Spanish": "es", "Dutch": "nl"}
"""Of the corpora known by name, as their titles say it; treebanks have it in their names."""


def render_card(template: str, **values: object) -> str:
    """Render a card in Markdown.

    Args:
        template: A file in ``sharing/templates``, whose first lines name the values it reads.
        values: The values.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "basename": lambda path: Path(path).name,
        "cell": _cell,
        "grouped": lambda number: f"{number:,.0f}",
        "percent": lambda share: f"{100 * share:.2f}",
    }
    return environment


def _cell(text: str) -> str:
    """Return text as the cell of a table: on one line, bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")


def with_calibration(card: str, calibration: Mapping[str, Calibration]) -> str:
    """Put the section about the confidence into a card, in place of one that is there."""
    section = render_card("confidence.md.j2", calibration=calibration)
    heading = section.partition("\n")[0]
    old = re.compile(rf"^{re.escape(heading)}$.*?(?=^## |\Z)", flags=re.DOTALL | re.MULTILINE)
    if old.search(card):
        return old.sub(lambda _: section, card, count=1)
    before, use, after = card.partition("## Use\n")
    return f"{before}{section}{use}{after}" if use else f"{card.rstrip()}\n\n{section}"


def hub_card(saved: SavedModel, licence: Licence, repo: str) -> str:
    """Write the card of a model for its place on the hub.

    Args:
        saved: The model.
        licence: Its licence.
        repo: Its address on the hub, ``owner/name``.
    """
    from huggingface_hub import EvalResult, ModelCardData

    corpora, heads = saved.meta.corpora, {head.name: head for head in saved.heads}
    datasets = {corpus.name: address for corpus in corpora if (address := _dataset(corpus))}
    results = [
        EvalResult(
            task_type=_TASK,
            task_name="Token classification",
            dataset_type=datasets.get(name, name),
            dataset_name=name,
            dataset_split="test",
            metric_type="f1" if heads[head].kind == "span" else "accuracy",
            metric_name=f"{head} {'F1' if heads[head].kind == 'span' else 'accuracy'}",
            metric_value=round(score, 4),
        )
        for name, scores in saved.meta.test_scores.items()
        for head, score in scores.items()
        if head in heads
    ]
    data = ModelCardData(
        language=list(dict.fromkeys(filter(None, map(_language, corpora)))) or None,
        license=licence.spdx.lower() or "other",
        license_name=None if licence.spdx else _slug(licence.stated),
        license_link=LICENSE if licence.has_text and not licence.spdx else None,
        library_name="tagger",
        pipeline_tag=_TASK if heads else None,
        tags=_tags(saved.heads),
        datasets=list(dict.fromkeys(datasets.values())) or None,
        metrics=list(dict.fromkeys(result.metric_type for result in results)) or None,
        model_name=repo.partition("/")[2] if results else None,
        eval_results=results or None,
    )
    body = body_of(saved.card, f"hub:{repo}")
    return render_card("hub.md.j2", front_matter=data.to_yaml(), body=body)


def _tags(heads: Sequence[HeadSpec]) -> list[str]:
    tags = [_TASK] if heads else []
    tags.append("tagger")
    if any(head.kind == "span" and head.name != "chunk" for head in heads):
        tags.append("named-entity-recognition")
    if any(head.name in _PARTS_OF_SPEECH for head in heads):
        tags.append("part-of-speech")
    return tags


def _dataset(corpus: CorpusRecord) -> str | None:
    """The id of a corpus on the hub; None where it is not known to be there."""
    entry = find_entry(corpus.name)
    if entry is not None and entry.licence == corpus.licence:  # and no folder of the same name
        addresses: Sequence[str] = entry.hub
    else:
        addresses = (corpus.name,)
    match = re.match(r"[\w.-]+/[\w.-]+", addresses[0]) if addresses else None
    return match[0] if match else None


def _language(corpus: CorpusRecord) -> str | None:
    entry = find_entry(corpus.name)
    if entry is None or entry.licence != corpus.licence:
        return None
    if treebank := re.match(r"(?:ud|uner)_([a-z]{2,3})_", corpus.name):
        return treebank[1]
    return next((code for word, code in _LANGUAGES.items() if word in entry.title), None)


def _slug(text: str) -> str:
    """A name as the hub takes it for a licence: ``Reuters agreement`` to ``reuters-agreement``."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower())[:80].strip("-.")
