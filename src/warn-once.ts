import { callListeners } from "./call-listeners.ts";

/** How many subjects are remembered. A server can make up more. */
const MOST_SUBJECTS = 1_000;

/** Returns what reports problems where the app gave no `onProblem`: one `console.warn` for each kind and subject. */
export function warnOnce(): (problem: { readonly kind: string; readonly message: string }) => void {
  const warned = new Set<string>();
  return (problem) => {
    const { kind, message, endpoint, error } = problem as typeof problem & Record<string, unknown>;
    // The subject is what thousands of tasks have in common, not the task.
    const subject = `${kind} ${endpoint ?? error ?? message}`;
    if (warned.has(subject)) return;
    const [oldest = subject] = warned.add(subject);
    if (warned.size > MOST_SUBJECTS) warned.delete(oldest);
    console.warn(`Holdfast: ${message}`);
  };
}

/** Returns what reports problems to the app: to its `onProblem`, or without one by {@link warnOnce}. It never throws. */
export function reportTo<Problem extends { readonly kind: string; readonly message: string }>(
  onProblem: (problem: Problem) => void = warnOnce(),
): (problem: Problem) => void {
  return (problem) => callListeners([onProblem], problem);
}
