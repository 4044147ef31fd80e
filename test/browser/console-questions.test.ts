import { afterAll, beforeAll, expect, test } from "vitest";
import { KindsServer } from "./kinds-server.ts";
import { ASKING } from "./kinds-tools.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let server: KindsServer;

beforeAll(async () => {
  server = await KindsServer.start(ASKING);
});
afterAll(() => server.close());

async function openPage(): Promise<TaskPage> {
  return new TaskPage(await at.browser.open(at.lab.page));
}

async function asked(tool: string): Promise<TaskPage> {
  const page = await openPage();
  await page.addServer(server.url);
  await page.choose(server.url);
  await page.call(tool, {});
  await page.question.waitFor();
  return page;
}

test("a question is found by the badge, after a reload and from another view, and answered", async () => {
  const page = await openPage();
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 150, mode: "ask" });
  await page.page.getByRole("link", { name: "Servers" }).click();
  await page.page.getByRole("button", { name: "1 question" }).waitFor();
  expect(await page.page.title()).toBe("(1) Holdfast");
  await page.reload();
  await page.page.getByRole("button", { name: "1 question" }).click();
  await page.page.getByRole("menuitem", { name: /acquire_paper/ }).click();
  await page.question.waitFor();
  expect(await page.page.evaluate(() => document.activeElement?.className)).toContain("question");
  await page.pick("Edition", "preprint");
  await page.answer();
  await page.stands("completed");
  expect(await page.resultText()).toContain("preprint");
  await page.page.getByRole("button", { name: "0 questions" }).waitFor();
});

test("desktop notifications announce a question and an end while the page has no focus, and a click opens the question", async () => {
  const page = new TaskPage(await at.browser.context.newPage());
  await page.page.addInitScript(() => {
    const notices: { title: string; tag: string; onclick?: () => void }[] = [];
    class FakeNotification {
      static permission = "default";
      static requestPermission = async (): Promise<string> => {
        FakeNotification.permission = "granted";
        return "granted";
      };
      onclick?: () => void;
      constructor(title: string, { tag }: { tag: string }) {
        notices.push(Object.assign(this, { title, tag }));
      }
      close(): void {}
    }
    Object.assign(globalThis, { Notification: FakeNotification, notices });
    document.hasFocus = () => false;
  });
  await page.page.goto(at.lab.page);
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.page.getByRole("button", { name: "0 questions" }).click();
  await page.page.getByRole("menuitem", { name: "Notify me on the desktop" }).click();
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 150, mode: "ask" });
  await page.question.waitFor();
  const titles = () =>
    page.page.evaluate(() =>
      (globalThis as unknown as { notices: { title: string }[] }).notices.map(({ title }) => title),
    );
  await expect.poll(titles).toEqual(["acquire_paper asks"]);
  await page.page.getByRole("link", { name: "Servers" }).click();
  await page.page.evaluate(() =>
    (globalThis as unknown as { notices: { onclick(): void }[] }).notices[0]?.onclick(),
  );
  await page.question.waitFor();
  await page.pick("Edition", "preprint");
  await page.answer();
  await page.stands("completed");
  await expect.poll(titles).toEqual(["acquire_paper asks", "acquire_paper: completed"]);
});

test.each([
  ["Decline", "decline"],
  ["Dismiss", "cancel"],
])("%s answers with %s", async (button, action) => {
  const page = await asked("ask_form");
  await page.question.getByRole("button", { name: button }).click();
  await page.stands("completed");
  expect(await page.resultText()).toContain(`{"q":{"action":"${action}"}}`);
});

test("a question of an unknown method shows its params, and is declined or answered in JSON", async () => {
  const page = await asked("ask_unknown");
  expect(await page.question.textContent()).toContain("vendor/pick");
  expect(await page.question.locator("pre").textContent()).toContain("<b>red</b>");
  await page.question.getByRole("button", { name: "Decline" }).click();
  await page.stands("completed");
  expect(await page.resultText()).toContain('{"q":{"action":"decline"}}');
});

