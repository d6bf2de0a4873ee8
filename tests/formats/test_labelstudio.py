"""Label Studio's JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers.formats import label_studio, region


def test_label_studio(run_convert, write):
    tasks = [
        label_studio("John sang", [region(0, 4, "John"), {"type": "relation"}]),
        {"id": 8, "data": {"text": "new"}, "annotations": []},
        {
            "id": 9,
            "data": {"review": "Kim"},
            "annotations": [
                {"was_cancelled": True, "result": []},
                {"result": [region(0, 3, "Kim")]},
                {"result": []},
            ],
        },
    ]
    path = write("a.json", json.dumps(tasks, indent=1))
    result = run_convert(path, "out.conll")
    assert Path("out.conll").read_text() == "John\tB-PER\nsang\tO\n\nKim\tB-PER\n\n"
    for kind in (
        "task without annotations",
        "result of type 'relation'",
        "cancelled annotation",
        "further annotation of a task",
    ):
        assert kind in result.out
