/** The demo's own: anyone can guess it, and it opens nothing but the samples. */
const GUEST = "demo";
const TOKEN = "holdfast-worker-token";
const WORKER = "holdfast-worker";

interface Worker {
  /** It has sample servers, and a token that anyone may use. */
  readonly demo: boolean;
  /** It has a page on which people sign in. */
  readonly signIn: boolean;
}

let worker: Worker = remembered() ?? { demo: false, signIn: false };

/** Asks the worker at the page's address whether it is a demo. Resolves when that is known: at once after the first visit. */
export async function askWorker(): Promise<void> {
  const asked = fetch("/healthz").then(async (reply) => {
    const { demo, signIn } = (await reply.json()) as Partial<Worker>;
    worker = { demo: demo === true, signIn: signIn === true };
    remember(worker);
  });
  // Offline, or served without a worker: the page's own servers are all there is.
  const settled = asked.catch(() => undefined);
  if (remembered() === undefined) await settled;
}

// No secret: what the page learned at its last visit saves a wait at the next one.
function remembered(): Worker | undefined {
  try {
    const { demo, signIn } = JSON.parse(localStorage.getItem(WORKER) ?? "") as Partial<Worker>;
    return { demo: demo === true, signIn: signIn === true };
  } catch {
    return undefined;
  }
}

function remember(known: Worker): void {
  try {
    localStorage.setItem(WORKER, JSON.stringify(known));
  } catch {
    // Without storage it is asked each time.
  }
}

/** Whether the worker has sample servers, and a token that anyone may use. */
export function isDemo(): boolean {
  return worker.demo;
}

/** Whether the worker has a page on which a person signs in to the console. */
export function hasSignInPage(): boolean {
  return worker.signIn;
}

/** The token that the page presents to the worker at its address; undefined until a person has signed in. */
export function workerToken(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? (worker.demo ? GUEST : undefined);
}

/** Whether a person has signed in to the worker in this tab. */
export function isSignedIn(): boolean {
  return sessionStorage.getItem(TOKEN) !== null;
}

/** Kept for this tab alone, and gone with it: nothing that opens the worker is written to disk. */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

/**
 * The grant of a token that the worker issued to this tab, which ends when the person signs out; undefined for a secret. The worker
 * names the grant in the token: `<user>:<grant>:<secret>`.
 */
export function grantOfToken(): string | undefined {
  return sessionStorage.getItem(TOKEN)?.split(":")[1];
}

export function dropToken(): void {
  sessionStorage.removeItem(TOKEN);
}
