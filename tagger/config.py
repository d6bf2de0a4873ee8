"""The configuration of a model and of its training: frozen, nested, complete, TOML in and out.

A configuration stays at the edge: `tagger.model.network.build_network` and
`tagger.training.run.train` translate it, the layers take flat keyword-only arguments. An unknown
key is an error that lists the valid ones; a value out of its range names its key. The string after
a setting is its meaning, from which `tagger.config_reference` makes the reference.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import tomli_w
from msgspec import Meta

from tagger.errors import ConfigError, unknown_name

Dim = Annotated[int, Meta(ge=1)]
OptionalDim = Annotated[int, Meta(ge=0)]
Prob = Annotated[float, Meta(ge=0.0, lt=1.0)]
Positive = Annotated[float, Meta(gt=0.0, le=1e6)]
NonNegative = Annotated[float, Meta(ge=0.0, le=1e6)]

Cell = Literal["rnn", "gru", "lstm"]
Direction = Literal["forward", "backward", "bi"]
Merge = Literal["concat", "sum", "product", "projection"]
CharEncoder = Literal["cnn", "lstm", "none"]
Decoder = Literal["auto", "crf", "softmax"]
Pooling = Literal["final", "mean", "max", "attention"]
OutsideKind = Literal["addresses", "titles"]
Optimizer = Literal["adamw", "sgd"]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration file."""


class EmbedderConfig(Section, frozen=True):
    """Features of a token that depend on its form alone; a dimension of 0 leaves a part out."""

    word_dim: OptionalDim = 100
    """Size of a trained word vector; words are looked up in lower case, digits as ``0``."""
    min_count: Annotated[int, Meta(ge=1)] = 1
    """Occurrences in the training data that a word needs to get its own vector; a word of the model
    that the training starts from needs only one."""
    word_dropout: NonNegative = 0.5
    """In training, a word that occurs ``n`` times is replaced by the unknown word with probability
    ``a / (a + n)``; this is ``a``."""
    char_encoder: CharEncoder = "cnn"
    """The network that reads the characters of a form."""
    char_dim: Dim = 32
    """Size of a character's vector."""
    char_out_dim: Dim = 64
    """Size of the character network's output (an even number for ``lstm``)."""
    max_chars: Annotated[int, Meta(ge=4)] = 40
    """Characters of a form that are read; of a longer form half of them from each end."""
    affix_dim: OptionalDim = 48
    """Size of the sum of the hashed prefixes and suffixes (1 to 4 characters)."""
    n_affix_buckets: Dim = 8192
    """Rows of the table of hashed affixes."""
    shape_dim: OptionalDim = 24
    """Size of the hashed shape's vector (``Xxxx-dd``)."""
    case_dim: OptionalDim = 8
    """Size of the case class's vector (lower, upper, title, mixed, digits, ...)."""
    vectors: str = ""
    """The source of the word table: a file of word vectors (GloVe, word2vec, fastText, floret),
    or a spaCy pipeline's folder or package; empty for none. Their size becomes `word_dim`; words
    that do not occur in the training data keep the given vectors."""
    max_vectors: Dim = 100_000
    """Words of that file that are kept besides those of the training data: the first ones."""

    def __post_init__(self) -> None:
        if self.char_encoder == "lstm" and self.char_out_dim % 2:
            raise ValueError("char_out_dim must be even for char_encoder lstm")


DIRECTIONS: dict[str, tuple[str, ...]] = {
    "forward": ("forward",),
    "backward": ("backward",),
    "bi": ("forward", "backward"),
}
"""The passes over a sentence that an encoder's direction stands for."""


class EncoderConfig(Section, frozen=True):
    """The recurrent network that reads a sentence."""

    cell: Cell = "lstm"
    """The recurrent cell."""
    direction: Direction = "bi"
    """The direction in which the sentence is read; ``bi`` is both."""
    hidden_dim: Dim = 200
    """Units of each direction."""
    n_layers: Dim = 1
    """Recurrent layers, each over the merged output of the one before."""
    merge: Merge = "concat"
    """How the two directions are combined."""
    input_dropout: Prob = 0.4
    """Dropout on the embedder's output."""
    layer_dropout: Prob = 0.3
    """Dropout between recurrent layers."""
    output_dropout: Prob = 0.5
    """Dropout on the encoder's output."""

    @property
    def directions(self) -> tuple[str, ...]:
        """The passes over a sentence: ``forward``, ``backward`` or both."""
        return DIRECTIONS[self.direction]


