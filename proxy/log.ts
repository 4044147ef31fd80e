/** Messages of the process on stderr, one line each, without arguments, results or secrets. */
export interface Log {
  info(text: string): void;
  /** Only with `--verbose`. */
  detail(text: string): void;
}

export function logTo(write: (text: string) => void, verbose: boolean): Log {
  const info = (text: string): void => write(`holdfast: ${plain(text)}\n`);
  return { info, detail: verbose ? info : () => undefined };
}

/** A server's words may hold terminal escapes and line breaks that would forge other lines. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").slice(0, 500);
}
