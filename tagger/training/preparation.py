"""From corpora to heads, vocabulary and the sentences of each split."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import chain, count, islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.config import Config, check_sources, corpus_settings
from tagger.corpus import Corpus
from tagger.corpus.renaming import load_configured
from tagger.errors import ConfigError, CorpusError, UsageError, unknown_name
from tagger.evaluation.selection import labels_of, not_annotated
from tagger.formats.records import can_name_head
from tagger.model.choices import TagChoices
from tagger.model.heads import HeadSpec
from tagger.schemes import Scheme, split_tag, tag_inventory
from tagger.tables import counted
from tagger.training.answers import Answers, frequent_forms
from tagger.training.encoding import READ_BATCH, Inventory
from tagger.training.limits import bounded_sentences, check_heads

_ALLOW_EMPTY = "{allow_empty=True} trains all the same"

if TYPE_CHECKING:
    import datasets

_LEAKED = 0.05
"""The share of dev sentences that are in train from which on it is a warning."""


@dataclass(frozen=True)
class Prepared:
    """The data and heads of a training."""

    corpora: tuple[Corpus, ...]
    heads: tuple[HeadSpec, ...]
    main_heads: tuple[str, ...]
    """The heads whose mean dev score decides."""
    inventory: Inventory
    notes: tuple[str, ...]
    """Decisions to report."""
    not_annotated: Mapping[str, Mapping[str, Set[str]]] = field(default_factory=dict)
    """By corpus and span head the labels that it does not annotate, though another corpus or the
    base has them: predictions of them are neither right nor wrong there."""
    answers: Answers | None = None
    """Sentences with the answers of teachers, whose corpus is the last of ``corpora``."""
    words: Counter[str] | None = None
    """The forms whose words get or train a vector; None for all of the inventory."""
    dev_weights: Mapping[str, float] | None = None
    """By corpus the weight of its dev scores, 1 where it has none; None for its sentences."""

    def heads_of(self, corpus: Corpus) -> list[HeadSpec]:
        """Return the trained heads that a corpus has tags for."""
        columns = {head.name for head in corpus.heads}
        return [head for head in self.heads if head.name in columns]

    def choices_of(self, corpus: Corpus) -> list[TagChoices]:
        """Return the encodings of the corpus's gold tags.

        Where it does not annotate a label, its ``O`` may be one.
        """
        missing = self.not_annotated[corpus.name]
        heads = [head for head in self.heads_of(corpus) if head.kind != "text"]
        return [TagChoices(head, missing.get(head.name, frozenset())) for head in heads]

    def text_heads_of(self, corpus: Corpus) -> list[HeadSpec]:
        """Return the trained heads with labels of texts that a corpus has."""
        return [head for head in self.heads_of(corpus) if head.kind == "text"]


def prepare(
    sources: Sequence[str],
    config: Config,
    *,
    data_dir: Path | None = None,
    strict: bool = False,
    base_heads: Sequence[HeadSpec] = (),
    rehearse: Callable[[], Corpus | None] | None = None,
    answers: Answers | None = None,
) -> Prepared:
    """Load corpora and choose the heads to train.

    Args:
        sources: Names, paths or hub ids of corpora.
        config: The configuration.
        data_dir: Where to look for named corpora first.
        strict: Stop at a tag outside its scheme.
        base_heads: Heads of the model that is trained on; their labels stay.
        rehearse: Returns sentences with those heads, for what no corpus annotates.
        answers: Sentences that teachers have tagged.

    Raises:
        UsageError: No corpus has a requested head, or two corpora disagree about one.
        CorpusError: A corpus is not found, cannot be read or has no training sentences; or its
            annotation is empty, unless the configuration allows that.
    """
    notes: list[str] = []
    corpora: list[Corpus] = []
    check_sources(config, sources)
    for source in sources:
        settings = corpus_settings(config, source)
        corpus = load_configured(source, settings, data_dir=data_dir, strict=strict)
        corpus, note = _with_dev(corpus, config)
        note += _dev_in_train(corpus)
        corpus, less = _fraction(corpus, config.training.fraction)
        note += less
        name = unique_name(corpus.name, {other.name for other in corpora})
        corpus, cut = bounded_sentences(replace(corpus, name=name))
        corpora.append(corpus)
        notes += note + cut
    if rehearse is not None:
        rehearsal, note = _rehearsal(corpora, config, base_heads, rehearse)
        corpora += rehearsal
        notes += note
    gold = list(corpora)
    if answers is not None:
        name = unique_name(answers.corpus.name, {other.name for other in corpora})
        answers = replace(answers, corpus=replace(answers.corpus, name=name))
        corpora.append(answers.corpus)
    names, main_heads = _choose_heads(corpora, config.heads)
    for name in config.training.loss_weights:
        if name not in names:
            raise ConfigError(
                f"[training.loss_weights]: {unknown_name('head', name, names)}", expected=names
            )
    inventory = Inventory()
    for corpus in gold:
        of_tokens, of_texts = (
            [h.name for h in corpus.heads if h.name in names and (h.kind == "text") is whole]
            for whole in (False, True)
        )
        inventory.add(corpus.splits["train"], of_tokens, of_texts)
    words = None
    if answers is not None:
        forms = answers.count_forms()
        words = inventory.forms + frequent_forms(forms, config.distillation.n_words)
        inventory.forms.update(forms)
        for head, tags in answers.tags.items():
            if head in names:
                inventory.tags.setdefault(head, Counter()).update(tags)
        for column in answers.corpus.heads:
            if column.multi_label:  # how many a text has is not known, but that it may be several
                inventory.n_labels.setdefault(column.name, Counter())[2] += 1
    if empty := [name for name in names if not inventory.tags[name]]:
        raise UsageError(
            f"no training data has a tag or label of {', '.join(empty)}",
            hint="choose other heads with {heads}",
        )
    kinds = _kinds(corpora, names)
    known = {head.name: head for head in base_heads}
    heads = tuple(
        text_head_spec(name, inventory, config, known.get(name))
        if kinds[name] == "text"
        else head_spec(name, kinds[name], inventory.tags[name], config, known.get(name))
        for name in names
    )
    notes += _unlabelled(heads, inventory)
    check_heads(heads, corpora[0])
    prepared = Prepared(
        tuple(corpora), heads, main_heads, inventory, tuple(notes), answers=answers, words=words
    )
    if not config.training.allow_empty:
        for source, corpus in zip(sources, gold, strict=False):  # not that of the rehearsal
            if not corpus_settings(config, source).annotates:
                _check_entities(prepared, corpus, config.training.fraction)
        _check_tags(prepared)
    left_out = {}
    for source, corpus in zip_longest(sources, gold):
        annotates = corpus_settings(config, source).annotates if source is not None else ()
        left_out[corpus.name] = _not_annotated(prepared, corpus, annotates)
    if answers is not None:
        left_out[answers.corpus.name] = {
            head.name: frozenset(head.labels) - {tag[2:] for tag in answers.tags[head.name]}
            for head in prepared.heads_of(answers.corpus)
            if head.kind == "span"
        }
    notes += _shared_heads(left_out)
    dev_weights = _dev_weights(sources, gold, config)
    if dev_weights is not None:
        stated = (f"{corpus.name} {dev_weights.get(corpus.name, 1):g}" for corpus in gold)
        notes.append(f"weights in the dev score: {', '.join(stated)}")
    notes += _without_dev(prepared)
    return replace(prepared, not_annotated=left_out, notes=tuple(notes), dev_weights=dev_weights)


def _dev_weights(
    sources: Sequence[str], corpora: Sequence[Corpus], config: Config
) -> dict[str, float] | None:
    """Return by corpus the weight that is stated; None where none is.

    Raises:
        ConfigError: No corpus has a weight above 0.
    """
    found: dict[str, float] = {}
    for source, corpus in zip(sources, corpora, strict=False):  # not that of the rehearsal
        weight = corpus_settings(config, source).dev_weight
        if weight != "auto":
            found[corpus.name] = weight
    if not found:
        return None
    if not any(found.get(corpus.name, 1) for corpus in corpora):
        raise ConfigError(
            "dev_weight is 0 for all corpora: no epoch would be better than another",
            hint="give one of [corpora.NAME] a weight",
        )
    return found


def _check_entities(prepared: Prepared, corpus: Corpus, fraction: float) -> None:
    """Check that a corpus has entities to learn from.

    Raises:
        CorpusError: It has none.
    """
    spans = [head.name for head in prepared.heads_of(corpus) if head.kind == "span"]
    if not spans or any(labels_of(corpus.splits["train"], name) for name in spans):
        return
    n = len(corpus.splits["train"])
    what = f"no entity in the {counted(n, 'training sentence')} ({', '.join(spans)})"
    others = [
        split
        for split, data in corpus.splits.items()
        if split != "train" and any(labels_of(data, name) for name in spans)
    ]
    question = "is it annotated?"
    if fraction < 1:
        what, question = f"{what}, of which it has a share of {fraction}", "is the share too small?"
    elif others:
        what = f"{what}, though there are some in {' and '.join(others)}"
        question = "is it the right file, and annotated?"
    raise CorpusError(
        what,
        path=corpus.files.get("train", corpus.name),
        hint=f"{question} {_ALLOW_EMPTY}",
    )


def _check_tags(prepared: Prepared) -> None:
    """Check that each head has something to choose from.

    Raises:
        CorpusError: A head has a single tag.
    """
    for head in prepared.heads:
        if len(head.tags) < 2 and head.decoder != "sigmoid":
            what = "label" if head.kind == "text" else "tag"
            raise CorpusError(
                f"the only {what} of {head.name} in the training data is {head.tags[0]}",
                path=prepared.corpora[0].name,
                hint=f"choose other {{heads}}; {_ALLOW_EMPTY}",
            )


def _rehearsal(
    corpora: Sequence[Corpus],
    config: Config,
    base_heads: Sequence[HeadSpec],
    rehearse: Callable[[], Corpus | None],
) -> tuple[list[Corpus], list[str]]:
    """Return the corpus to rehearse on, if there is anything to rehearse, and a note."""
    lost = {}
    for head in base_heads:
        having = [c for c in corpora if head.name in {column.name for column in c.heads}]
        if head.kind == "span" and having and (not config.heads or head.name in config.heads):
            found = {label for c in having for label in labels_of(c.splits["train"], head.name)}
            lost[head.name] = [label for label in head.labels if label not in found]
        elif head.kind != "text" and not having and head.name in config.heads:
            lost[head.name] = list(head.labels) if head.kind == "span" else ["all tags"]
    kept = "; ".join(f"{name} {', '.join(labels)}" for name, labels in lost.items() if labels)
    if not kept:
        return [], []
    rehearsal = rehearse()
    if rehearsal is None:
        return [], [f"kept from the base: {kept}"]
    n = len(rehearsal.splits["train"])
    return [rehearsal], [f"kept from the base: {kept}; rehearsed on {n:,} sentences that ship"]


def _not_annotated(
    prepared: Prepared, corpus: Corpus, annotates: Collection[str]
) -> dict[str, frozenset[str]]:
    """Return by span head the labels that a corpus does not annotate.

    Raises:
        ConfigError: ``annotates`` has a label that no head has.
    """
    heads = prepared.heads_of(corpus)
    if not annotates:
        return not_annotated(corpus.splits.values(), heads)
    spans = [head for head in heads if head.kind == "span"]
    labels = sorted({label for head in spans for label in head.labels})
    for label in annotates:
        if label not in labels:
            raise ConfigError(
                f"[corpora.{corpus.name}] annotates: {unknown_name('label', label, labels)}",
                expected=labels,
            )
    return {head.name: frozenset(head.labels) - set(annotates) for head in spans}


def _shared_heads(left_out: Mapping[str, Mapping[str, Set[str]]]) -> Iterator[str]:
    """Report whose ``O`` may be a label that only other corpora annotate."""
    for corpus, heads in left_out.items():
        for head, labels in heads.items():
            if labels:
                yield (
                    f"{corpus}: does not annotate {', '.join(sorted(labels))} ({head}); its O may "
                    "be one of them"
                )


def _without_dev(prepared: Prepared) -> Iterator[str]:
    """Yield a warning for each head that dev cannot score."""
    for head in prepared.heads:
        if head.kind == "token" or head.name not in prepared.main_heads:
            continue
        devs = [c.splits["dev"] for c in prepared.corpora if head in prepared.heads_of(c)]
        if head.kind == "text":
            if all(label is None for dev in devs for label in dev[head.name]):
                yield f"warning: dev has no labels of {head.name}"
        elif not any(labels_of(dev, head.name) for dev in devs):
            others = [name for name in prepared.main_heads if name != head.name]
            kept = f"chosen by {', '.join(others)} alone" if others else "the last one"
            yield f"warning: dev has no spans of {head.name}; the epoch that is kept is {kept}"


def unique_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with the first free number after it if it is taken: ``name-2``."""
    numbered = (f"{name}-{i}" for i in count(2))
    return next(n for n in chain([name], numbered) if n not in taken)


