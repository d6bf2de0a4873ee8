// The state in the address, and the same request in other languages.

/** Read the state from the fragment of the address, which browsers do not send to the service. */
export function readState() {
  const found = new URLSearchParams(location.hash.slice(1));
  const threshold = Number(found.get("threshold"));
  return {
    text: found.get("text"),
    model: found.get("model"),
    threshold: threshold > 0 && threshold <= 1 ? threshold : null,
    tags: found.get("tags") === "1",
  };
}

/** Write the state to the fragment. */
export function writeState({ text, model, threshold, tags }) {
  const state = new URLSearchParams();
  if (text) state.set("text", text);
  if (model) state.set("model", model);
  state.set("threshold", threshold);
  if (tags) state.set("tags", "1");
  history.replaceState(null, "", `#${state}`);
}

const address = (path) => new URL(path, location.href.split("#")[0]).href;

export function asCurl(text, model, threshold) {
  const body = JSON.stringify({ text, model, threshold, confidence: true });
  return `curl ${address("v1/tag")} -H 'content-type: application/json' -d '${body.replaceAll("'", "'\\''")}'\n`;
}

export function asPython(text, model, threshold) {
  const least = threshold === undefined ? "" : `threshold=${threshold}, `;
  return `from tagger.client import Client

with Client(${JSON.stringify(address(".").replace(/\/$/, ""))}) as client:
    texts = [${JSON.stringify(text)}]
    for document in client.tag(texts, ${least}model=${JSON.stringify(model)}):
        print(document.entities)
`;
}
