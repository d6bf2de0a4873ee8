"""The models that the service has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagger.errors import UsageError
from tagger.model.heads import HeadSpec
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.readings import head_of_readings
from tagger.runtime.tagger import Tagger
from tagger.runtime.thresholds import Threshold
from tagger.service.problems import wrong_field
from tagger.service.settings import Settings
from tagger.sharing.finding import find_model, load

TRIAL = "John works at Apple in California"


def model_names(models: Sequence[str]) -> dict[str, str]:
    """Return what each model is loaded from, by the name that requests call it by.

    A model is ``NAME``, a directory, which is called as its last part, or ``NAME=DIRECTORY``.

    Raises:
        UsageError: Two have one name, or there is none.

    >>> model_names(["en", "models/orders", "old=models/2024/en"])
    {'en': 'en', 'orders': 'models/orders', 'old': 'models/2024/en'}
    """
    found: dict[str, str] = {}
    for model in models:
        name, is_named, source = model.partition("=")
        if not is_named:
            source, name = model, Path(model.partition("@")[0]).name
        if not name or not source:
            raise UsageError(f"{model!r} names no model", hint="write it as in {model=en}")
        if name in found:
            raise UsageError(
                f"two models are called {name!r}", hint=f"name one, as in {{model=other={source}}}"
            )
        found[name] = source
    if not found:
        raise UsageError("no model is named", hint="write it as in {model=en}")
    return found


def check_models(models: Sequence[str]) -> None:
    """Check that all models can be read, without loading them.

    Raises:
        TaggerError: One is missing, damaged, or there is no model.
    """
    from tagger.model.directory import read_model

    for source in model_names(models).values():
        read_model(find_model(source))


class Models:
    """Loaded models, by name; the first is used by requests that name none.

    Args:
        sources: What each is loaded from, by name.
        settings: How they are run.

    Raises:
        TaggerError: One is missing, incomplete, damaged or of a newer format.
    """

    def __init__(self, sources: dict[str, str], settings: Settings) -> None:
        self._sources, self._settings = sources, settings
        # In 8 bits the last digits would depend on the requests that are tagged together.
        threads = settings.threads or max(1, n_cores() // settings.workers)
        on_cpu = settings.device in ("cpu", "auto") and settings.engine != "torch"
        self.taggers: dict[str, Tagger] = {
            name: load(
                source,
                device=settings.device,
                engine=settings.engine,
                precision=settings.precision or ("fp32" if on_cpu else None),
                threads=threads,
            )
            for name, source in sources.items()
        }
        self._exact: dict[str, Tagger] = {}
        for tagger in self.taggers.values():
            tagger(TRIAL)

    @property
    def default(self) -> str:
        """The name of the first model."""
        return next(iter(self.taggers))

    def name(self, name: str | None, pointer: str = "/model") -> str:
        """Return the name of a model, the first's for None.

        Args:
            name: The name.
            pointer: The field that has it.

        Raises:
            Problem: There is no such model.
        """
        if name is None:
            return self.default
        if name not in self.taggers:
            raise wrong_field(
                pointer, f"there is no such model (valid: {', '.join(self.taggers)})",
                list(self.taggers),
            )  # fmt: skip
        return name

    def heads(self, model: str, names: Sequence[str] | None) -> tuple[str, ...] | None:
        """Return heads in the order of the model, None for all.

        Raises:
            Problem: The model has no such head.
        """
        if names is None:
            return None
        try:
            return tuple(head.name for head in self.taggers[model].predictor.choose(names))
        except UsageError as error:
            raise wrong_field("/heads", error.message, list(map(str, error.expected))) from None

    def threshold(self, model: str, threshold: Threshold | None) -> Threshold | None:
        """Return a threshold that the model can have.

        Raises:
            Problem: It is not above 0 and at most 1, or of an unknown label.
        """
        if threshold is None:
            return None
        try:
            self.taggers[model].with_threshold(threshold)
        except UsageError as error:
            expected = list(map(str, error.expected))
            raise wrong_field("/threshold", error.message, expected) from None
        return threshold

    def span_head(self, model: str) -> HeadSpec:
        """Return the head of a model that finds its entities.

        Raises:
            Problem: It has none.
        """
        spans = [head for head in self.taggers[model].heads if head.kind == "span"]
        if not spans:
            raise wrong_field("/model", f"the model {model} finds no entities")
        return next((head for head in spans if head.name == "ner"), spans[0])

    def head_of_readings(self, model: str, names: Sequence[str] | None, nbest: int) -> str:
        """Return the name of the head whose readings are found.

        Raises:
            Problem: There is none among those that are named.
        """
        try:
            return head_of_readings(self.taggers[model].predictor, names, nbest).name
        except UsageError as error:
            raise wrong_field("/nbest", error.message) from None

    def exact(self, name: str) -> Tagger:
        """Return a model in single precision, whose probabilities can be compared."""
        if self.taggers[name].engine.precision != "int8":
            return self.taggers[name]
        if name not in self._exact:
            self._exact[name] = load(self._sources[name], precision="fp32", threads=1)
        return self._exact[name]

    def describe(self) -> list[dict[str, Any]]:
        """Describe each model: its name, heads and how it is run."""
        return [
            {
                "name": name,
                "heads": [
                    {"name": head.name, "kind": head.kind, "labels": head.labels}
                    for head in tagger.heads
                ],
                "engine": tagger.engine.name,
                "precision": tagger.engine.precision,
            }
            for name, tagger in self.taggers.items()
        ]
