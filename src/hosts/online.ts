/** Calls back at the `online` event of pages and workers; other platforms have no such event. The returned function ends it. */
export function onOnline(callback: () => void): () => void {
  const scope = globalThis as Partial<EventTarget>;
  scope.addEventListener?.("online", callback);
  return () => scope.removeEventListener?.("online", callback);
}