class HeadsConfig(Section, frozen=True):
    """The tagging tasks."""

    decoder: Decoder = "auto"
    """``auto``: a CRF for spans (ner, chunk), a softmax for tags of single tokens (upos, pos)."""
    scheme: Literal["BIO", "BIOES"] = "BIOES"
    """The tag scheme in which span heads are trained; results are always in BIO."""
    outside: tuple[OutsideKind, ...] = ()
    """Tokens that are in no span, whatever the network says: ``addresses`` (mail addresses, URLs,
    @names), ``titles`` (Mr, Mrs, Ms, Dr, Prof)."""
    pooling: Pooling = "attention"
    """How the states of a text become one vector for labels of the whole text: ``attention`` (a
    mean with learned weights), ``max``, ``mean``, or ``final`` (the last state of each
    direction)."""
    multi_label: Literal["auto", "yes", "no"] = "auto"
    """Whether a text may have any number of labels, each with its own probability; ``auto`` if the
    training data has a list of them."""


class TrainingConfig(Section, frozen=True):
    """The optimisation."""

    epochs: Annotated[int, Meta(ge=1)] = 15
    """Epochs at most; an epoch passes over a small corpus several times, see `epoch_steps`."""
    patience: Annotated[int, Meta(ge=0)] = 5
    """Epochs without a rise of the dev score after which training stops; 0 never stops early."""
    keep: Literal["best", "last"] = "best"
    """The epoch that becomes the model: the one with the best dev score, or the ``last`` one, where
    the dev set does not say what is sought, as for a base."""
    batch_tokens: OptionalDim = 0
    """Tokens in a batch, padding included; 0 for 100 to 500, depending on the corpus's size."""
    epoch_steps: Annotated[int, Meta(ge=0)] = 150
    """Batches in an epoch at least: an epoch passes over a small corpus several times."""
    optimizer: Optimizer = "adamw"
    """``adamw``, or ``sgd``: gradient descent with momentum, which learns more slowly but from a
    base finds names better that it has not seen. Its learning rate is about 100 times as high."""
    learning_rate: Positive = 3e-3
    """The highest learning rate."""
    weight_decay: NonNegative = 0.01
    """AdamW's decoupled weight decay."""
    warmup: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.05
    """Share of all steps in which the learning rate rises; then it falls along a cosine."""
    auxiliary_weight: NonNegative = 0.1
    """Weight of the loss of heads that are not a main head of any corpus; a main head has 1."""
    loss_weights: dict[str, NonNegative] = {}
    """Weights of the losses of single heads, which replace those: ``{upos = 0.2}``."""
    downweight_suspects: str = ""
    """A file of ``tagger lint CORPUS --folds 5 --format json``: its suspects count for less in the
    loss, the less probable what is annotated is; empty for none."""
    recase_prob: Prob = 0.0
    """Probability that a sentence is read in lower case, capitals or title case instead."""
    clip_norm: Positive = 5.0
    """The norm to which the gradient is clipped."""
    ema_decay: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.998
    """Decay of the moving average of the weights, which is scored and stored; 0 for none."""
    forget: bool = False
    """Whether to drop labels of the base that no corpus annotates, instead of keeping them."""
    allow_empty: bool = False
    """Whether a corpus may have no entity to learn from, and a head a single tag."""
    fraction: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    """Share of the training sentences that is used, the same ones for every seed. Where dev is cut
    from them, which depends on the seed, it is the share of the rest."""
    dev_fraction: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.1
    """Share of the training data that becomes dev where a corpus has no dev split."""
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 1
    """Seeds everything that is random."""
    threads: Annotated[int, Meta(ge=0, le=1024)] = 0
    """Threads on a CPU; 0 for ``$OMP_NUM_THREADS``, or where that is not set, the number that is
    fastest in the first steps, measured again when the speed falls by half. It changes the last
    digits of sums: give it for the same model each time."""


