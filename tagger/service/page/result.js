// The tagged text: its words, its entities, and choosing some of them.

import { byId, hue, make, percent } from "./elements.js";

/** Show a document.
 *
 * `entities` are shown, sorted and without overlaps; `tagHead` is the head under the words, if any;
 * `onEntity` is called with an entity that is clicked.
 */
export function show(document_, entities, tagHead, onEntity) {
  const result = byId("result");
  result.replaceChildren();
  result.classList.toggle("with-tags", Boolean(tagHead));
  const { text, tokens } = document_;
  let position = 0;
  let next = 0;
  const upTo = (parent, end) => {
    for (; next < tokens.length && tokens[next].end <= end; next++) {
      const token = tokens[next];
      parent.append(text.slice(position, token.start), word(token, next, tagHead));
      position = token.end;
    }
    parent.append(text.slice(position, end));
    position = end;
  };
  for (const entity of entities) {
    upTo(result, entity.start);
    const mark = marked(entity, onEntity);
    upTo(mark, entity.end);
    mark.append(make("small", { className: "label", "aria-hidden": "true" }, entity.label));
    result.append(mark);
  }
  upTo(result, text.length);
}

function word(token, index, tagHead) {
  const shown = make("span", { className: "token" }, token.text);
  shown.dataset.token = index;
  if (tagHead) shown.append(make("small", { className: "tag" }, token[tagHead]));
  return shown;
}

function marked(entity, onEntity) {
  const sure = entity.confidence ?? 1;
  const kind = entity.corrected ? "corrected" : percent(sure);
  const mark = make("mark", {
    className: entity.corrected ? "entity corrected" : "entity",
    role: "button",
    tabIndex: 0,
    title: `${entity.label}, ${kind}`,
    "aria-label": `${entity.text}: ${entity.label}, ${kind}`,
    "aria-pressed": "false",
    style: { "--hue": hue(entity.label), "--alpha": (0.15 + 0.85 * sure ** 2).toFixed(2) },
  });
  const open = () => {
    if (document.getSelection().isCollapsed) onEntity(entity, mark);
  };
  mark.addEventListener("click", open);
  mark.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    onEntity(entity, mark);
  });
  return mark;
}

/** Watch which words are chosen: by dragging, or with the arrow keys.
 *
 * `onChoice` is called with the first and last chosen word, or with null; `onMove` with the word
 * that the arrow keys came to.
 */
export function watchChoice(onChoice, onMove) {
  const result = byId("result");
  let anchor = -1;
  let current = -1;

  const dragged = () => {
    const selection = document.getSelection();
    if (selection.isCollapsed || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    if (!result.contains(range.commonAncestorContainer)) return;
    const inside = [...result.querySelectorAll(".token")].filter((one) => range.intersectsNode(one));
    // A range that ends before the first character of a word does not mean the word.
    const meant = inside.filter((one) => overlaps(range, one));
    if (!meant.length) return;
    anchor = Number(meant[0].dataset.token);
    current = Number(meant.at(-1).dataset.token);
    choose(anchor, current);
  };
  // On phones the selection changes without a mouse.
  document.addEventListener("selectionchange", dragged);

  function choose(first, last) {
    const [from, to] = first <= last ? [first, last] : [last, first];
    for (const one of result.querySelectorAll(".token")) {
      const index = Number(one.dataset.token);
      one.classList.toggle("chosen", from <= index && index <= to);
    }
    onChoice({ first: from, last: to });
  }

  function clear() {
    anchor = current = -1;
    for (const one of result.querySelectorAll(".chosen")) one.classList.remove("chosen");
    document.getSelection().removeAllRanges();
    onChoice(null);
  }

  result.addEventListener("keydown", (event) => {
    const words = result.querySelectorAll(".token");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") clear();
    if (!step || !words.length) return;
    event.preventDefault();
    document.getSelection().removeAllRanges();
    current = Math.min(Math.max(current + step, 0), words.length - 1);
    if (!event.shiftKey || anchor < 0) anchor = current;
    choose(anchor, current);
    words[current].scrollIntoView({ block: "nearest" });
    onMove(current);
  });
  return clear;
}

function overlaps(range, element) {
  const whole = document.createRange();
  whole.selectNodeContents(element);
  return (
    range.compareBoundaryPoints(Range.END_TO_START, whole) < 0 &&
    range.compareBoundaryPoints(Range.START_TO_END, whole) > 0
  );
}