def _with_dev(corpus: Corpus, config: Config) -> tuple[Corpus, list[str]]:
    if "train" not in corpus.splits:
        have = ", ".join(corpus.splits) or "none"
        raise CorpusError(
            f"no train split (there: {have})",
            path=corpus.name,
            hint="name the file, as in train.txt",
        )
    if "dev" in corpus.splits:
        return corpus, []
    train = corpus.splits["train"]
    n_dev = round(len(train) * config.training.dev_fraction)
    if len(train) < 2:
        splits = {**corpus.splits, "dev": train}
        note = f"{corpus.name}: no dev split and one training sentence, which is dev too"
    else:
        import datasets

        cut = datasets.Dataset.from_dict({"number": range(len(train))}).train_test_split(
            test_size=min(max(n_dev, 1), len(train) - 1),
            seed=config.training.seed,
            load_from_cache_file=False,
        )
        stay, become = ([*cut[part]["number"]] for part in ("train", "test"))
        exchanged = _exchange(corpus, config, stay, become)
        splits = {**corpus.splits, "train": train.select(stay), "dev": train.select(become)}
        note = (
            f"{corpus.name}: no dev split; {len(become):,} of {len(train):,} training "
            f"sentences become dev (seed {config.training.seed}{exchanged})"
        )
    return replace(corpus, splits=splits), [note]


