"""The spaCy component ``recurrent_tagger``: entities and parts of speech from a model.

::

    nlp = spacy.blank("en")
    nlp.add_pipe("recurrent_tagger", config={"model": "en"})

spaCy finds it by an entry point. It tags spaCy's tokens as they are, except white space.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.scorer import Scorer, get_ner_prf
from spacy.tokens import Doc
from spacy.util import get_minor_version_range, split_requirement

from tagger.errors import TaggerError, UsageError
from tagger.features.language import common_words, is_foreign
from tagger.features.vocabulary import normalize
from tagger.files import write_file
from tagger.integrations.spacy.documents import (
    gold_of,
    mark_sentences,
    sentences_of,
    whole_text,
)
from tagger.integrations.spacy.errors import ComponentError, component_errors
from tagger.integrations.spacy.plan import Plan, read_plan
from tagger.integrations.spacy.settings import CONFIG_FILE, Settings, read_settings
from tagger.integrations.spacy.targets import Tags, Writer, check_targets, default_targets
from tagger.lines import NOT_JSON
from tagger.model.directory import read_model
from tagger.model.heads import HeadSpec
from tagger.model.meta import HEADS, META
from tagger.runtime.batching import batched
from tagger.runtime.engines.protocol import engine_name, precision_name
from tagger.runtime.labelling import LEAST_PROB
from tagger.runtime.loading import from_saved
from tagger.runtime.tagger import Tagger
from tagger.sharing.contents import OWN_FILES, own_files
from tagger.sharing.finding import find_model
from tagger.text import Tokenizer
from tagger.text.sentences import Newline

if TYPE_CHECKING:
    from spacy.training import Example
    from spacy.vocab import Vocab

    from tagger.integrations.spacy.training import Sentence, Trainer

UNKNOWN_SHARE, UNKNOWN_AFTER = 0.6, 200
"""Warn if more than this share of the first 200 words is unknown."""


@Language.factory(
    "recurrent_tagger",
    default_config=msgspec.to_builtins(Settings()),
    assigns=[
        "doc.ents",
        "doc.spans",
        "token.ent_iob",
        "token.ent_type",
        "token.pos",
        "token.tag",
        "token.is_sent_start",
    ],
    default_score_weights={"ents_f": 1.0, "tag_acc": None, "pos_acc": None, "ents_per_type": None},
)
def make_recurrent_tagger(
    nlp: Language,
    name: str,
    model: str,
    heads: dict[str, str],
    labels: dict[str, str],
    overwrite_ents: bool,
    overwrite_tags: bool,
    set_sentences: bool,
    newline: Newline,
    confidence: bool,
    threshold: float | dict[str, float] | None,
    engine: str | None,
    precision: str | None,
    threads: int,
    base: str,
    settings: dict[str, Any],
) -> RecurrentTagger:
    """Make the component; spaCy passes each of the `Settings` by name."""
    given = {key: value for key, value in locals().items() if key in Settings.__struct_fields__}
    chosen = Settings(**given)
    with component_errors(name):
        chosen.check()
    _require_package(nlp)
    return RecurrentTagger(nlp.vocab, name, chosen)


def _require_package(nlp: Language) -> None:
    """Add this package to the requirements of a pipeline, which ``spacy package`` writes.

    spaCy finds the distribution of a component only if that has a ``top_level.txt``.
    """
    for entry in entry_points(group="spacy_factories", name="recurrent_tagger"):
        requirements = nlp.meta.setdefault("requirements", [])
        if entry.dist and not any(
            split_requirement(given)[0] == entry.dist.name for given in requirements
        ):
            version = get_minor_version_range(entry.dist.version)
            requirements.append(f"{entry.dist.name}{version}")


class RecurrentTagger(TrainablePipe):  # type: ignore[misc]
    """Tags documents with a model of `tagger`, or is trained by ``spacy train``.

    Args:
        vocab: The pipeline's vocabulary.
        name: The component's name.
        settings: The component's part of the pipeline's configuration.
    """

    def __init__(
        self, vocab: Vocab, name: str = "recurrent_tagger", settings: Settings | None = None
    ) -> None:
        self.vocab = vocab
        self.name = name
        self.model = None  # the attribute in which spaCy's own components keep their network
        self.settings = settings or Settings()
        self._files: dict[str, bytes] = {}
        self._trainer: Trainer | None = None
        self._tagger: Tagger | None = None
        self._pid = 0
        self._writer: Writer
        self._known_words: Mapping[str, int] = {}
        self._n_seen = self._n_unknown = self._n_lower = self._n_common = 0

    # -- Tagging

    @property
    def tagger(self) -> Tagger:
        """The model, ready to tag; loaded when it is first needed, once in each process.

        Raises:
            ComponentError: There is no model, it is damaged, or it lacks a head or label that the
                configuration names.
        """
        if self._tagger is not None and self._pid == os.getpid():
            return self._tagger
        with component_errors(self.name):
            tagger = self._load()
            targets = self.settings.heads or default_targets(tagger.heads)
            self.settings.check_labels(tagger.heads)
            check_targets(targets, tagger.heads, self.settings.labels)
        self._writer = Writer(
            targets,
            tagger.heads,
            labels=self.settings.labels,
            overwrite_ents=self.settings.overwrite_ents,
            overwrite_tags=self.settings.overwrite_tags,
            confidence=self.settings.confidence,
        )
        self._tagger, self._pid = tagger, os.getpid()
        return tagger

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels and tags that may be written; none while there is no model."""
        try:
            names = [label for head in self._heads() for label in head.labels]
        except TaggerError:  # spaCy asks for labels also before a model is read from a pipeline
            return ()
        return tuple(dict.fromkeys(self.settings.labels.get(name, name) for name in names))

    @property
    def label_data(self) -> None:
        """None: labels come from the examples."""
        return None

    def __call__(self, doc: Doc) -> Doc:
        """Tag one document."""
        error_handler = self.get_error_handler()
        try:
            self._annotate([doc])
        except Exception as error:
            error_handler(self.name, self, [doc], error)
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Tag documents in batches of ``batch_size``."""
        error_handler = self.get_error_handler()
        for docs in batched(stream, batch_size):
            try:
                self._annotate(docs)
            except Exception as error:
                error_handler(self.name, self, docs, error)
            yield from docs

    def predict(self, docs: Iterable[Doc]) -> list[tuple[list[list[int]], list[Tags]]]:
        """Return the sentences of documents, as indices of tokens, and their tags.

        A document is one sentence to a model that reads whole texts.
        """
        tagger = self.tagger
        docs = list(docs)
        reads_whole = self._reads_whole
        places = [
            whole_text(doc) if reads_whole else sentences_of(doc, self.settings.newline)
            for doc in docs
        ]
        heads = list(self._writer.targets)
        sentences = [
            [doc[i].text for i in sentence]
            for doc, of_doc in zip(docs, places, strict=True)
            for sentence in of_doc
        ]
        self._warn_if_foreign(sentences)
        tagged = (
            Tags(one.tags, one.confidence, one.label_probs)
            for one in tagger.annotate(sentences, heads, confidence=self.settings.confidence)
        )
        return [(of_doc, [next(tagged) for _ in of_doc]) for of_doc in places]

    @property
    def _reads_whole(self) -> bool:
        splitter = self.tagger.splitter
        return isinstance(splitter, Tokenizer) and splitter.rules.whole_texts

    def set_annotations(
        self,
        docs: Iterable[Doc],
        scores: Sequence[tuple[list[list[int]], list[Tags]]],
    ) -> None:
        """Write the results of `predict`."""
        for doc, (places, tags) in zip(docs, scores, strict=True):
            if self.settings.set_sentences and len(doc) and not doc.has_annotation("SENT_START"):
                cut = sentences_of(doc, self.settings.newline) if self._reads_whole else places
                mark_sentences(doc, cut)
            self._writer.write(doc, places, tags)

    def _annotate(self, docs: Sequence[Doc]) -> None:
        self.set_annotations(docs, self.predict(docs))

    def _warn_if_foreign(self, sentences: Sequence[Sequence[str]]) -> None:
        """Warn once if most words are unknown, or few are frequent: another language."""
        if self._n_seen < 0:
            return
        known, is_common = self._known_words, common_words(self._known_words)
        for sentence in sentences:
            words = [word for word in sentence if any(map(str.isalpha, word))]
            self._n_seen += len(words)
            self._n_unknown += sum(normalize(word) not in known for word in words)
            if is_common:
                lower = [normalize(word) for word in words if word.islower()]
                self._n_lower += len(lower)
                self._n_common += sum(map(is_common, lower))
        if self._n_seen >= UNKNOWN_AFTER:
            unknown = bool(known) and self._n_unknown > UNKNOWN_SHARE * self._n_seen
            if unknown or (is_common and is_foreign(self._n_lower, self._n_common)):
                warnings.warn(
                    f"{self.name}: the model knows {1 - self._n_unknown / self._n_seen:.0%} of the "
                    "words; is the text in another language, or tokenized in another way?"
                    if unknown
                    else f"{self.name}: few of the words are frequent in the text that the model "
                    "has learned from; is this text in another language?",
                    stacklevel=4,
                )
            self._n_seen = -1

    def _load(self) -> Tagger:
        self._n_seen = self._n_unknown = self._n_lower = self._n_common = 0
        if self._trainer is not None:
            self._known_words = self._trainer.parts.vocabulary.word_ids
            return self._trainer.tagger().with_threshold(self.settings.threshold)
        with _unpacked(self.files) as folder:
            saved = read_model(folder)
            self._known_words = saved.vocabulary.word_ids
            return from_saved(
                saved,
                folder,
                engine=engine_name(self.settings.engine),
                precision=precision_name(self.settings.precision),
                threads=self.settings.threads,
                threshold=self.settings.threshold,
            )

    def _heads(self) -> tuple[HeadSpec, ...]:
        if self._trainer is not None:
            return self._trainer.parts.prepared.heads
        return msgspec.json.decode(self.files[HEADS], type=tuple[HeadSpec, ...])

    def _forget(self) -> None:
        self._tagger = None

    # -- Training

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Any = None,
    ) -> None:
        """Read vocabulary and labels from the examples and begin a training.

        A component that has a model starts from it.
        """
        training = nlp.config.interpolate()["training"] if nlp is not None else {}
        examples = [gold_of(example) for example in get_examples()]
        with component_errors(self.name):
            self._begin_training(examples, read_plan(training))

    def _begin_training(
        self, examples: Sequence[Sequence[Sentence]], plan: Plan, *, extend: bool = True
    ) -> None:
        from tagger.integrations.spacy.training import Trainer

        base: AbstractContextManager[Path | None]
        if self._trainer is not None or self._files:
            base = _unpacked(self.files)
        else:
            start = self.settings.base or self.settings.model
            base = nullcontext(find_model(start) if start else None)
        with base as folder:
            self._trainer = Trainer(
                examples, settings=self.settings.settings, base=folder, plan=plan, extend=extend
            )
        self._files = {}
        self._forget()

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Take one step with the component's own optimizer.

        A component that has a model but was not initialized, as after `Language.resume_training`
        or with ``source`` in a configuration, resumes the training of that model with its labels.

        Args:
            examples: The batch.
            drop: Replaces the dropouts of the configuration, see `Trainer.update`.
            sgd: Without effect, as `Language.update` does not pass its optimizer on. The learning
                rate is read from the configuration by `initialize`.
            losses: The loss per token is added under the component's name.

        Returns:
            ``losses``.

        Raises:
            ComponentError: There is neither a model nor a training.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        gold = [gold_of(example) for example in examples]
        if self._trainer is None and not (self._files or self.settings.model):
            raise ComponentError(
                self.name,
                UsageError("not initialized", hint="call nlp.initialize before nlp.update"),
            )
        if not any(gold):
            return losses
        if self._trainer is None:
            with component_errors(self.name):
                self._begin_training(gold, Plan(), extend=False)
        assert self._trainer is not None
        losses[self.name] += self._trainer.update(gold, dropout=drop)
        self._forget()
        return losses

    def finish_update(self, sgd: Any) -> None:
        """Do nothing: `update` takes the step."""

    @contextmanager
    def use_params(self, params: Any) -> Iterator[None]:
        """Change nothing: the component averages its weights itself."""
        yield

    def score(self, examples: Iterable[Example], **options: Any) -> dict[str, Any]:
        """Score entities and tags as spaCy does."""
        examples = list(examples)
        targets = set((self.settings.heads or default_targets(self._heads())).values())
        scores: dict[str, Any] = {}
        if "ents" in targets:
            scores |= get_ner_prf(examples)
        for place in ("tag", "pos"):
            if place in targets:
                scores |= Scorer.score_token_attr(examples, place)
        if "cats" in targets:
            heads = [head for head in self._heads() if head.kind == "text"]
            scores |= Scorer.score_cats(
                examples,
                "cats",
                labels=[self.settings.labels.get(x, x) for head in heads for x in head.labels],
                multi_label=len(heads) > 1 or heads[0].decoder == "sigmoid",
                threshold=LEAST_PROB,
            )
        return scores

    # -- On disk and in bytes: the model directory and the configuration, nothing that runs

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the model directory by name."""
        if self._trainer is not None:
            return self._trainer.files()
        if not self._files:
            if not self.settings.model:
                raise UsageError("there is no model yet", hint="name one in the config, or train")
            self._files = _read(find_model(self.settings.model))
        return self._files

    def to_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> None:
        """Write the model directory and the configuration."""
        with component_errors(self.name):
            files = self.files
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        # Remove what a model that was there before has in addition. meta.json comes last: a folder
        # without it is not a model.
        for name in {META} | (set(OWN_FILES) - files.keys()):
            (folder / name).unlink(missing_ok=True)
        for name in sorted(files, key=lambda name: name == META):
            write_file(folder / name, files[name])
        write_file(folder / CONFIG_FILE, msgspec.json.encode(self.settings))

    def from_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> RecurrentTagger:
        """Read what `to_disk` wrote."""
        folder = Path(path)
        with component_errors(self.name):
            files = _read(folder)
            self._take(files, read_settings((folder / CONFIG_FILE).read_bytes()))
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return the model directory and the configuration as bytes."""
        with component_errors(self.name):
            return msgspec.msgpack.encode(
                {**self.files, CONFIG_FILE: msgspec.json.encode(self.settings)}
            )

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> RecurrentTagger:
        """Read what `to_bytes` returned.

        Raises:
            ComponentError: The bytes are damaged.
        """
        try:
            files = msgspec.msgpack.decode(bytes_data, type=dict[str, bytes])
            settings = read_settings(files.pop(CONFIG_FILE, b""))
            if not set(files) <= set(OWN_FILES):
                raise UsageError("unknown files")
        except (UsageError, *NOT_JSON) as error:
            damaged = UsageError(
                f"damaged, or not the bytes of a component ({error})",
                hint="write them again with to_bytes",
            )
            raise ComponentError(self.name, damaged) from None
        self._take(files, settings)
        return self

    def _take(self, files: dict[str, bytes], settings: Settings) -> None:
        self._files, self.settings = files, settings
        self._trainer = None
        self._forget()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the loaded model, which belongs to this process alone."""
        files = self.files if self._trainer or self._files else {}
        return _restored, (self.vocab, self.name, files, self.settings)


def _restored(
    vocab: Vocab, name: str, files: dict[str, bytes], settings: Settings
) -> RecurrentTagger:
    component = RecurrentTagger(vocab, name, settings)
    component._take(files, settings)
    return component


def _read(folder: Path) -> dict[str, bytes]:
    read_model(folder)  # checks it
    return {name: path.read_bytes() for name, path in own_files(folder).items()}


@contextmanager
def _unpacked(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Unpack files into a temporary model directory."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        yield Path(folder)
