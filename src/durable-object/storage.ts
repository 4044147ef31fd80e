/** The parts of a Durable Object's storage that are used here, so that nobody needs Cloudflare's types for the rest. */
export interface ObjectStorage {
  readonly sql: {
    exec(query: string, ...bindings: (string | number | null)[]): { toArray(): Record<string, SqlValue>[] };
  };
  transactionSync<T>(work: () => T): T;
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
}

export type SqlValue = ArrayBuffer | string | number | null;

/** One row of a result. */
export type SqlRow = Record<string, SqlValue>;

/** Runs a statement, and returns its rows. */
export function rowsOf(
  { sql }: ObjectStorage,
  query: string,
  ...bindings: (string | number | null)[]
): SqlRow[] {
  return sql.exec(query, ...bindings).toArray();
}

/** The parts of `DurableObjectState` that are used here. */
export interface ObjectState {
  readonly id: { toString(): string };
  readonly storage: ObjectStorage;
}