def _exchange(corpus: Corpus, config: Config, stay: list[int], become: list[int]) -> str:
    """Exchange a sentence of train and one of dev, if one of them would have no entities.

    A single sentence with entities stays in train: it can be learned from or scored.

    Args:
        corpus: The corpus, with the sentences of both in its train.
        config: The configuration.
        stay: The numbers of the sentences that stay in train, changed in place.
        become: Those that become dev, changed in place.

    Returns:
        What to add to the note.
    """
    wanted = config.heads or corpus.main_heads
    spans = [head.name for head in corpus.heads if head.kind == "span"]
    columns = [name for name in spans if name in wanted or "all" in wanted]
    if not columns:
        return ""
    data = corpus.splits["train"].select_columns(columns)

    def annotated(numbers: Sequence[int], n: int) -> list[int]:
        """Return the places of the first sentences with entities, ``n`` at most."""
        found = (
            place
            for place, number in enumerate(numbers)
            if any(tag not in (None, "O") for tags in data[number].values() for tag in tags)
        )
        return list(islice(found, n))

    in_train, in_dev = annotated(stay, 2), annotated(become, 2)
    if in_dev and not in_train:
        place, other = in_dev[0], 0
    elif len(in_train) == 2 and not in_dev:
        place, other = 0, in_train[0]
    else:
        return ""
    become[place], stay[other] = stay[other], become[place]
    if len(in_train) + len(in_dev) == 1:
        return "; the only sentence with entities stays in train"
    return "; one exchanged so that both have entities"


