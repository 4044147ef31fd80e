import { afterAll, beforeAll, expect, test } from "vitest";
import { KindsServer } from "./kinds-server.ts";
import { SHAPES } from "./kinds-tools.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let server: KindsServer;
let guarded: KindsServer;

beforeAll(async () => {
  server = await KindsServer.start(SHAPES);
  guarded = await KindsServer.start(SHAPES, "open sesame");
});
afterAll(async () => {
  await server.close();
  await guarded.close();
});

async function openPage(): Promise<TaskPage> {
  return new TaskPage(await at.browser.open(at.lab.page));
}

test("a server is added by its address, and says what it is and can do", async () => {
  const page = await openPage();
  await page.addServer(server.url);
  const view = page.page.locator(".server-view");
  await view.getByText("2026-07-28").first().waitFor();
  expect(await view.textContent()).toContain("kinds 1.0.0");
  expect(await view.textContent()).toContain('"tools"');
  await view.getByRole("link", { name: "shapes" }).waitFor();
  // It declares no tasks.
  await view.getByText("never a task").first().waitFor();
  await view.getByRole("button", { name: "Remove this server" }).click();
  const listed = page.page.locator(".server", { hasText: server.url });
  await expect.poll(() => listed.count()).toBe(0);
  await page.reload();
  await page.page.getByRole("heading", { name: "Add a server" }).waitFor();
  expect(await listed.count()).toBe(0);
});

test("an address that cannot be called is refused beside its field", async () => {
  const page = await openPage();
  await page.ready();
  await page.page.getByRole("link", { name: "Servers" }).click();
  for (const [address, reason] of [
    ["kelp", "is not an address"],
    ["javascript:alert(1)", "Only https and http"],
    ["https://me:secret@example.com/mcp", "as a header"],
  ] as const) {
    await page.page.fill("[name=address]", address);
    await page.page.click("button[name=connect]");
    await page.page.locator(".add-server").getByText(reason).waitFor();
  }
});

test("an address where no server answers shows what to do", async () => {
  at.expectComplaints(/ERR_UNSAFE_PORT/);
  const page = await openPage();
  await page.addServer("http://127.0.0.1:9/mcp");
  await page.page.locator(".server-view [role=alert]", { hasText: "CORS" }).waitFor();
  await page.page.getByRole("button", { name: "Try again" }).waitFor();
});

test("a server that answers 401 shows how to authenticate, and a header needs a value", async () => {
  at.expectComplaints(/status of 401/);
  const strict = await KindsServer.start(SHAPES, "open sesame");
  const page = await openPage();
  await page.addServer(strict.url);
  await page.page
    .locator(".server-view [role=alert]", { hasText: "add its address again with a header or OAuth" })
    .waitFor();
  await page.page.fill("[name=address]", strict.url);
  await page.page.getByLabel("Authorization").selectOption("header");
  await page.page.click("button[name=connect]");
  await page.page.locator(".add-server").getByText("The header needs a value").waitFor();
  await strict.close();
});

test("a header is sent, kept for its tab alone, and asked for again in another", async () => {
  const page = await openPage();
  await page.addServer(guarded.url, { name: "x-key", value: "open sesame" });
  await page.page.locator(".server-view").getByRole("link", { name: "shapes" }).waitFor();
  expect(guarded.refused).toBe(0);
  await page.reload();
  await page.page.locator(".server-view").getByRole("link", { name: "shapes" }).waitFor();
  const stored = await page.page.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name ?? "");
    const texts = await Promise.all(
      names.map(async (name) => {
        const database = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open(name);
          request.onsuccess = () => resolve(request.result);
        });
        const values = await Promise.all(
          [...database.objectStoreNames].map(
            (store) =>
              new Promise((resolve) => {
                const request = database.transaction(store).objectStore(store).getAll();
                request.onsuccess = () => resolve(request.result);
              }),
          ),
        );
        database.close();
        return JSON.stringify(values);
      }),
    );
    return texts.join("") + JSON.stringify(localStorage);
  });
  expect(stored).toContain(guarded.url);
  expect(stored).not.toContain("open sesame");
  const other = await openPage();
  await other.ready();
  await other.page.getByRole("link", { name: "Servers" }).click();
  await other.page.locator(".server", { hasText: guarded.url }).click();
  await other.page.getByText("this tab does not have it").waitFor();
  expect(guarded.refused).toBe(0);
});

