import type { Page } from "playwright-core";

/**
 * An example asks for a paper and no more: on the wire it becomes a paper that comes quicker, or about which there is a
 * question.
 */
export async function withArguments(page: Page, more: object): Promise<void> {
  await page.route("**/samples/**", async (route) => {
    const sent = route.request().postDataJSON() as {
      method?: string;
      params?: Record<string, unknown>;
    } | null;
    if (sent?.method !== "tools/call") return route.continue();
    const args = { ...(sent.params?.arguments as object), ...more };
    await route.continue({ postData: { ...sent, params: { ...sent.params, arguments: args } } });
  });
}
