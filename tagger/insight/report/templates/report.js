"use strict";
for (const browser of document.querySelectorAll(".browser:not([data-ready])")) {
  browser.dataset.ready = "yes";
  const view = browser.closest(".tagger-view");
  const data = JSON.parse(view.querySelector("script.data").textContent);
  const list = browser.querySelector("ol");
  const more = browser.querySelector(".more");
  const search = browser.querySelector("input");
  const PIECE = 50;
  const bySentence = new Map();
  for (const outcome of data.outcomes) {
    if (!bySentence.has(outcome.sentence)) bySentence.set(outcome.sentence, []);
    bySentence.get(outcome.sentence).push(outcome);
  }
  let filter = { wrong: true };
  let chosen = [];
  let shown = 0;

  const label = (span) => (span ? span[2] : "");
  function fits(outcome) {
    if (filter.head && outcome.head !== filter.head) return false;
    if (filter.wrong && (outcome.kind === "correct" || outcome.kind === "other")) return false;
    if (filter.kind && outcome.kind !== filter.kind) return false;
    if (filter.change && outcome.change !== filter.change) return false;
    if (filter.differs && outcome.change === undefined) return false;
    if ("gold" in filter) {
      if (outcome.kind === "other") return false;
      if (label(outcome.gold) !== filter.gold || label(outcome.predicted) !== filter.predicted) return false;
    }
    if (filter.group) {
      const [property, group] = filter.group;
      if (outcome.goldGroups[property] !== group && outcome.predictedGroups[property] !== group) return false;
    }
    return true;
  }

  // The words of a sentence with elements around gold and predicted spans; only text nodes hold text.
  function words(tokens, outcomes) {
    const holder = document.createElement("div");
    tokens.forEach((token, i) => {
      let place = holder;
      for (const [key, tag] of [["predicted", "mark"], ["gold", "u"]]) {
        const span = outcomes.map((o) => o[key]).find((s) => s && s[0] <= i && i < s[1]);
        if (!span) continue;
        const element = document.createElement(tag);
        if (key === "predicted" && span[3] !== null) element.style.setProperty("--shade", 0.1 + 0.6 * span[3]);
        place.append(element);
        place = element;
      }
      place.append(token);
      holder.append(" ");
    });
    return holder;
  }

  function describe(outcome, tokens) {
    const name = (span) => `${tokens.slice(span[0], span[1]).join(" ")} (${span[2]}${span[3] === null ? "" : ` ${span[3].toFixed(2)}`})`;
    const parts = [];
    if (outcome.other) return `only the other model: ${name(outcome.other)}`;
    if (outcome.kind === "correct") parts.push(`right: ${name(outcome.predicted)}`);
    else if (outcome.kind === "missed") parts.push(`missed: ${name(outcome.gold)}`);
    else if (outcome.kind === "spurious") parts.push(`spurious: ${name(outcome.predicted)}`);
    else parts.push(`wrong ${outcome.kind}: ${name(outcome.gold)}, predicted ${name(outcome.predicted)}`);
    const changes = { fixed: "the other model has it", broken: "the other model does not", removed: "not by the other model" };
    if (changes[outcome.change]) parts.push(changes[outcome.change]);
    return parts.join("; ");
  }

  function show() {
    for (const i of chosen.slice(shown, shown + PIECE)) {
      const item = document.createElement("li");
      const outcomes = bySentence.get(i);
      const ofHead = filter.head ? outcomes.filter((o) => o.head === filter.head) : outcomes;
      item.append(words(data.sentences[i], ofHead));
      const notes = document.createElement("ul");
      for (const outcome of ofHead.filter((o) => fits(o))) {
        const note = document.createElement("li");
        note.textContent = describe(outcome, data.sentences[i]);
        note.style.border = note.style.padding = "0";
        notes.append(note);
      }
      const command = document.createElement("code");
      command.textContent = data.commands[i];
      item.append(notes, command);
      list.append(item);
    }
    shown = Math.min(shown + PIECE, chosen.length);
    more.hidden = shown >= chosen.length;
  }

  function apply() {
    const wanted = search.value.toLowerCase();
    chosen = [];
    for (const [i, outcomes] of bySentence) {
      if (outcomes.some(fits) && data.sentences[i].join(" ").toLowerCase().includes(wanted)) chosen.push(i);
    }
    chosen.sort((a, b) => a - b);
    shown = 0;
    list.replaceChildren();
    const parts = [];
    const kinds = { bounds: "wrong bounds", label: "wrong label", "label and bounds": "wrong label and bounds" };
    if (filter.kind) parts.push(kinds[filter.kind] || filter.kind);
    if ("gold" in filter) parts.push(`gold ${filter.gold || "nothing"}, predicted ${filter.predicted || "nothing"}`);
    if (filter.group) parts.push(`errors, ${filter.group.join(" ")}`);
    if (filter.change) parts.push(filter.change === "fixed" ? "found by the other model alone" : "found by this model alone");
    if (filter.differs) parts.push("the models differ");
    const name = parts.join(", ") || "all errors";
    browser.querySelector(".shown").textContent = `${name}: ${chosen.length.toLocaleString("en")} sentence${chosen.length === 1 ? "" : "s"}`;
    show();
  }

  view.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button === more) return show();
    if (!button.dataset.filter && !button.classList.contains("errors")) return;
    filter = button.dataset.filter ? JSON.parse(button.dataset.filter) : { wrong: true };
    for (const other of view.querySelectorAll("button[aria-pressed]")) other.removeAttribute("aria-pressed");
    button.setAttribute("aria-pressed", "true");
    apply();
    browser.scrollIntoView({ behavior: "smooth" });
  });
  search.addEventListener("input", apply);
  apply();
}
