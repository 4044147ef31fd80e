import type { Page } from "playwright-core";
import { Chromium, newProfile } from "../../test/browser/chromium.ts";
import { PageServer } from "./page-server.ts";

/** A browser and the server of its pages, for one section. */
export interface BenchBrowser {
  readonly browser: Chromium;
  readonly server: PageServer;
  /** Runs the work in a page of its own that has loaded a script. */
  inPage<T>(script: string | undefined, work: (page: Page) => Promise<T>): Promise<T>;
}

/** @param files Scripts by their names. */
export async function* benchBrowser<T>(
  files: Readonly<Record<string, string>>,
  work: (at: BenchBrowser) => AsyncIterable<T>,
): AsyncIterable<T> {
  const profile = await newProfile();
  const server = await PageServer.start(files);
  const browser = await Chromium.start(profile.path);
  try {
    yield* work({
      browser,
      server,
      async inPage(script, use) {
        const page = await browser.open(`${server.origin}/`);
        try {
          if (script) await page.addScriptTag({ url: `/${script}` });
          return await use(page);
        } finally {
          await page.close();
        }
      },
    });
  } finally {
    await browser.kill();
    await server.stop();
    await profile.remove();
  }
}