test("a form is made of the input schema, says what is wrong beside the field, and calls with what fits", async () => {
  const page = await openPage();
  await page.addServer(server.url);
  await page.choose(server.url);
  await page.chooseTool("shapes");
  const form = page.page.locator(".call-form");
  const call = form.getByRole("button", { name: "Call", exact: true });
  await form.getByLabel("word").fill("ab");
  await call.click();
  await form.locator(".mantine-InputWrapper-error", { hasText: "too short" }).waitFor();
  await form.locator(".mantine-InputWrapper-error", { hasText: "is required" }).waitFor();
  expect(await form.getByLabel("word").getAttribute("aria-invalid")).toBe("true");
  expect(server.calls).toEqual([]);

  await form.getByLabel("word").fill("kelp");
  await form.getByLabel("City").fill("Kiel");
  await form.getByLabel("zip").fill("24103");
  await form.getByLabel("count").fill("7");
  await form.getByLabel("ratio").fill("0.5");
  await form.getByLabel("sure").check();
  await form.getByRole("combobox", { name: "colour" }).click();
  await form.getByRole("option", { name: "green" }).click();
  await form.getByLabel("day").fill("2026-11-23");
  await form.getByRole("combobox", { name: "ref" }).click();
  await form.getByRole("option", { name: "cm" }).click();
  await call.click();
  await page.stands("completed");
  expect(server.calls[0]?.args).toMatchObject({
    word: "kelp",
    count: 7,
    ratio: 0.5,
    sure: true,
    colour: "green",
    day: "2026-11-23",
    ref: "cm",
    place: { city: "Kiel", zip: "24103" },
  });
});

test("the form shows its values as JSON, and refuses invalid JSON beside its field", async () => {
  const page = await openPage();
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.chooseTool("lookup_doi");
  const form = page.page.locator(".call-form");
  await form.getByLabel("doi").fill("10.1/drift");
  await form.getByText("JSON", { exact: true }).click();
  expect(await page.page.inputValue("[name=arguments]")).toContain('"10.1/drift"');
  await page.page.fill("[name=arguments]", "{");
  await form.getByRole("button", { name: "Call", exact: true }).click();
  await form.getByText("This is not JSON").waitFor();
  expect(await at.lab.count("tools/call")).toBe(0);
});

test("where a tool lets one choose, it runs as a task or plainly", async () => {
  const page = await openPage();
  await page.choose(`sample ${at.lab.name} 2025-11-25`);
  await page.chooseTool("acquire_paper");
  const form = page.page.locator(".call-form");
  await form.getByText("JSON", { exact: true }).click();
  await page.page.fill("[name=arguments]", JSON.stringify({ doi: "10.1/kelp", stage_ms: 50 }));
  await form.getByText("Plainly", { exact: true }).click();
  await form.getByRole("button", { name: "Call", exact: true }).click();
  await page.page.locator('#task .status[data-status="completed"]').waitFor();
  expect(await at.lab.count("tasks/get")).toBe(0);
  expect(await page.task.textContent()).not.toContain("· task ");
});

test("tools are searched by name and description", async () => {
  const page = await openPage();
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.page.getByLabel("Search tools").fill("echo slow");
  await expect.poll(() => page.page.locator(".tool").count()).toBe(1);
});

test("a tool of long names is no wider than a phone", async () => {
  const page = await openPage();
  await page.addServer(server.url);
  await page.choose(server.url);
  await page.page.setViewportSize({ width: 380, height: 760 });
  await page.chooseTool("wide");
  await page.page.locator(".rjsf").waitFor();
  const pane = page.page.locator(".split-detail");
  expect(await pane.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
});

test("a larger text size of the browser applies everywhere, and a row has room for it", async () => {
  const page = new TaskPage(await at.browser.context.newPage());
  await page.page.addInitScript(() => {
    document.addEventListener("readystatechange", () => {
      document.documentElement.style.fontSize = "200%";
    });
  });
  await page.page.goto(at.lab.page);
  await page.choose(`sample ${at.lab.name} 2025-11-25`);
  await page.call("must_task", { text: "Kelp" });
  await page.stands("completed");
  expect((await page.row.boundingBox())?.height).toBe(120);
  expect(await page.row.locator("strong").evaluate((tool) => getComputedStyle(tool).fontSize)).toBe("30px");
});