def _dev_in_train(corpus: Corpus) -> Iterator[str]:
    """Report sentences of dev that are in train: scores on them promise too much."""
    train, dev = corpus.splits["train"], corpus.splits["dev"]
    if train is dev:
        return
    seen = {hash(tuple(tokens)) for tokens in _sentences(train)}
    n, n_dev = sum(hash(tuple(tokens)) in seen for tokens in _sentences(dev)), len(dev)
    if n == n_dev:
        yield (
            f"warning: {corpus.name}: all {n_dev:,} dev sentences are in train; "
            "scores on them say nothing about other text"
        )
    elif n:
        warning = "warning: " if n >= _LEAKED * n_dev else ""
        yield f"{warning}{corpus.name}: {n:,} of {n_dev:,} dev sentences are in train, too"


def _sentences(split: datasets.Dataset) -> Iterator[list[str]]:
    for rows in split.select_columns(["tokens"]).iter(READ_BATCH):
        yield from rows["tokens"]


def _fraction(corpus: Corpus, fraction: float) -> tuple[Corpus, list[str]]:
    """Keep a share of the training sentences, in their order."""
    if fraction == 1.0:
        return corpus, []
    train = corpus.splits["train"]
    n = max(round(len(train) * fraction), 1)
    chosen = sorted(random.Random(0).sample(range(len(train)), n))
    note = f"{corpus.name}: {n:,} of {len(train):,} training sentences ({fraction:.0%})"
    return replace(corpus, splits={**corpus.splits, "train": train.select(chosen)}), [note]


