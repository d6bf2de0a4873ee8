"""A transformer that classifies tokens as a teacher, through the library ``transformers``."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tagger.distillation.teachers.protocol import Opinion, Probs, TeacherHead
from tagger.errors import ModelError, UsageError, first_line
from tagger.extras import install_hint
from tagger.files import content_hash
from tagger.hub import UnreachableError, ask
from tagger.runtime.batching import batches_by_length
from tagger.runtime.cutting import CutTexts
from tagger.schemes import Scheme, tag_inventory

CONFIG = "config.json"
"""The file that every transformer has."""
BATCH_TOKENS = 2048
"""Words in a batch, padding included."""
_SPAN_TAG = re.compile(r"([BIESLU])[-_](.+)", re.IGNORECASE)
_SHOWN = {"B": "B", "S": "B", "U": "B", "I": "I", "E": "I", "L": "I"}


class TransformerTeacher:
    """A model for token classification.

    A word has the tag of its first piece.

    Args:
        source: A folder, or an id on the hub.
        heads: The heads that are asked for: a single one is the name of the model's.
        device: Where it runs.

    Raises:
        UsageError: ``transformers`` is not installed.
        ModelError: The model is missing, damaged, or of another kind.
    """

    is_model = True
    rules = None

    def __init__(self, source: str, heads: Sequence[str], *, device: str) -> None:
        try:
            import transformers
        except ImportError:
            raise UsageError(
                "transformers is not installed", hint=install_hint("transformers")
            ) from None
        self.name = f"hf:{source}"
        self._device = device
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        here = {"local_files_only": _is_here(source)}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(source, **here)
                self._model: Any = transformers.AutoModelForTokenClassification.from_pretrained(
                    source, **here
                )
        except Exception as error:  # of transformers, the hub, safetensors, ...
            raise ModelError(
                f"transformers cannot load it ({first_line(error)})",
                path=source,
                hint="name a folder or an id of a model for token classification",
            ) from None
        if not getattr(self._tokenizer, "is_fast", False):
            raise ModelError("its tokenizer does not tell the places of its pieces", path=source)
        if len(self._tokenizer) <= len(self._tokenizer.all_special_ids):
            # One without words, which transformers makes up where there are no files of one.
            raise ModelError(
                "no tokenizer in it",
                path=source,
                hint="save it beside the model with `tokenizer.save_pretrained`",
            )
        self._model.to(device).eval()
        id2label = self._model.config.id2label
        self._columns, head = _head([str(id2label[i]) for i in range(len(id2label))], heads)
        self.heads = (head,)
        self.n_bytes = sum(p.numel() * p.element_size() for p in self._model.parameters())
        self.fingerprint = _fingerprint(source, self._model)
        limit = getattr(self._model.config, "max_position_embeddings", None) or 512
        self._max_pieces = min(int(self._tokenizer.model_max_length), int(limit))

    def answer(self, cut: CutTexts, heads: Sequence[str]) -> dict[str, Opinion]:
        """Tag texts; see `tagger.distillation.teachers.protocol.Teacher`."""
        (head,) = self.heads
        probs = np.zeros((len(cut.forms), len(head.tags)), dtype=np.float32)
        known = np.zeros(len(cut.forms), dtype=np.bool_)
        sentences = [
            (text, offsets)
            for text, of_text in zip(cut.texts, cut.sentences, strict=True)
            for offsets in of_text
        ]
        firsts = np.cumsum(cut.lengths) - cut.lengths
        for batch in batches_by_length(cut.lengths, BATCH_TOKENS):
            texts = [
                text[offsets[0][0] : offsets[-1][1]]
                for text, offsets in (sentences[i] for i in batch)
            ]
            scores, places = self._classify(texts)
            for row, i in enumerate(batch):
                _, offsets = sentences[i]
                begin = offsets[0][0]
                pieces = {
                    start: piece
                    for piece, (start, end) in reversed(list(enumerate(places[row])))
                    if end > start
                }
                found = [pieces.get(start - begin, -1) for start, _ in offsets]
                is_found = np.array(found) >= 0
                tokens = slice(int(firsts[i]), int(firsts[i]) + len(offsets))
                known[tokens] = is_found
                of_pieces = scores[row, found]  # (tokens, labels)
                summed = np.zeros((len(offsets), len(head.tags)), dtype=np.float32)
                np.add.at(summed.T, self._columns, of_pieces.T)
                probs[tokens] = _begun(summed, head) if head.kind == "span" else summed
        return {head.name: Opinion(probs, known)}

    def _classify(self, texts: Sequence[str]) -> tuple[Probs, list[list[tuple[int, int]]]]:
        """Return probabilities (texts, pieces, labels) and the characters of each piece."""
        encoded = self._tokenizer(
            list(texts),
            return_offsets_mapping=True,
            truncation=True,
            max_length=self._max_pieces,
            padding=True,
            return_tensors="pt",
        )
        places: list[list[tuple[int, int]]] = encoded.pop("offset_mapping").tolist()
        with torch.inference_mode():
            logits = self._model(**encoded.to(self._device)).logits
            scores: Probs = logits.float().softmax(2).cpu().numpy()
        return scores, places


def _head(labels: Sequence[str], heads: Sequence[str]) -> tuple[Any, TeacherHead]:
    """Return for each label its column, and the head that the labels are of."""
    name = heads[0] if len(heads) == 1 and heads[0] != "all" else ""
    matches = [_SPAN_TAG.fullmatch(label) for label in labels]
    is_scheme = any(matches) and all(
        match or label in ("O", "o") for match, label in zip(matches, labels, strict=True)
    )
    if "O" not in labels and not is_scheme:
        tags = tuple(dict.fromkeys(labels))
        columns = [tags.index(label) for label in labels]
        return np.array(columns), TeacherHead(name or "pos", "token", tags)
    shown = [
        f"{_SHOWN[match[1].upper()]}-{match[2]}"
        if is_scheme and match
        else "O"
        if is_scheme or label == "O"
        else f"I-{label}"
        for match, label in zip(matches, labels, strict=True)
    ]
    tags = tuple(tag_inventory({tag[2:] for tag in shown if tag != "O"}, Scheme.BIO))
    return np.array([tags.index(tag) for tag in shown]), TeacherHead(name or "ner", "span", tags)


def _begun(probs: Probs, head: TeacherHead) -> Probs:
    """Let what is inside a span that nothing begins be its begin, as in IOB1 or without ``B``.

    A model that classifies tokens one by one knows of no scheme: ``I`` after a token that is in
    no span of its label is the begin of one.
    """
    result = probs.copy()
    for label in head.labels:
        first, inside = head.tags.index(f"B-{label}"), head.tags.index(f"I-{label}")
        within = probs[:, first] + probs[:, inside]
        before = np.concatenate([[0.0], within[:-1]]).astype(np.float32)
        moved = probs[:, inside] * np.maximum(1.0 - before, 0.0)
        result[:, first] += moved
        result[:, inside] -= moved
    return result


def _is_here(source: str) -> bool:
    """Return whether a model is taken from this machine: a folder, or the cache of the hub.

    The hub is asked first, since ``transformers`` tries for a minute or two to reach it.

    Raises:
        ModelError: It is neither, and the hub cannot be reached.
    """
    from huggingface_hub import HfApi, constants, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if Path(source).is_dir():
        return True
    try:
        hf_hub_url(source, CONFIG)  # makes no request, but checks the name
        if constants.HF_HUB_OFFLINE:
            raise UnreachableError("HF_HUB_OFFLINE is set")
        ask(lambda timeout: HfApi(library_name="tagger").model_info(source, timeout=timeout))
    except (HFValidationError, HfHubHTTPError):
        return False  # transformers says why, at once
    except UnreachableError as error:
        if isinstance(try_to_load_from_cache(source, CONFIG), str):
            return True
        raise ModelError(
            f"no folder, and not in the cache of the hub, which cannot be reached ({error})",
            path=source,
            hint="name a folder, or try again with a network",
        ) from None
    return False


def _fingerprint(source: str, model: Any) -> str:
    """Hash the files of a folder; of a model of the hub its name and commit."""
    digest = hashlib.blake2b(digest_size=16)
    folder = Path(source)
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(content_hash(path).encode())
    else:
        digest.update(f"{source} {getattr(model.config, '_commit_hash', '')}".encode())
    return digest.hexdigest()
