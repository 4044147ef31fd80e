import type { Root } from "hast";
import { useEffect, useState } from "react";

/** How long reading a text as Markdown may take, in ms. A hundred pages take a fraction of it. */
const PATIENCE_MS = 2_000;
/** And how long the worker may take to load, in ms. */
const LOAD_MS = 30_000;

export type MarkdownTree =
  | { readonly kind: "reading" }
  | { readonly kind: "read"; readonly tree: Root }
  /** It took too long, or is too large to draw. */
  | { readonly kind: "given up" };

/** The text as a tree, read by a worker that is ended when it takes too long. */
export function useMarkdownTree(text: string): MarkdownTree {
  const [state, setState] = useState<MarkdownTree>({ kind: "reading" });
  useEffect(() => {
    setState({ kind: "reading" });
    const worker = new Worker(new URL("./markdown-worker.ts", import.meta.url), { type: "module" });
    const end = (next: MarkdownTree): void => {
      clearTimeout(timer);
      worker.terminate();
      setState(next);
    };
    const giveUp = (): void => end({ kind: "given up" });
    let timer = setTimeout(giveUp, LOAD_MS);
    worker.onmessage = ({ data }: MessageEvent<Root | "ready" | null>) => {
      if (data === "ready") {
        clearTimeout(timer);
        timer = setTimeout(giveUp, PATIENCE_MS);
        worker.postMessage(text);
      } else if (data) end({ kind: "read", tree: data });
      else giveUp();
    };
    worker.onerror = giveUp;
    return () => {
      clearTimeout(timer);
      worker.terminate();
    };
  }, [text]);
  return state;
}
