// Why a word has its tag: what `POST /v1/explain` answers, as tables.

import { byId, hue, make, percent } from "./elements.js";

const N_TAGS = 5;
const SMALLEST = 0.0005;

/** Show the explanation of a word of an entity, with a button for each of its words. */
export function showDetails(entity, words, chosen, explanation, alternatives, onWord) {
  byId("details-label").textContent =
    entity.confidence === undefined
      ? `${entity.text}: ${entity.label}`
      : `${entity.text}: ${entity.label}, ${percent(entity.confidence, 1)}`;
  const [token] = explanation.tokens;
  const body = byId("details-body");
  body.replaceChildren();
  if (alternatives.length) {
    const rows = alternatives.slice(0, N_TAGS).map((one) => [one.text, one.label, percent(one.confidence, 1)]);
    body.append(make("h3", {}, "What else it may be"), table(["words", "label", "probability"], rows));
  }
  if (words.length > 1) {
    const buttons = words.map((word, i) =>
      make("button", { type: "button", onclick: () => onWord(i), "aria-pressed": String(i === chosen) }, word),
    );
    body.append(make("p", {}, "Word: ", ...buttons.flatMap((one) => [one, " "])));
  }
  body.append(
    make("h3", {}, `How probable each label is for “${token.text}”`),
    labelTable(token),
    make("h3", {}, "What each side says"),
    sideTable(token),
    make("h3", {}, "What each word does"),
    make("p", { className: "hint" }, `Percentage points that the word adds to ${token.tag}.`),
    wordList(token, explanation),
  );
  for (const note of explanation.notes) body.append(make("p", { className: "hint" }, note));
  byId("details").hidden = false;
}

/** Tags of one label, such as B-PER and I-PER, count for the label. */
function labelTable(token) {
  const byLabel = new Map();
  for (const [tag, sides] of Object.entries(token.tags)) {
    const label = /^[BI]-/.test(tag) ? tag.slice(2) : tag === "O" ? "no entity" : tag;
    byLabel.set(label, (byLabel.get(label) ?? 0) + sides.both);
  }
  const some = [...byLabel].filter(([, p]) => p >= SMALLEST);
  const rows = some.sort((a, b) => b[1] - a[1]).slice(0, N_TAGS);
  return table(["label", "probability"], rows.map(([label, p]) => [label, percent(p, 1)]));
}

function sideTable(token) {
  const rows = Object.entries(token.tags)
    .filter(([, p]) => Math.max(p.left, p.right, p.both) >= SMALLEST)
    .slice(0, N_TAGS)
    .map(([tag, p]) => [tag, percent(p.left, 1), percent(p.right, 1), percent(p.both, 1)]);
  return table(["tag", "left alone", "right alone", "both"], rows);
}

function table(header, rows) {
  const cell = (name, i, text) => make(name, /^[\d.]+ %$/.test(rows[0]?.[i]) ? { className: "number" } : {}, text);
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...header.map((text, i) => cell("th", i, text)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((text, i) => cell("td", i, text))))),
  );
}

/** The sentence, each word coloured by its effect: blue speaks for the tag, red against it. */
function wordList(token, explanation) {
  const effects = new Map(token.words.map((word) => [word.position, word]));
  const items = explanation.context.map((text, i) => {
    const position = explanation.first + i;
    if (position === token.position) return make("li", { className: "self" }, text);
    const change = effects.get(position)?.change ?? 0;
    const points = `${change < 0 ? "−" : "+"}${Math.abs(100 * change).toFixed(1)}`;
    const style = { "--hue": change < 0 ? hue("ORG") : hue("PER"), "--alpha": Math.min(1, 3 * Math.abs(change)).toFixed(2) };
    return make("li", { style }, `${text} `, make("small", {}, points));
  });
  return make("ol", { className: "words" }, ...items);
}

export function hideDetails() {
  byId("details").hidden = true;
}
