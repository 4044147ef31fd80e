/** The demo's: a worker that is nobody's demo does not know it. */
const GUEST = "demo";
const KEY = "holdfast-worker-token";

/** The token that the page presents to the worker at its address. */
export function workerToken(): string {
  return sessionStorage.getItem(KEY) ?? GUEST;
}

/** Whether a person has signed in to the worker in this tab. */
export function isSignedIn(): boolean {
  return sessionStorage.getItem(KEY) !== null;
}

/** Kept for this tab alone, and gone with it: nothing that opens the worker is written to disk. */
export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function dropToken(): void {
  sessionStorage.removeItem(KEY);
}
