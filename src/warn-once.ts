/** Returns what reports problems where the app gave no `onProblem`: one `console.warn` for each kind and subject. */
export function warnOnce(): (problem: { readonly kind: string; readonly message: string }) => void {
  const warned = new Set<string>();
  return (problem) => {
    const { kind, message, endpoint, error } = problem as typeof problem & Record<string, unknown>;
    // The subject is what thousands of tasks have in common, not the task.
    const subject = `${kind} ${endpoint ?? error ?? message}`;
    if (warned.has(subject)) return;
    warned.add(subject);
    console.warn(`Holdfast: ${message}`);
  };
}
