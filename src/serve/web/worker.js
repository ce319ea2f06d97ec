// Keeps the page itself, and nothing that it shows, so that it opens without the network too and can say that it isn't
// connected. Whatever the service answers, pictures and alerts among it, never comes from here.

// Both are filled in when the program is built; the version is of all the files.
const VERSION = "@VERSION@";
const FILES = "@FILES@".split(" ");
const KEPT = "rearview-page-";
/** A network that swallows everything is none. */
const PATIENCE_MS = 3000;

const addressOf = (file) => new URL(file, registration.scope).href;
const addresses = new Set(FILES.map(addressOf));

async function keep() {
  const cache = await caches.open(KEPT + VERSION);
  await cache.addAll([...addresses].map((address) => new Request(address, { cache: "no-cache" })));
  await skipWaiting();
}

async function forgetOlder() {
  for (const name of await caches.keys()) {
    if (name.startsWith(KEPT) && name !== KEPT + VERSION) await caches.delete(name);
  }
  await clients.claim();
}

/** The service's own page wherever it can be had: it fits what the service speaks. */
async function pageFile(request, address) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) return answer;
  } catch {
    // No network, or none that answers.
  }
  const cache = await caches.open(KEPT + VERSION);
  return await cache.match(address) ?? Response.error();
}

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(forgetOlder()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const address = request.url.replace(/[?#].*/, "");
  if (request.method === "GET" && addresses.has(address)) event.respondWith(pageFile(request, address));
});
