import { afterAll, beforeAll, expect, test } from "vitest";
import { KindsServer } from "./kinds-server.ts";
import { ODD } from "./kinds-tools.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let server: KindsServer;

beforeAll(async () => {
  server = await KindsServer.start(ODD);
});
afterAll(() => server.close());

async function chosen(tool: string): Promise<TaskPage> {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.addServer(server.url);
  await page.choose(server.url);
  await page.chooseTool(tool);
  return page;
}

const callOf = (page: TaskPage): Promise<void> =>
  page.page.getByRole("button", { name: "Call", exact: true }).click();

test("a tool whose schema the form cannot show is called with JSON", async () => {
  at.expectComplaints(/Invalid JSON pointer/);
  const page = await chosen("anchored");
  await page.page.getByText("The form could not be shown: write the arguments as JSON.").waitFor();
  await page.page.fill("[name=arguments]", '{"unit":"mm"}');
  await callOf(page);
  await page.stands("completed");
  expect(await page.resultText()).toContain('"mm"');
});

test("objects that hold themselves beside what depends on an answer: nothing that is typed is lost", async () => {
  const page = await chosen("endless_objects");
  await page.page.getByText("Its schema goes on without end: write the arguments as JSON.").waitFor();
});

test("a question whose schema the form cannot show is answered with JSON", async () => {
  at.expectComplaints(/Could not find a definition/);
  const page = await chosen("ask_nowhere");
  await callOf(page);
  await page.question.getByText("The form could not be shown: answer in JSON.").waitFor();
  await page.question.getByLabel("Answer").fill('{"unit":"mm"}');
  await page.answer();
  await page.stands("completed");
  expect(await page.resultText()).toContain('{"q":{"action":"accept","content":{"unit":"mm"}}}');
});

test("fields that are not filled in are not sent", async () => {
  const page = await chosen("optional");
  await page.page.locator(".call-form").getByText("colour").waitFor();
  await callOf(page);
  await page.stands("completed");
  expect(server.calls.at(-1)?.args).toEqual({});
});

test("an argument that may be null, as Python's servers say of the optional, is one field that may be left empty", async () => {
  const page = await chosen("pythonic");
  const form = page.page.locator(".call-form");
  await form.getByLabel("Limit").fill("0");
  await form.getByLabel("Limit").blur();
  await form.locator(".mantine-InputWrapper-error").waitFor();
  await form.getByLabel("Limit").fill("7");
  await form.getByLabel("Author").fill("Kelp");
  await form.getByLabel("Author").fill("");
  expect(await form.getByText(/option/).count()).toBe(0);
  await callOf(page);
  await page.stands("completed");
  expect(server.calls.at(-1)?.args).toEqual({ limit: 7 });
});

test("a question's choices start unselected, and several can be selected", async () => {
  const page = await chosen("ask_choices");
  await callOf(page);
  await page.pick("Colours", "Green");
  await page.page.keyboard.press("Escape");
  await page.pick("Sizes", "large");
  await page.page.keyboard.press("Escape");
  await page.answer();
  await page.stands("completed");
  expect(await page.resultText()).toContain('"content":{"colours":["g"],"sizes":["large"]}');
});
