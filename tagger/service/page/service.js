// Requests to the service. Offsets are in UTF-16 units, those of JavaScript's strings.

/** The least threshold of the slider: candidates are fetched once, and filtered as it moves. */
export const LEAST = 0.05;

let key = "";

/** Use a key from now on; it is kept in this page alone. */
export function useKey(value) {
  key = value.trim();
}

/** An answer that is not a success; `problem` holds its details (RFC 9457). */
export class Refusal extends Error {
  constructor(status, problem, seconds) {
    super(problem.detail || `answered ${status}`);
    this.status = status;
    this.seconds = seconds;
  }
}

async function ask(path, body, signal) {
  const headers = { "content-type": "application/json" };
  if (key) headers.authorization = `Bearer ${key}`;
  const options = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const answer = await fetch(path, { ...options, headers, signal, cache: "no-store" });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Refusal(answer.status, problem, Number(answer.headers.get("retry-after")) || 0);
}

/** The models of the service, with their heads. */
export const info = () => ask("info");

/** Half a surrogate pair, which a text may end in while it is typed, is not Unicode. */
const whole = (text) => (text.toWellFormed ? text.toWellFormed() : text);

/** The document of a text, with every candidate for an entity. */
export function tag(text, model, hasSpans, signal) {
  const body = { text: whole(text), model, confidence: true, offsets: "utf16" };
  if (hasSpans) body.threshold = LEAST;
  return ask("v1/tag", body, signal);
}

/** What each entity of a sentence may be instead. */
export function readings(text, model, head, signal) {
  const body = { text: whole(text), model, heads: [head], nbest: 1, threshold: LEAST, offsets: "utf16" };
  return ask("v1/tag", body, signal);
}

/** Why a token, counted from 1, has its tag. */
export function explain(text, model, head, token, signal) {
  return ask("v1/explain", { text: whole(text), model, head, token, offsets: "utf16" }, signal);
}
