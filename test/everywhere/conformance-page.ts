import type { Era } from "../../src/channel/handshake.ts";
import { fromUrl } from "../../src/channel/http.ts";
import { meetServer, UNDER_TEST } from "../conformance/client-under-test.ts";

/** One scenario: the server to meet, as the official suite names it to its client. */
export interface Job {
  readonly id: number;
  readonly era: Era;
  readonly address: string;
  readonly context?: string;
}

/** The lines that the client printed, and its error if it failed. */
export interface JobReport {
  readonly id: number;
  readonly log: string;
  readonly error?: string;
}

/**
 * Meets the server of a job.
 * @param relay A relay on the page's own origin, since the suite's servers do not allow pages of others. Without one, requests go
 *   straight to the server.
 */
export async function perform({ id, era, address, context }: Job, relay?: string): Promise<JobReport> {
  const lines: string[] = [];
  const through = (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("x-relay-to", String(input));
    return fetch(relay ?? "", { ...init, headers });
  };
  try {
    const server = fromUrl(address, { era, ...UNDER_TEST, ...(relay !== undefined && { fetch: through }) });
    await meetServer(server, context, (line) => lines.push(line));
    return { id, log: lines.join("\n") };
  } catch (error) {
    return { id, log: lines.join("\n"), error: String(error instanceof Error ? error.stack : error) };
  }
}

/** Performs the jobs that the home has for this page, for as long as there is a home. */
export async function work(home: string): Promise<void> {
  for (;;) {
    const job = (await (await fetch(`${home}/next?tab=conformance`)).json()) as Job;
    void perform(job, `${home}/relay`).then((report) =>
      fetch(`${home}/report`, { method: "POST", body: JSON.stringify(report) }),
    );
  }
}