test("an answer that does not fit is refused beside its field, and nothing is sent", async () => {
  const page = await asked("ask_form");
  const before = server.calls.length;
  await page.question.getByLabel("Name").fill("K");
  await page.question.getByLabel("Mail").fill("no mail");
  await page.question.getByLabel("Age").fill("0");
  await page.answer();
  await page.question.locator(".mantine-InputWrapper-error", { hasText: "too short" }).waitFor();
  await page.question.locator(".mantine-InputWrapper-error", { hasText: "is no email" }).waitFor();
  expect(server.calls.length).toBe(before);
  await page.question.getByLabel("Name").fill("Kelp");
  await page.question.getByLabel("Mail").fill("kelp@example.com");
  await page.question.getByLabel("Age").fill("3");
  await page.pick("Colour", "Green");
  await page.answer();
  await page.stands("completed");
  expect(await page.resultText()).toContain(
    '"content":{"name":"Kelp","mail":"kelp@example.com","age":3,"colour":"g"}',
  );
});

test("a field that is mended last, and the button right after it: the click is not lost", async () => {
  const page = await asked("ask_form");
  await page.question.getByLabel("Name").fill("K");
  await page.page.keyboard.press("Tab");
  await page.question.locator(".mantine-InputWrapper-error", { hasText: "too short" }).waitFor();
  await page.question.getByLabel("Name").fill("Kelp");
  await page.answer();
  await page.stands("completed");
});

test("an address is shown before it is opened, and opened apart from this page", async () => {
  const page = await asked("ask_address");
  expect(await page.question.locator(".address").textContent()).toBe("https://login.example/enter?x=1");
  const link = page.question.getByRole("link", { name: "Open login.example" });
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
  expect(await link.getAttribute("target")).toBe("_blank");
  await page.question.getByRole("button", { name: "I have been there" }).click();
  await page.stands("completed");
  expect(await page.resultText()).toContain('{"q":{"action":"accept"}}');
});

test("a question whose address is not on the web cannot open it", async () => {
  const page = await asked("ask_bad_address");
  await page.question.getByText("javascript:alert(1)").waitFor();
  expect(await page.question.locator("a").count()).toBe(0);
  await page.question.getByRole("button", { name: "Decline" }).click();
  await page.stands("completed");
});

test("a person reads and answers a sampling request", async () => {
  const page = await asked("ask_model");
  for (const text of ["The server asks for a model's reply", "Be brief.", "<b>What</b> is kelp?"])
    await page.question.getByText(text).waitFor();
  const answer = page.question.getByRole("button", { name: "Answer" });
  expect(await answer.isDisabled()).toBe(true);
  // A model cannot decline, nor can who speaks for it: the task can be cancelled.
  expect(await page.question.getByRole("button").count()).toBe(1);
  await page.question.getByLabel("Your answer").fill("A brown alga");
  await answer.click();
  await page.stands("completed");
  expect(await page.resultText()).toContain(
    '{"q":{"role":"assistant","model":"a person","stopReason":"endTurn","content":{"type":"text","text":"A brown alga"}}}',
  );
});

test("a person names folders or leaves them out: an invalid folder address is refused beside the question", async () => {
  const page = await asked("ask_folders");
  const before = server.calls.length;
  const share = page.question.getByRole("button", { name: "Share these folders" });
  expect(await share.isDisabled()).toBe(true);
  await page.question.getByLabel("Folders").fill("/home/me");
  await share.click();
  await page.question.getByRole("alert").getByText("roots must be a list").waitFor();
  expect(server.calls.length).toBe(before);
  await page.question.getByLabel("Folders").fill("file:///home/me/papers\n\nfile:///tmp");
  await share.click();
  await page.stands("completed");
  expect(await page.resultText()).toContain(
    '{"q":{"roots":[{"uri":"file:///home/me/papers"},{"uri":"file:///tmp"}]}}',
  );
  const again = await asked("ask_folders");
  await again.question.getByRole("button", { name: "Share none" }).click();
  await again.stands("completed");
  expect(await again.resultText()).toContain('{"q":{"roots":[]}}');
});

test("the menu of questions shortens a long question, and stays within the page", async () => {
  const page = await asked("ask_long");
  await page.page.getByRole("button", { name: "1 question" }).click();
  const item = page.page.getByRole("menuitem", { name: /ask_long/ });
  await item.waitFor();
  expect((await item.boundingBox())?.height).toBeLessThan(150);
});

test("a person who cancels and removes a task by the keyboard keeps a place on the page", async () => {
  const page = await asked("ask_form");
  const focused = () =>
    page.page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id,
    );
  await page.task.getByRole("button", { name: "Cancel task" }).press("Enter");
  await page.stands("cancelled");
  expect(await focused()).toBe("task-title");
  await page.task.getByRole("button", { name: "Remove" }).press("Enter");
  await expect.poll(focused).toBe("Search tasks");
});
