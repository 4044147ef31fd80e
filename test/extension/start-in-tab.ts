import type { Page } from "playwright-core";

/** Calls a tool from a page of the extension that is open in a tab. */
export async function startInTab(page: Page, server: string, tool: string, args: object): Promise<void> {
  await page.getByRole("link", { name: "Call", exact: true }).click();
  await page.selectOption("[name=server]", server);
  await page.locator(".tool", { hasText: tool }).click();
  await page.locator(".call-form").getByText("JSON", { exact: true }).click();
  await page.fill("[name=arguments]", JSON.stringify(args));
  await page.getByRole("button", { name: "Call", exact: true }).click();
}
