// The service's answers, asked for over HTTP.
import { texts } from "./language.js";

/** body: sent as JSON; without one there is none. Throws what went wrong, in words. */
export async function send(method, path, body) {
  const json = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, ...json }).catch(() => {
    throw new Error(texts.unreachable);
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? texts.answers(answer.status));
  return answer.status === 204 ? null : answer.json();
}

export const get = (path) => send("GET", path);
