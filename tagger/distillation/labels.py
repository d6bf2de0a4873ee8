"""The labels of teachers as those of the student: renamed, dropped, or an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from tagger.distillation.teachers.protocol import Opinion, Teacher, TeacherHead
from tagger.errors import UsageError, unknown_name
from tagger.features.forms import Ids
from tagger.model.heads import HeadKind
from tagger.schemes import OUTSIDE, Scheme, is_tag, tag_inventory

Unmapped: TypeAlias = Literal["error", "drop", "keep"]

LEAST_KEPT = 0.5
"""Where less of the probability of a token's tags is kept, its tag is not known."""


def parse_label_map(options: Iterable[str]) -> dict[str, str]:
    """Read ``OLD=NEW,OLD=NEW``; nothing after ``=`` drops a label.

    Raises:
        UsageError: A part has no ``=``, or a label is mapped to two.

    >>> parse_label_map(["GPE=LOC,PERSON=PER", "DATE="])
    {'GPE': 'LOC', 'PERSON': 'PER', 'DATE': ''}
    """
    found: dict[str, str] = {}
    for part in ",".join(options).split(","):
        old, separator, new = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if not separator or not old:
            raise UsageError(
                f"{part.strip()!r} in the label map is not OLD=NEW",
                hint="write GPE=LOC,PERSON=PER; DATE= drops a label",
            )
        if found.setdefault(old, new) != new:
            raise UsageError(f"the label map has {old!r} twice: {found[old]!r} and {new!r}")
    return found


@dataclass(frozen=True)
class Gold:
    """What the corpora with gold tags have for a head: its kind, and its labels or tags."""

    kind: str
    labels: Set[str]


@dataclass(frozen=True)
class Columns:
    """How the tags of one teacher's head become those of the answers.

    Attributes:
        kind: ``span``, ``token`` or ``text``.
        multi_label: Whether a text may have several labels.
        column_of: (tags,), the column of each of the teacher's tags; -1 where it is dropped.
        n_columns: The number of columns.
    """

    kind: str
    multi_label: bool
    column_of: Ids
    n_columns: int

    def __call__(self, opinion: Opinion) -> Opinion:
        """Sum the probabilities of tags that become the same; take the highest of several."""
        probs = np.zeros((len(opinion.probs), self.n_columns), dtype=np.float32)
        if self.multi_label:
            kept = self.column_of >= 0
            np.maximum.at(probs.T, self.column_of[kept], opinion.probs.T[kept])
            return Opinion(probs, opinion.known)
        for tag, column in enumerate(self.column_of.tolist()):
            if column >= 0:
                probs[:, column] += opinion.probs[:, tag]
        total = probs.sum(axis=1)
        probs /= np.maximum(total, 1e-9)[:, None]
        return Opinion(probs, opinion.known & (total > LEAST_KEPT))


@dataclass(frozen=True)
class Plan:
    """What teachers are asked and what becomes of their answers.

    Attributes:
        tags: By head the tags of the answers, spans in BIO; labels of text heads.
        kinds: By head ``span``, ``token`` or ``text``.
        multi_label: The text heads of which a text may have several labels.
        columns: For each teacher, by head, how its tags become these.
        dropped: Labels that are dropped, by head.
    """

    tags: dict[str, tuple[str, ...]]
    kinds: dict[str, HeadKind]
    multi_label: frozenset[str]
    columns: tuple[dict[str, Columns], ...]
    dropped: dict[str, tuple[str, ...]]


def plan_answers(
    teachers: Sequence[Teacher],
    *,
    heads: Sequence[str] = (),
    label_map: Mapping[str, str],
    unmapped: Unmapped,
    gold: Mapping[str, Gold],
) -> Plan:
    """Decide what the teachers are asked.

    Args:
        teachers: The teachers.
        heads: The heads that the student has; empty for all that the teachers have.
        label_map: New names of labels; an empty one drops a label.
        unmapped: What to do with labels that no gold corpus has.
        gold: What the gold corpora have, by head.

    Raises:
        UsageError: Teachers do not match each other, the label map or the gold corpora.
    """
    offered = list(dict.fromkeys(head.name for teacher in teachers for head in teacher.heads))
    chosen = [name for name in offered if not heads or "all" in heads or name in heads]
    if not chosen:
        raise UsageError(
            f"no teacher has the head {', '.join(heads)} (there: {', '.join(offered)})",
            expected=offered,
            hint="choose other {heads}",
        )
    _check_shared(teachers, chosen)
    _check_map(label_map, teachers, chosen)
    tags: dict[str, tuple[str, ...]] = {}
    kinds: dict[str, HeadKind] = {}
    dropped: dict[str, tuple[str, ...]] = {}
    columns: tuple[dict[str, Columns], ...] = tuple({} for _ in teachers)
    for name in chosen:
        having = {
            i: head
            for i, teacher in enumerate(teachers)
            for head in teacher.heads
            if head.name == name
        }
        kinds[name] = _kind(name, list(having.values()), gold.get(name))
        new = {
            i: _renamed(head, teachers[i].name, label_map, unmapped, gold.get(name))
            for i, head in having.items()
        }
        labels = {i: {label for label in of_one.values() if label} for i, of_one in new.items()}
        _check_equal(name, {teachers[i].name: of_one for i, of_one in labels.items()})
        known = sorted(next(iter(labels.values())))
        if not known:
            raise UsageError(f"all labels of {name} are dropped", hint="map some with {label_map}")
        tags[name] = tuple(tag_inventory(known, Scheme.BIO) if kinds[name] == "span" else known)
        lost = [old for of_one in new.values() for old, label in of_one.items() if not label]
        if lost:
            dropped[name] = tuple(dict.fromkeys(lost))
        for i, head in having.items():
            columns[i][name] = _columns(head, new[i], tags[name])
    several = {head.name for one in teachers for head in one.heads if head.multi_label}
    return Plan(tags, kinds, frozenset(several & set(chosen)), columns, dropped)