def _choose_heads(
    corpora: Sequence[Corpus], requested: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    available = list(dict.fromkeys(head.name for corpus in corpora for head in corpus.heads))
    main = list(dict.fromkeys(name for corpus in corpora for name in corpus.main_heads))
    if not requested:
        names = main
    elif "all" in requested:
        names = available
    else:
        for name in requested:
            if name not in available:
                raise UsageError(
                    unknown_name("head", name, [*available, "all"]), expected=[*available, "all"]
                )
        names = list(dict.fromkeys(requested))
    if not names:
        raise UsageError(
            "no heads to train",
            expected=available,
            hint=f"choose with {{heads}}: {', '.join(available)}",
        )
    # Who asks for labels of texts beside tags means both.
    texts = {head.name for corpus in corpora for head in corpus.heads if head.kind == "text"}
    decisive = [name for name in names if name in main or name in texts] or names
    return tuple(names), tuple(decisive)


def _kinds(corpora: Sequence[Corpus], names: Sequence[str]) -> dict[str, str]:
    words = {"span": "spans", "token": "tags of tokens", "text": "labels of texts"}
    kinds: dict[str, str] = {}
    homes: dict[str, str] = {}
    for corpus in corpora:
        for head in corpus.heads:
            if not can_name_head(head.name):
                raise UsageError(
                    f"{head.name!r} cannot name a head of a model",
                    path=corpus.name,
                    hint="rename it under [corpora.NAME.heads]",
                )
            if head.name in names and kinds.setdefault(head.name, head.kind) != head.kind:
                raise UsageError(
                    f"head {head.name!r} has {words[kinds[head.name]]} in {homes[head.name]} and "
                    f"{words[head.kind]} in {corpus.name}",
                    hint="rename one under [corpora.NAME.heads]",
                )
            homes.setdefault(head.name, corpus.name)
    return kinds


def head_spec(
    name: str,
    kind: str,
    counts: Mapping[str, int],
    config: Config,
    known: HeadSpec | None,
) -> HeadSpec:
    """Return the head for tags of these counts.

    Args:
        name: Its name.
        kind: ``span`` or ``token``.
        counts: Its tags, spans in BIO.
        config: The configuration, for scheme and decoder.
        known: The same head of a model that is trained on; its labels stay.
    """
    decoder = config.head.decoder
    if kind == "span":
        scheme = Scheme(config.head.scheme)
        labels = {split_tag(tag)[1] for tag in counts if tag != "O"}
        labels |= set(known.labels) if known and known.kind == "span" else set()
        return HeadSpec(
            name=name,
            kind="span",
            decoder="crf" if decoder == "auto" else decoder,
            tags=tuple(tag_inventory(sorted(labels), scheme)),
            scheme=scheme.value,
            outside=config.head.outside,
        )
    old_tags = known.tags if known and known.kind == "token" else ()
    return HeadSpec(
        name=name,
        kind="token",
        decoder="softmax" if decoder == "auto" else decoder,
        tags=(*old_tags, *sorted(set(counts) - set(old_tags))),
    )


def text_head_spec(
    name: str, inventory: Inventory, config: Config, known: HeadSpec | None
) -> HeadSpec:
    """Return the head for labels of texts.

    Args:
        name: Its name.
        inventory: The labels of the training data.
        config: The configuration, for pooling and the number of labels of a text.
        known: The same head of a model that is trained on; its labels and its pooling stay.

    Raises:
        CorpusError: Texts have several labels, and the configuration does not allow that.
    """
    n_labels = inventory.n_labels.get(name, Counter())
    several = sum(n for n_of_text, n in n_labels.items() if n_of_text not in (None, 1))
    if config.head.multi_label == "no" and several:
        raise CorpusError(
            f"{several:,} training texts have several labels of {name}, or none",
            hint="allow it with {settings=head.multi_label=yes}",
        )
    known = known if known and known.kind == "text" else None
    is_multi = config.head.multi_label == "yes" or several or (known and known.decoder == "sigmoid")
    labels = known.tags if known else ()
    return HeadSpec(
        name=name,
        kind="text",
        decoder="sigmoid" if is_multi else "softmax",
        tags=(*labels, *sorted(set(inventory.tags[name]) - set(labels))),
        pooling=known.pooling if known else config.head.pooling,
    )


def _unlabelled(heads: Sequence[HeadSpec], inventory: Inventory) -> Iterator[str]:
    """Report training texts without a label."""
    for head in heads:
        n_labels = inventory.n_labels.get(head.name, Counter())
        if n := n_labels[None]:
            yield (
                f"{head.name}: {n:,} of {n_labels.total():,} training texts have no label and are "
                "left out of its loss"
            )
