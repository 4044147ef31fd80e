/** Calls back at the `online` event of pages and workers; elsewhere there is no such event. The function returned ends it. */
export function onOnline(callback: () => void): () => void {
  const scope = globalThis as Partial<EventTarget>;
  scope.addEventListener?.("online", callback);
  return () => scope.removeEventListener?.("online", callback);
}