class PretrainingConfig(Section, frozen=True):
    """The pretraining of a base from raw text."""

    n_words: Dim = 60_000
    """Words with a vector of their own: the most frequent, in the text or in `vectors`."""
    min_count: Annotated[int, Meta(ge=1)] = 5
    """Occurrences that a word needs to get one; a word of `vectors` needs none."""
    name_weight: NonNegative = 1.0
    """Extra weight of a capitalised occurrence when words are ranked by frequency, so that more
    names have a vector of their own."""
    vectors: str = ""
    """Vectors that the word table starts from: a file (GloVe, word2vec, fastText, floret),
    or a spaCy pipeline's folder or package; empty for none. Their size becomes [embedder]
    word_dim."""
    window: Annotated[int, Meta(ge=1)] = 5
    """Static vectors: words on each side that a word is learned from."""
    vector_epochs: Annotated[int, Meta(ge=0)] = 2
    """Static vectors: passes over the text; 0 leaves them out. Where `vectors` are given, only the
    words that they lack use them."""
    hours: NonNegative = 0.0
    """Language model: wall time at most; 0 for what `epochs` takes."""
    epochs: Annotated[int, Meta(ge=1)] = 1
    """Language model: passes over the text, at most."""
    batch_tokens: Dim = 4096
    """Language model: tokens in a batch, padding included."""
    n_sampled: Dim = 256
    """Language model: negative samples, words that a batch's words are distinguished from."""
    case_weight: NonNegative = 0.5
    """Language model: weight of the loss of the neighbour's case class; that of its word is 1."""
    dropout: Prob = 0.1
    """Language model: dropout on the embedder's output and between layers."""
    unknown_prob: Prob = 0.05
    """Language model: probability that a word is read as unknown, by its characters alone."""
    learning_rate: Positive = 2e-3
    """Language model: the highest learning rate; after a short rise it falls along a cosine to half
    a percent of it."""


class DistillationConfig(Section, frozen=True):
    """The distillation of a student from the answers of teachers."""

    weight: NonNegative = 1.0
    """Weight of the loss on the teachers' answers; that on gold tags has 1."""
    temperature: Annotated[float, Meta(ge=0.1, le=100.0)] = 1.0
    """Divides the scores of teachers and student before they become probabilities: above 1 the less
    probable tags count more."""
    recase_prob: Prob = 0.1
    """Probability that the student reads a sentence of the text in lower case, capitals or title
    case, though the teachers read it as it is."""
    n_words: Dim = 30_000
    """Words of the text that get their own vector, or whose vector of the base is trained: the most
    frequent ones, besides those of the gold corpora."""
    top_tags: Annotated[int, Meta(ge=1, le=255)] = 8
    """Tags of a token whose probabilities are stored, at most."""
    min_prob: Annotated[float, Meta(ge=0.0, lt=0.5)] = 0.001
    """Smaller probabilities are not stored."""
    held_out: Annotated[float, Meta(gt=0.0, le=0.5)] = 0.02
    """Share of the texts that the student does not learn from, to measure how often it agrees with
    the teachers."""


class CorpusConfig(Section, frozen=True):
    """Settings of one corpus; the name of the table is the corpus's name or path as given."""

    columns: str = ""
    """The columns of its files, as in ``token,pos,chunk,ner``; empty to detect them."""
    header: Literal["auto", "yes", "no"] = "auto"
    """Whether the first line of its files names the columns."""
    delimiter: str = ""
    """The separator of columns: ``tab``, ``spaces``, ``comma``, ``semicolon``, ``pipe``; empty to
    detect it."""
    comment_prefix: str = "auto"
    """How comments begin; empty for no comments."""
    text_labels: tuple[str, ...] = ()
    """The keys, columns or comments that hold labels of whole texts; empty to detect them."""
    labels: dict[str, str] = {}
    """Labels (of spans) or tags (of tokens) to rename: ``{corporation = "ORG"}``."""
    predictions: bool = False
    """Whether predictions in exports of Label Studio are read where a task is not annotated."""
    heads: dict[str, str] = {}
    """Heads to rename: ``{pos = "xpos"}``."""
    annotates: tuple[str, ...] = ()
    """The labels that it annotates everywhere, after renaming; empty for those that occur in it.
    Where another corpus or the base has more, its ``O`` may be one of those."""
    dev_weight: NonNegative | Literal["auto"] = "auto"
    """Weight of its scores in the mean dev score of several corpora, which chooses the epoch; 0
    leaves it out. ``auto`` is the number of its dev sentences, or 1 if another corpus has a
    weight."""


class Config(Section, frozen=True):
    """Everything that decides what a training run produces."""

    description: str = ""
    """The first paragraph of the model card: what the model is for and what it is bad at."""
    heads: tuple[str, ...] = ()
    """The heads to train; empty for each corpus's main heads, ``all`` for every column."""
    embedder: EmbedderConfig = EmbedderConfig()
    encoder: EncoderConfig = EncoderConfig()
    head: HeadsConfig = HeadsConfig()
    training: TrainingConfig = TrainingConfig()
    pretraining: PretrainingConfig = PretrainingConfig()
    distillation: DistillationConfig = DistillationConfig()
    corpora: dict[str, CorpusConfig] = {}
    """Settings of single corpora, by name or path."""


