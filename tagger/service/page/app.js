// The playground: its state, and what happens when something is typed, moved or clicked.

import { brackets, corrected, download, jsonLine } from "./corrections.js";
import { hideDetails, showDetails } from "./details.js";
import { byId, hue, make } from "./elements.js";
import { show, watchChoice } from "./result.js";
import * as service from "./service.js";
import { asCurl, asPython, readState, writeState } from "./sharing.js";

const EXAMPLES = [
  "John works at Apple in California. Mary moved from Leeds to Cardiff last May.",
  "Dear Ms Okafor, your appointment with Dr Lindqvist is on Monday at the clinic in Leeds.",
  "The European Commission fined Microsoft after talks between Margrethe Vestager and Brad Smith in Brussels.",
  "Paris Hilton met Jordan Washington at the Hilton in Paris, before Chelsea beat Barcelona.",
];
const TYPING = 60; // milliseconds without a key until a text is sent
const LONGEST_WAIT = 5_000;

const models = new Map();
let tagged = null; // the document on show
let corrections = null; // entities instead of those of the model
let request = new AbortController();
let inquiry = new AbortController();
let timer = 0;
let attempt = 0;
let choice = null;

const field = (id) => byId(id).value;
const threshold = () => Number(field("threshold"));
const sent = () => (head("span") ? threshold() : undefined); // parts of speech have none
const head = (kind) => {
  const heads = (models.get(field("model"))?.heads ?? []).filter((one) => one.kind === kind);
  return heads.find((one) => one.name === "ner") ?? heads[0];
};

function say(text, isWrong = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("wrong", isWrong);
}

/** Return what `work` returns, tried again for as long as the service is away or busy. */
async function persist(work, signal) {
  for (;;) {
    try {
      const found = await work();
      attempt = 0;
      return found;
    } catch (error) {
      if (signal.aborted) throw error;
      const isRefusal = error instanceof service.Refusal;
      if (isRefusal && error.status !== 429 && error.status !== 503) throw error;
      const away = isRefusal ? "The service is busy" : "The service does not answer";
      say(`${away}; trying again …`, true);
      attempt += 1;
      const wait = Math.max(1000 * (error.seconds ?? 0), Math.min(250 * 2 ** attempt, LONGEST_WAIT));
      await new Promise((resolve) => setTimeout(resolve, wait));
      signal.throwIfAborted();
    }
  }
}

function report(error, signal) {
  if (signal.aborted) return;
  byId("key-field").hidden = byId("key-field").hidden && error.status !== 401;
  say(error.message, true);
}

async function tagText() {
  request.abort();
  request = new AbortController();
  const { signal } = request;
  byId("result").classList.add("stale");
  try {
    if (!models.size) await loadModels(signal);
    const text = field("text");
    const model = field("model");
    let began = 0;
    const found = await persist(() => {
      began = performance.now();
      return service.tag(text, model, Boolean(head("span")), signal);
    }, signal);
    const ms = performance.now() - began;
    tagged = found;
    corrections = null;
    const rate = Math.round((1000 * found.tokens.length) / ms).toLocaleString("en");
    const s = found.tokens.length === 1 ? "" : "s";
    say(`${found.tokens.length.toLocaleString("en")} word${s} in ${ms.toFixed(1)} ms: ${rate} words/s`);
    hideDetails();
    clearChoice();
    render();
    byId("result").classList.remove("stale");
  } catch (error) {
    report(error, signal);
  }
}

function entities() {
  if (corrections) return corrections;
  return tagged.entities.filter((one) => (one.confidence ?? 1) >= threshold());
}

function render() {
  byId("threshold-value").textContent = `${Math.round(100 * threshold())} %`;
  byId("corrected").hidden = !corrections;
  // What is corrected must not be lost by typing or sliding on.
  byId("text").readOnly = Boolean(corrections);
  for (const id of ["threshold", "model", "example"]) byId(id).disabled = Boolean(corrections);
  const tagHead = byId("tags").checked || !head("span") ? head("token")?.name : undefined;
  if (tagged) show(tagged, entities(), tagHead, openDetails);
}

function remember() {
  writeState({
    text: field("text"),
    model: field("model"),
    threshold: threshold(),
    tags: byId("tags").checked,
  });
}

/** The sentence of a token: an explanation reads no farther. */
function sentenceOf(index) {
  const [first, past] = tagged.sentences.find(([from, to]) => from <= index && index < to);
  const { start } = tagged.tokens[first];
  return { first, start, text: tagged.text.slice(start, tagged.tokens[past - 1].end) };
}

