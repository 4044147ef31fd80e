import { execFile } from "node:child_process";
import { createReadStream, existsSync, globSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../examples/documents.ts";

const OUT = join(ROOT, "site/dist");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** The documentation site, built by `npm run docs`. */
export class SiteBuild {
  /** Its pages by address, without `.html`. */
  readonly pages: ReadonlyMap<string, string>;

  private constructor() {
    this.pages = new Map(
      globSync("**/*.html", { cwd: OUT }).map((path) => [
        `/${String(path)}`.replace(/(\/index)?\.html$/, "") || "/",
        readFileSync(join(OUT, String(path)), "utf8"),
      ]),
    );
  }

  static async make(): Promise<SiteBuild> {
    await promisify(execFile)("npm", ["run", "docs"], { cwd: ROOT, maxBuffer: 2 ** 24 });
    return new SiteBuild();
  }

  text(path: string): string {
    return readFileSync(join(OUT, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(OUT, path)) && statSync(join(OUT, path)).isFile();
  }

  /** The addresses that are the `attribute` of elements of a page. */
  static addresses(html: string, attribute: "href" | "src"): readonly string[] {
    return [...html.matchAll(new RegExp(` ${attribute}="([^"]*)"`, "g"))].map(([, address = ""]) =>
      address.replaceAll("&amp;", "&"),
    );
  }

  async serve(): Promise<{ readonly url: string; close(): Promise<void> }> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const path = [pathname, `${pathname}.html`, join(pathname, "index.html")].find((path) =>
        this.has(path),
      );
      if (path === undefined) return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
      createReadStream(join(OUT, path)).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  }
}
