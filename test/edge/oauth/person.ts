/** A person with a browser, who signs in with a secret and allows what is asked. */
export class Person {
  readonly #secret: string;
  readonly #cookies = new Map<string, string>();
  /** The pages the person was shown. */
  readonly pages: string[] = [];

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Opens the address of an authorization request. Resolves with the client's address the browser is sent to. */
  async allow(address: string | URL): Promise<URL> {
    const page = await this.#send(address);
    const html = await page.text();
    this.pages.push(html);
    const handle = /name="handle" value="([^"]+)"/.exec(html)?.[1];
    if (handle === undefined) throw new Error(`No consent page: ${page.status} ${html}`);
    const reply = await this.#send(address, {
      method: "POST",
      headers: { origin: new URL(address).origin },
      body: new URLSearchParams({ handle, decision: "allow", secret: this.#secret }),
    });
    const location = reply.headers.get("location") ?? (await this.#firstUse(reply, address));
    return new URL(location);
  }

  /** Connects each server that the page names before the way back to the app. */
  async #firstUse(reply: Response, address: string | URL): Promise<string> {
    const html = await reply.text();
    this.pages.push(html);
    const back = /class="button" href="([^"]+)"/.exec(html)?.[1];
    if (back === undefined) throw new Error(`Not sent back: ${reply.status} ${html}`);
    for (const [, path = ""] of html.matchAll(/href="(\/connect\/[^"]+)"/g)) {
      const last = await this.#send(
        await this.#leaving(new URL(path, address).href, { decision: "connect" }),
      );
      this.pages.push(await last.text());
    }
    return back.replaceAll("&amp;", "&");
  }

  /** Signs in at the address of a server to connect, and consents at the server. Resolves with the last page. */
  async connect(address: string): Promise<string> {
    return (await this.#send(await this.leave(address))).text();
  }

  /** The same, up to the address the server sends the browser back to. */
  leave(address: string): Promise<URL> {
    return this.#leaving(address, { decision: "allow", secret: this.#secret });
  }

  async #leaving(address: string, form: Readonly<Record<string, string>>): Promise<URL> {
    const sent = await this.#send(address, {
      method: "POST",
      headers: { origin: new URL(address).origin },
      body: new URLSearchParams(form),
    });
    const away = sent.headers.get("location");
    if (away === null) throw new Error(`Not sent to the server: ${sent.status} ${await sent.text()}`);
    const back = (await this.#send(away)).headers.get("location");
    if (back === null) throw new Error("Not sent back by the server");
    return new URL(back);
  }

  async #send(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("cookie", [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const reply = await fetch(address, { ...init, headers, redirect: "manual" });
    for (const set of reply.headers.getSetCookie()) {
      const [name = "", value = ""] = (set.split(";")[0] ?? "").split(/=(.*)/s);
      this.#cookies.set(name, value);
    }
    return reply;
  }
}
