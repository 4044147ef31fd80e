import type { FetchLike } from "../../../worker/outbound/guarded-fetch.ts";

export interface SeenRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A network with scripted answers that remembers what reached it. Addresses without a script answer 200. */
export class ScriptedNetwork {
  readonly seen: SeenRequest[] = [];
  readonly #replies = new Map<string, () => Response>();

  readonly fetch: FetchLike = async (url, init) => {
    const request = new Request(url, init);
    this.seen.push({
      url: request.url,
      method: request.method,
      headers: Object.fromEntries(request.headers),
      body: new TextDecoder().decode(await request.arrayBuffer()),
    });
    return this.#replies.get(request.url)?.() ?? new Response("arrived");
  };

  redirect(from: string, to: string, status = 307): this {
    return this.answer(from, () => new Response("moved", { status, headers: { location: to } }));
  }

  answer(url: string, reply: () => Response): this {
    this.#replies.set(url, reply);
    return this;
  }

  get urls(): string[] {
    return this.seen.map(({ url }) => url);
  }
}
