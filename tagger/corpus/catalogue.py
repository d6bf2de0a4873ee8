"""The corpora known by name: their heads, files and licences.

Every treebank of Universal Dependencies is known by its id (``ud_en_ewt``), and every one of
Universal NER by its own (``uner_da_ddt``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import msgspec

from tagger.errors import UsageError, unknown_name

__all__ = ["REGISTRY", "CorpusEntry", "find_entry", "unknown_corpus"]


class CorpusEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus known by name.

    Attributes:
        name: Its name.
        title: Its content in a few words.
        heads: The heads that it annotates.
        main_heads: The heads that are trained unless the user names others.
        columns: The columns of its files; None where copies differ, or the format names them.
        folders: Names or patterns of its folder, below a folder of corpora.
        files: Names or patterns of the file of each split; the first that exists is taken.
        licence: The name of its licence.
        citation: The publication to cite.
        source: The address of its files.
        hub: Its addresses on the hub, as ``owner/name[/folder][@revision]``, best first.
        at_hand: The folder of its files on this machine; None where they are not there.
    """

    name: str
    title: str
    heads: tuple[str, ...]
    main_heads: tuple[str, ...]
    columns: str | None = None
    folders: tuple[str, ...]
    files: dict[str, tuple[str, ...]]
    licence: str
    citation: str
    source: str
    hub: tuple[str, ...] = ()
    at_hand: str | None = None


_PLAIN = {
    "train": ("train.txt", "train.tsv", "train.conll"),
    "dev": ("valid.txt", "dev.txt", "devel.tsv", "dev.tsv", "valid.tsv", "dev.conll"),
    "test": ("test.txt", "test.tsv", "test.conll"),
}


def _intents(name: str, title: str, licence: str, citation: str, source: str) -> CorpusEntry:
    return CorpusEntry(
        name=name,
        title=title,
        heads=("slots", "intent"),
        main_heads=("slots", "intent"),
        columns="token,slots",
        folders=(name,),
        files=_PLAIN,
        licence=licence,
        citation=citation,
        source=source,
    )


def _conll2002(language: str, folder: str, prefix: str) -> CorpusEntry:
    return CorpusEntry(
        name=f"conll2002-{folder}",
        title=f"entities in {language} news",
        heads=("pos", "ner"),
        main_heads=("ner",),
        folders=("conll2002", f"conll2002-{folder}", f"conll2002_{folder}"),
        files={
            "train": (f"{prefix}.train",),
            "dev": (f"{prefix}.testa",),
            "test": (f"{prefix}.testb",),
        },
        licence="for research",
        citation="Tjong Kim Sang 2002, Introduction to the CoNLL-2002 Shared Task (CoNLL)",
        source="https://www.clips.uantwerpen.be/conll2002/ner/",
        hub=(f"eriktks/conll2002/{folder}@refs/convert/parquet",),
    )


