"""Bodies and queries of requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tagger.service.offsets import Unit
from tagger.service.problems import Problem, WrongField

Name = Annotated[str, StringConstraints(max_length=200)]
Body = TypeVar("Body", bound=BaseModel)

EXAMPLE = "John works at Apple in California"


class Options(BaseModel):
    """How texts are tagged; also the query of a stream."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Name | None = Field(None, description="The name of a model; the first if not given.")
    heads: list[Name] | None = Field(
        None, max_length=100, description="The heads to show, as in ner; all if not given."
    )
    confidence: bool = Field(False, description="Whether entities have their probability.")
    threshold: float | dict[Name, float] | None = Field(
        None,
        description="Show every entity whose probability reaches it; a number, or one by label, "
        "with that of all others under *. If not given, those of the best tag sequence.",
    )
    nbest: int = Field(
        0,
        ge=0,
        le=100,
        description="Add as many of the most probable readings of each sentence, and what else "
        "each entity may be (alternatives); 0 for none.",
    )
    offsets: Unit = Field(
        "codepoint",
        description="The unit of start and end: codepoint (Python), utf16 (JavaScript, Java, C#) "
        "or byte (Go, Rust).",
    )


class TagRequest(Options):
    """One text or several to tag."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["text"]}, {"required": ["texts"]}],
            "examples": [
                {"text": EXAMPLE, "confidence": True},
                {"texts": [EXAMPLE, ""], "heads": ["ner"], "offsets": "utf16"},
            ],
        }
    )

    text: str | None = Field(None, description="A text; its document is the answer.")
    texts: list[str] | None = Field(None, description="Texts; a list of documents is the answer.")


class TextLine(BaseModel):
    """A line of a stream: a text, and an id that its document has, too."""

    model_config = ConfigDict(extra="ignore", strict=True)

    text: str
    id: str | int | None = None


class ExplainRequest(BaseModel):
    """A text whose tags are explained."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"text": EXAMPLE, "token": 4}]}
    )

    text: str
    model: Name | None = Field(None, description="The name of a model; the first if not given.")
    token: str | int | None = Field(
        None,
        description="A word, or the position of a token counted from 1, to explain with the effect "
        "of each word; an overview of all tokens if not given.",
    )
    head: Name | None = Field(None, description="The head; ner if not given.")
    offsets: Unit = "codepoint"


def parse(body: bytes, schema: type[Body]) -> Body:
    """Read a body of JSON.

    Raises:
        Problem: It is not JSON, or does not follow the schema; it names the fields.
    """
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False)) from None


def invalid(errors: Iterable[Any], prefix: Literal["/", "?"] = "/") -> Problem:
    """Make a problem of the errors of Pydantic."""
    fields = [WrongField(_pointer(error["loc"], prefix), _detail(error)) for error in errors]
    shown = "; ".join(f"{f.pointer.lstrip('/?') or 'the body'}: {f.detail}" for f in fields[:3])
    return Problem("invalid-request", shown or "not valid", fields)


def _pointer(location: Sequence[str | int], prefix: str) -> str:
    if len(location) > 1 and isinstance(location[1], str):
        location = (location[0], *location[2:])  # the name of a type of several
    # Names that the client made up may be long; pointers escape ~ and /.
    parts = [str(part)[:80].replace("~", "~0").replace("/", "~1") for part in location]
    if prefix == "?":
        return f"?{parts[-1] if parts else ''}"
    return "".join(f"/{part}" for part in parts)


def _detail(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown field"
    if error["type"] == "json_invalid":
        return f"not JSON ({error['ctx']['error']})"
    message: str = error["msg"]
    message = message.replace("Input should be ", "expected ")
    return message.replace("an object", "a JSON object").replace("Field required", "is missing")
