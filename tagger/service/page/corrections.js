// Corrected entities, and their download as training data.

import { make } from "./elements.js";

/** Return entities with the words from `first` to `last` labelled, or freed for an empty label. */
export function corrected(document_, entities, first, last, label) {
  const { text, tokens } = document_;
  const start = tokens[first].start;
  const end = tokens[last].end;
  const others = entities.filter((one) => one.end <= start || one.start >= end);
  if (label) others.push({ text: text.slice(start, end), label, start, end, corrected: true });
  return others.sort((a, b) => a.start - b.start);
}

/** Write entities as `tagger predict --format text` does: `[Apple](ORG)`, on one line. */
export function brackets(text, entities) {
  let line = "";
  let position = 0;
  for (const { start, end, label } of entities) {
    const before = escaped(text.slice(position, start), true);
    const name = label.replace(/[()\\]/g, "\\$&");
    line += `${before}[${escaped(text.slice(start, end), true)}](${name})`;
    position = end;
  }
  line += escaped(text.slice(position), false);
  return `${line.split(/\r\n|[\r\n]/).join(" ")}\n`;
}

/** Escape brackets of the text itself, and double the backslashes before brackets. */
function escaped(text, beforeBracket) {
  const found = text.replace(/(?<!\\)(\\*)([[\]])/g, "$1$1\\$2");
  return beforeBracket && /[[\]]|\\$/.test(text) ? found + found.match(/\\*$/)[0] : found;
}

/** Write a line of JSON as doccano does, whose offsets count characters, not UTF-16 units. */
export function jsonLine(text, entities) {
  const place = (offset) => [...text.slice(0, offset)].length;
  const label = entities.map((one) => [place(one.start), place(one.end), one.label]);
  return `${JSON.stringify({ text, label })}\n`;
}

/** Let the browser save a file. */
export function download(name, content) {
  const url = URL.createObjectURL(new Blob([content], { type: "text/plain;charset=utf-8" }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