def _check_shared(teachers: Sequence[Teacher], chosen: Sequence[str]) -> None:
    of_each = [{head.name for head in teacher.heads} & set(chosen) for teacher in teachers]
    for teacher, names in zip(teachers, of_each, strict=True):
        others = set().union(*(other for other in of_each if other is not names))
        if len(teachers) > 1 and not names & others:
            has = ", ".join(head.name for head in teacher.heads)
            raise UsageError(
                f"the teacher {teacher.name} shares no head with the others: it has {has}, "
                f"they have {', '.join(sorted(others)) or 'none of those'}",
                hint="distill from one of them, or choose {heads}",
            )


def _check_map(
    label_map: Mapping[str, str], teachers: Sequence[Teacher], chosen: Sequence[str]
) -> None:
    known = {
        label
        for teacher in teachers
        for head in teacher.heads
        if head.name in chosen
        for label in head.labels
    }
    for old in label_map:
        if old not in known:
            raise UsageError(
                f"the label map: {unknown_name('label', old, sorted(known))}",
                expected=sorted(known),
            )


def _kind(name: str, heads: Sequence[TeacherHead], gold: Gold | None) -> HeadKind:
    kinds = {head.kind for head in heads} | ({gold.kind} if gold else set())
    if len(kinds) > 1:
        raise UsageError(
            f"head {name!r} is of different kinds in the teachers and corpora: "
            f"{', '.join(sorted(kinds))}",
            hint="choose other {heads}",
        )
    return heads[0].kind


def _renamed(
    head: TeacherHead,
    teacher: str,
    label_map: Mapping[str, str],
    unmapped: Unmapped,
    gold: Gold | None,
) -> dict[str, str]:
    """Return the new name of each label of a head, empty where it is dropped."""
    new = {label: label_map.get(label, label) for label in head.labels}
    if head.kind == "span":
        new = {old: "" if label == OUTSIDE else label for old, label in new.items()}
        for old, label in new.items():
            if label != old and is_tag(label):
                raise UsageError(
                    f"{label!r} in the label map is the tag of a token, not the label of a span",
                    hint=f"write {old}={label[2:]}",
                )
    if gold is None or unmapped == "keep":
        return new
    strange = [old for old, label in new.items() if label and label not in gold.labels]
    if strange and unmapped == "error":
        shown = ", ".join(old if new[old] == old else f"{old}={new[old]}" for old in strange)
        raise UsageError(
            f"labels of {head.name} of the teacher {teacher} that no corpus has: {shown} "
            f"(the corpora: {', '.join(sorted(gold.labels))})",
            expected=sorted(gold.labels),
            hint="map them with {label_map=OLD=NEW,…}, or use {unmapped=drop} or keep",
        )
    return {old: "" if old in strange else label for old, label in new.items()}


def _check_equal(head: str, labels: Mapping[str, Set[str]]) -> None:
    (first, of_first), *others = labels.items()
    for other, of_other in others:
        if of_other != of_first:
            only = [
                f"{', '.join(sorted(more))} only in {name}"
                for name, more in ((first, of_first - of_other), (other, of_other - of_first))
                if more
            ]
            raise UsageError(
                f"teachers differ in the labels of {head}: {'; '.join(only)}",
                hint="map or drop them with {label_map=OLD=NEW,…}",
            )


def _columns(head: TeacherHead, new: Mapping[str, str], tags: Sequence[str]) -> Columns:
    places = {tag: i for i, tag in enumerate(tags)}
    found = []
    for tag in head.tags:
        if head.kind != "span":
            found.append(places.get(new[tag], -1))
        elif tag == "O" or not new[tag[2:]]:
            found.append(places["O"])
        else:
            found.append(places[f"{tag[:2]}{new[tag[2:]]}"])
    return Columns(head.kind, head.multi_label, np.array(found, dtype=np.int64), len(tags))
