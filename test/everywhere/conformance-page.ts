import type { Era } from "../../src/channel/handshake.ts";
import { type Fetch, fromUrl } from "../../src/channel/http.ts";
import { oauth } from "../../src/channel/sdk-oauth.ts";
import { meetServer, UNDER_TEST } from "../conformance/client-under-test.ts";
import { type Briefing, type OpenPage, SignIn } from "../conformance/sign-in.ts";

/** One scenario: the server to meet, as the official suite names it to its client. */
export interface Job extends Briefing {
  readonly id: number;
  readonly era: Era;
  readonly address: string;
}

/** The lines that the client printed, and its error if it failed. */
export interface JobReport {
  readonly id: number;
  readonly log: string;
  readonly error?: string;
}

/** How a place reaches the suite's servers, and reads where their authorization page redirects a person to. */
interface Way {
  readonly fetch: Fetch;
  readonly openPage: OpenPage;
}

/** Straight, where a platform shows redirects. */
const STRAIGHT: Way = {
  fetch: (input, init) => fetch(input, init),
  openPage: async (page) => (await fetch(page, { redirect: "manual" })).headers.get("location"),
};

/** Through a relay on the page's own origin: the suite's servers do not allow pages of others, and no page can read a redirect. */
function through(relay: string): Way {
  const relayed = (to: string | URL, init: RequestInit = {}, more?: string): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("x-relay-to", String(to));
    if (more) headers.set(more, "true");
    return fetch(relay, { ...init, headers });
  };
  return {
    fetch: (input, init) => relayed(input, init),
    openPage: async (page) => (await relayed(page, {}, "x-relay-shows-redirect")).headers.get("location"),
  };
}

/**
 * Meets the server of a job.
 * @param relay See {@link through}. Without one, requests go straight to the server.
 */
export async function perform({ id, era, address, ...briefing }: Job, relay?: string): Promise<JobReport> {
  const lines: string[] = [];
  const { fetch, openPage } = relay === undefined ? STRAIGHT : through(relay);
  try {
    const signIn = new SignIn(address, fetch, openPage, briefing);
    const server = fromUrl(address, { era, ...UNDER_TEST, fetch, authorization: oauth(signIn) });
    await meetServer(server, briefing.context, (line) => lines.push(line));
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
