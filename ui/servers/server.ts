/** How a page authenticates to a server. */
export type Authorization = "none" | "header" | "oauth";

/** A server that tools can be called on. Stored tasks know it by its name. */
export interface Server {
  readonly name: string;
  readonly title: string;
  /** Who calls it: this page, or the worker, which then holds its tasks. */
  readonly mode: "local" | "edge";
  /** Where the page calls it. */
  readonly url?: string;
  readonly authorization: Authorization;
  /** It was added by hand, and can be removed. */
  readonly added: boolean;
}
