"""The name of the distribution, and how to install the libraries that it can do without."""

from __future__ import annotations

DISTRIBUTION = "recurrent-tagger"
"""The package on an index; `tagger` is taken there by another one."""

LEFT_OUT = ("datasets", "onnx", "pyarrow", "spacy", "torch")
"""Libraries that a deployment that only predicts does without (requirements-predict.txt)."""


def install_hint(extra: str = "") -> str:
    """Word the command that installs an extra, or by default all that is always required.

    >>> install_hint("plot")
    "pip install 'recurrent-tagger[plot]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'" if extra else f"pip install {DISTRIBUTION}"
