/** The demo's own: anyone can guess it, and it opens nothing but the samples. */
const GUEST = "demo";
const TOKEN = "holdfast-worker-token";
const DEMO = "holdfast-worker-demo";

let demo = remembered() === "true";

/** Asks the worker at the page's address whether it is a demo. Resolves when that is known: at once after the first visit. */
export async function askWorker(): Promise<void> {
  const asked = fetch("/healthz").then(async (reply) => {
    const { demo: said } = (await reply.json()) as { readonly demo?: boolean };
    demo = said === true;
    remember(demo);
  });
  // Offline, or served without a worker: the page's own servers are all there is.
  const settled = asked.catch(() => undefined);
  if (remembered() === null) await settled;
}

// No secret: what the page learned at its last visit saves a wait at the next one.
function remembered(): string | null {
  try {
    return localStorage.getItem(DEMO);
  } catch {
    return null;
  }
}

function remember(said: boolean): void {
  try {
    localStorage.setItem(DEMO, String(said));
  } catch {
    // Without storage it is asked each time.
  }
}

/** Whether the worker has sample servers, and a token that anyone may use. */
export function isDemo(): boolean {
  return demo;
}

/** The token that the page presents to the worker at its address; undefined until a person has signed in. */
export function workerToken(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? (demo ? GUEST : undefined);
}

/** Whether a person has signed in to the worker in this tab. */
export function isSignedIn(): boolean {
  return sessionStorage.getItem(TOKEN) !== null;
}

/** Kept for this tab alone, and gone with it: nothing that opens the worker is written to disk. */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

export function dropToken(): void {
  sessionStorage.removeItem(TOKEN);
}