def config_from_dict(data: Mapping[str, Any], *, path: str | Path | None = None) -> Config:
    """Build a `Config` from nested dictionaries.

    Args:
        data: Values by section and key; defaults hold for the others.
        path: The file that it was read from, for errors.

    Raises:
        ConfigError: An unknown key (the valid ones are listed) or a value out of its range.
    """
    _check_keys(data, Config, path)
    try:
        return msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error).replace(" - at `$.", " - at `"), path=path) from None


def read_config(path: Path, defaults: Config | None = None) -> Config:
    """Read a TOML file.

    Args:
        path: The file.
        defaults: The values of settings that are not in the file.

    Raises:
        ConfigError: It cannot be read, is not TOML or holds an unknown key or a bad value.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"cannot read the configuration ({reason})", path=path) from None
    except RecursionError:
        raise ConfigError("nested too deeply", path=path) from None
    except ValueError as error:  # also of an integer of thousands of digits
        raise ConfigError(f"not valid TOML: {error}", path=path) from None
    try:
        _check_keys(data, Config, path)
        combined = merged(msgspec.to_builtins(defaults or Config()), data)
        return config_from_dict(combined, path=path)
    except RecursionError:
        raise ConfigError("nested too deeply", path=path) from None


def config_to_toml(config: Config) -> str:
    """Return the complete configuration, defaults included, as TOML."""
    return tomli_w.dumps(msgspec.to_builtins(config))


def merge_overrides(config: Config, overrides: Mapping[str, Any]) -> Config:
    """Replace single values, ``{"encoder": {"cell": "gru"}}``; None leaves a value as it is.

    Raises:
        ConfigError: As `config_from_dict`.
    """
    given = {
        key: {k: v for k, v in value.items() if v is not None}
        if isinstance(value, Mapping)
        else value
        for key, value in overrides.items()
    }
    return config_from_dict(merged(msgspec.to_builtins(config), given))


def nested(settings: Mapping[str, object]) -> dict[str, Any]:
    """Nest settings with dotted names, as `merge_overrides` takes them.

    >>> nested({"encoder.cell": "gru", "heads": ["ner"]})
    {'encoder': {'cell': 'gru'}, 'heads': ['ner']}
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        *sections, key = name.split(".")
        table: dict[str, Any] = {key: value}
        for section in reversed(sections):
            table = {section: table}
        found = merged(found, table)
    return found


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested dictionaries; values of ``above`` win."""
    combined = dict(below)
    for key, value in above.items():
        old = combined.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            value = merged(old, value)
        combined[key] = value
    return combined


def corpus_settings(config: Config, source: str) -> CorpusConfig:
    """Return the settings of a corpus, found by its name, its path, or the path's last part."""
    for key, settings in config.corpora.items():
        if is_meant(key, source):
            return settings
    return CorpusConfig()


def check_sources(config: Config, sources: Sequence[str]) -> None:
    """Check that each corpus is named once, and each table ``[corpora.NAME]`` means one of them.

    Raises:
        ConfigError: A corpus is named twice, or a table means no corpus.
    """
    for i, source in enumerate(sources):
        if Path(source).resolve() in [Path(other).resolve() for other in sources[:i]]:
            raise ConfigError(f"the same corpus twice: {source}", hint="name it once")
    for key in config.corpora:
        if not any(is_meant(key, source) for source in sources):
            raise ConfigError(
                f"[corpora]: {unknown_name('corpus', key, sources)}", expected=sources
            )


def is_meant(key: str, source: str) -> bool:
    """Return whether a table ``[corpora.KEY]`` belongs to a corpus."""
    path = Path(source).resolve()
    return key == source or Path(key).resolve() == path or key == path.name


def _check_keys(
    data: Any, section: type[Section], path: str | Path | None, table: str = ""
) -> None:
    if not isinstance(data, Mapping):
        return  # msgspec words this error
    hints = get_type_hints(section)
    start = f"[{table}]: " if table else ""
    for key, value in data.items():
        valid = section.__struct_fields__
        if key not in valid:
            message = start + unknown_name("key", key, valid)
            raise ConfigError(message, path=path, expected=valid)
        hint = hints[key]
        if get_origin(hint) is Literal and isinstance(value, str) and value not in get_args(hint):
            message = start + unknown_name(key, value, get_args(hint))
            raise ConfigError(message, path=path, expected=get_args(hint))
        if isinstance(hint, type) and issubclass(hint, Section):
            _check_keys(value, hint, path, key)
        elif section is Config and key == "corpora" and isinstance(value, Mapping):
            for name, entry in value.items():
                _check_keys(entry, CorpusConfig, path, f"corpora.{name}")
