/** Something an app should know of that is no task's outcome. */
export type Problem =
  /** A write failed; the task goes on in memory, and a reload would lose what was not written. */
  | { readonly kind: "storage"; readonly message: string; readonly id?: string; readonly error: unknown }
  /** A stored record cannot be read by this version. It is left as it is. */
  | { readonly kind: "unreadable"; readonly message: string; readonly id?: string }
  /** A list of the server (`tools/list`, `tasks/list`) was not read to its end: it repeats a cursor, or has too many pages. */
  | {
      readonly kind: "incomplete-list";
      readonly message: string;
      readonly endpoint: string;
      readonly id?: undefined;
    }
  /** A stored task belongs to an endpoint this client was not given. It is left as it is. */
  | { readonly kind: "unknown-endpoint"; readonly message: string; readonly id: string };
