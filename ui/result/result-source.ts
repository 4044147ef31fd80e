import { createContext } from "react";

/** Where the result that is shown came from. */
export interface ResultSource {
  /** What a person calls the server. */
  readonly server: string;
  /** Reads a resource of that server (`resources/read`). Rejects with an Error to show. */
  readonly read: (uri: string) => Promise<unknown>;
}

/** Undefined where nothing can be read of the server. */
export const ResultSourceContext = createContext<ResultSource | undefined>(undefined);