_ENTRIES = (
    CorpusEntry(
        name="sample",
        title="a small English sample that is shipped",
        heads=("ner", "upos"),
        main_heads=("ner", "upos"),
        folders=("sample",),
        files={},
        columns="token,upos,ner",
        licence="CC0 1.0",
        citation="",
        source="shipped with tagger",
    ),
    CorpusEntry(
        name="conll2003",
        title="entities, chunks and parts of speech in English news",
        heads=("pos", "chunk", "ner"),
        main_heads=("ner",),
        columns="token,pos,chunk,ner",
        folders=("conll2003",),
        files={
            "train": ("eng.train", *_PLAIN["train"]),
            "dev": ("eng.testa", *_PLAIN["dev"]),
            "test": ("eng.testb", *_PLAIN["test"]),
        },
        licence="Reuters agreement (research only)",
        citation="Tjong Kim Sang & De Meulder 2003, Introduction to the CoNLL-2003 Shared Task "
        "(CoNLL)",
        source="https://www.clips.uantwerpen.be/conll2003/ner/",
        hub=("lhoestq/conll2003", "eriktks/conll2003@refs/convert/parquet"),
    ),
    CorpusEntry(
        name="conll2000",
        title="chunks and parts of speech in English news",
        heads=("pos", "chunk"),
        main_heads=("chunk",),
        columns="token,pos,chunk",
        folders=("conll2000",),
        files=_PLAIN,
        licence="none stated (Wall Street Journal)",
        citation="Tjong Kim Sang & Buchholz 2000, Introduction to the CoNLL-2000 Shared Task "
        "(CoNLL)",
        source="https://www.clips.uantwerpen.be/conll2000/chunking/",
        hub=("eriktks/conll2000@refs/convert/parquet",),
    ),
    _conll2002("Spanish", "es", "esp"),
    _conll2002("Dutch", "nl", "ned"),
    CorpusEntry(
        name="wnut17",
        title="emerging entities in noisy English text",
        heads=("ner",),
        main_heads=("ner",),
        columns="token,ner",
        folders=("wnut17", "wnut_17"),
        files={
            "train": ("wnut17train.conll", *_PLAIN["train"]),
            "dev": ("emerging.dev.conll", *_PLAIN["dev"]),
            "test": ("emerging.test.annotated", *_PLAIN["test"]),
        },
        licence="CC BY 4.0",
        citation="Derczynski et al. 2017, Results of the WNUT2017 Shared Task on Novel and "
        "Emerging Entity Recognition (W-NUT)",
        source="https://github.com/leondz/emerging_entities_17",
        hub=("leondz/wnut_17@refs/convert/parquet",),
    ),
    CorpusEntry(
        name="bc5cdr",
        title="chemicals and diseases in PubMed abstracts",
        heads=("ner",),
        main_heads=("ner",),
        columns="token,ner",
        folders=("bc5cdr", "BC5CDR-IOB"),
        files=_PLAIN,
        licence="CC BY",
        citation="Li et al. 2016, BioCreative V CDR task corpus (Database)",
        source="https://github.com/cambridgeltl/MTL-Bioinformatics-2016",
    ),
    CorpusEntry(
        name="ncbi_disease",
        title="diseases in PubMed abstracts",
        heads=("ner",),
        main_heads=("ner",),
        columns="token,ner",
        folders=("ncbi_disease", "NCBI-disease-IOB"),
        files=_PLAIN,
        licence="CC BY",
        citation="Doğan et al. 2014, NCBI disease corpus (Journal of Biomedical Informatics)",
        source="https://github.com/cambridgeltl/MTL-Bioinformatics-2016",
        hub=("ncbi/ncbi_disease@refs/convert/parquet",),
    ),
    CorpusEntry(
        name="btc",
        title="entities in English tweets (Broad Twitter Corpus)",
        heads=("ner",),
        main_heads=("ner",),
        columns="token,ner",
        folders=("btc", "broad_twitter_corpus"),
        files={"train": ("btc.train",), "dev": ("btc.dev",), "test": ("btc.test",)},
        licence="CC BY 4.0",
        citation="Derczynski et al. 2016, Broad Twitter Corpus (COLING)",
        source="https://github.com/GateNLP/broad_twitter_corpus",
    ),
    _intents(
        "atis",
        "slots and intents of questions about flights, in lower case",
        "for research",
        "Hemphill et al. 1990, The ATIS Spoken Language Systems Pilot Corpus (HLT); splits of Goo "
        "et al. 2018 (NAACL)",
        "https://github.com/MiuLab/SlotGated-SLU",
    ),
    _intents(
        "snips",
        "slots and intents of requests to an assistant, in lower case",
        "CC0 1.0",
        "Coucke et al. 2018, Snips Voice Platform (arXiv:1805.10190); splits of Goo et al. 2018 "
        "(NAACL)",
        "https://github.com/sonos/nlu-benchmark",
    ),
)

REGISTRY = {entry.name: entry for entry in _ENTRIES}

_TREEBANK = re.compile(r"(ud|uner)_([a-z]{2,3}_[a-z0-9]+)")


def find_entry(name: str) -> CorpusEntry | None:
    """Return the entry of a name, built for the id of a treebank; None for other names."""
    match = _TREEBANK.fullmatch(name)
    if match is None:
        return REGISTRY.get(name)
    treebank = match[2]
    if match[1] == "ud":
        return CorpusEntry(
            name=name,
            title=f"parts of speech: the treebank {treebank} of Universal Dependencies",
            heads=("upos", "xpos"),
            main_heads=("upos", "xpos"),
            folders=(name, "UD_*"),
            files={s: (f"{treebank}-ud-{s}.conllu",) for s in ("train", "dev", "test")},
            licence="see LICENSE.txt in its folder",
            citation="de Marneffe et al. 2021, Universal Dependencies (Computational Linguistics)",
            source="https://universaldependencies.org",
        )
    return CorpusEntry(
        name=name,
        title=f"entities: {treebank} of Universal NER",
        heads=("ner",),
        main_heads=("ner",),
        folders=(name, "UNER_*"),
        files={s: (f"{treebank}-ud-{s}.iob2",) for s in ("train", "dev", "test")},
        licence="CC BY-SA 4.0",
        citation="Mayhew et al. 2024, Universal NER: A Gold-Standard Multilingual Named Entity "
        "Recognition Benchmark (NAACL)",
        source="https://www.universalner.org",
    )


def unknown_corpus(
    name: str, folders: Sequence[str] = (), others: Sequence[str] = ()
) -> UsageError:
    """Return the error for a name that is not one of a corpus, of ``folders`` or ``others``."""
    patterns = ["ud_<treebank>", "uner_<treebank>", *others, "a path", "hub:owner/name"]
    near = difflib.get_close_matches(name, [*REGISTRY, *folders], n=1)
    names = list(dict.fromkeys([*REGISTRY, *near, *patterns]))
    return UsageError(unknown_name("corpus", name, names), expected=names)
