"""Write ``docs/configuration.md``, the reference of all settings, from `tagger.config`."""

from __future__ import annotations

from pathlib import Path

from tagger.config_reference import meanings, sections, settings_of
from tagger.tables import markdown_table

PAGE = Path(__file__).with_name("configuration.md")
INTRODUCTION = """\
# Configuration

<!-- Made by `python docs/make_configuration.py`; a change here is lost. -->

A configuration decides what a training produces. `tagger train sample --dump-config` prints the
complete one as TOML; a file with some of its settings is given with `--config`, and a single
setting with `--set`:

```sh
tagger train sample --set encoder.cell=gru --set training.epochs=5 --dump-config
```

In Python, `tagger.train` takes `config="settings.toml"` and `settings={"encoder.cell": "gru"}`. A
model to start from (`--from`) brings its settings along, in place of the defaults below.
"""
TITLES = {
    "": "Before all tables",
    "corpora.NAME": "[corpora.NAME]",
}


def configuration_page() -> str:
    """Return the page as Markdown."""
    parts = [INTRODUCTION]
    for table, section in sections().items():
        parts.append(f"## {TITLES.get(table, f'[{table}]')}\n")
        parts.append(f"{_markdown(meanings(section.__name__)[''])}\n")
        rows = [
            [
                f"`{setting.name.removeprefix(f'{table}.')}`",
                _markdown(setting.meaning),
                _escaped(setting.values),
                f"`{setting.default}`" if setting.default else "",
            ]
            for setting in settings_of(table)
        ]
        parts += ["\n".join(markdown_table(["setting", "meaning", "values", "default"], rows)), ""]
    return "\n".join(parts)


def _markdown(text: str) -> str:
    return _escaped(text.replace("``", "`"))


def _escaped(text: str) -> str:
    parts = text.split("`")  # every second one is code
    return "`".join(
        part if i % 2 else part.replace("<", "&lt;").replace("[", "\\[")
        for i, part in enumerate(parts)
    )


if __name__ == "__main__":
    PAGE.write_text(configuration_page(), encoding="utf-8")