async function openDetails(entity, mark) {
  for (const one of document.querySelectorAll(".entity")) one.setAttribute("aria-pressed", String(one === mark));
  const first = tagged.tokens.findIndex((token) => token.start >= entity.start);
  const words = tagged.tokens.filter((token) => token.start >= entity.start && token.end <= entity.end);
  await explainWord(entity, words.map((token) => token.text), first, 0);
  choice = { first, last: first + words.length - 1 };
  showPicker();
}

async function explainWord(entity, words, first, chosen) {
  inquiry.abort();
  inquiry = new AbortController();
  const { signal } = inquiry;
  const sentence = sentenceOf(first + chosen);
  const position = first + chosen - sentence.first + 1;
  try {
    const [model, name] = [field("model"), head("span").name];
    const [found, read] = await persist(
      () =>
        Promise.all([
          service.explain(sentence.text, model, name, position, signal),
          service.readings(sentence.text, model, name, signal),
        ]),
      signal,
    );
    const start = entity.start - sentence.start;
    const same = read.entities.find((one) => one.start === start && one.label === entity.label);
    const onWord = (i) => explainWord(entity, words, first, i);
    showDetails(entity, words, chosen, found, same?.alternatives ?? [], onWord);
    byId("details").scrollIntoView({ block: "nearest" });
  } catch (error) {
    report(error, signal);
  }
}

function showPicker() {
  const picker = byId("picker");
  picker.hidden = !choice;
  const labels = head("span")?.labels ?? [];
  if (!choice || !labels.length) {
    picker.hidden = true;
    return;
  }
  const words = tagged.tokens.slice(choice.first, choice.last + 1);
  const text = tagged.text.slice(words[0].start, words.at(-1).end);
  const button = (label, shown, properties = {}) =>
    make("button", { type: "button", onclick: () => correct(label), ...properties }, shown);
  picker.replaceChildren(
    make("span", {}, `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}” is`),
    ...labels.map((label) => button(label, label, { className: "swatch", style: { "--hue": hue(label) } })),
    button("", "no entity"),
    make("button", { type: "button", onclick: clearChoice, "aria-label": "Close" }, "×"),
  );
}

function correct(label) {
  corrections = corrected(tagged, entities(), choice.first, choice.last, label);
  hideDetails();
  clearChoice();
  render();
  byId("result").focus();
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    // A page that is not served by HTTPS or this machine may not write to the clipboard.
    byId("copy-text").value = text;
    byId("copy").showModal();
    byId("copy-text").select();
  }
}

async function loadModels(signal) {
  const found = await persist(service.info, signal);
  for (const model of found.models) models.set(model.name, model);
  byId("model").replaceChildren(...[...models.keys()].map((name) => make("option", { value: name }, name)));
  const { model } = readState();
  if (models.has(model)) byId("model").value = model;
  byId("tags-field").hidden = !found.models.some((one) => one.heads.some((two) => two.kind === "token"));
}

const clearChoice = watchChoice(
  (chosen) => {
    choice = chosen;
    showPicker();
  },
  (index) => {
    const token = tagged.tokens[index];
    const inside = entities().find((one) => one.start <= token.start && token.end <= one.end);
    say(inside ? `${token.text}: ${inside.label}` : token.text);
  },
);

function changed() {
  remember();
  clearTimeout(timer);
  timer = setTimeout(tagText, TYPING);
}

function start() {
  const state = readState();
  byId("text").value = state.text ?? EXAMPLES[0];
  byId("threshold").value = state.threshold ?? 0.4;
  byId("tags").checked = state.tags;
  tagText();
}

byId("example").append(...EXAMPLES.map((text) => make("option", { value: text }, text.slice(0, 40))));
byId("example").addEventListener("change", () => {
  if (field("example")) byId("text").value = field("example");
  byId("example").value = "";
  changed();
});
byId("text").addEventListener("input", changed);
byId("model").addEventListener("change", changed);
byId("key-field").addEventListener("submit", (event) => event.preventDefault());
byId("key").addEventListener("change", () => {
  service.useKey(field("key"));
  tagText();
});
byId("threshold").addEventListener("input", render);
byId("threshold").addEventListener("change", remember);
byId("tags").addEventListener("change", () => {
  render();
  remember();
});
byId("result").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && choice && event.target === byId("result")) {
    byId("picker").querySelector("button")?.focus();
  }
});
byId("copy-curl").addEventListener("click", () => copy(asCurl(field("text"), field("model"), sent())));
byId("copy-python").addEventListener("click", () => copy(asPython(field("text"), field("model"), sent())));
byId("save-brackets").addEventListener("click", () => download("corrected.txt", brackets(tagged.text, entities())));
byId("save-jsonl").addEventListener("click", () => download("corrected.jsonl", jsonLine(tagged.text, entities())));
byId("undo").addEventListener("click", () => {
  corrections = null;
  render();
});
addEventListener("hashchange", start);
start();
