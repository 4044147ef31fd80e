import { expect, it } from "vitest";
import { extensionLab, RESULT } from "./extension-lab.ts";

const WISH = { addressee: "chat", leaseMs: 30_000 };

it("a page of the extension finds the end that its worker stored, and acknowledges it once", async () => {
  const lab = extensionLab();
  const [one, two] = [lab.page().client, lab.page().client];
  const task = await one.start("papers", "report", {}, { id: "a", notify: ["chat"] });
  expect(task.view.addressees).toEqual(["chat"]);
  expect(await one.undelivered(WISH)).toEqual([]);
  await lab.extension.advance(16_000);
  const [mine, ...more] = await one.undelivered(WISH);
  expect(mine).toMatchObject({ id: "a", addressee: "chat" });
  expect(more).toEqual([]);
  expect(await mine?.task.result()).toEqual(RESULT);
  expect(await two.undelivered(WISH), "it is leased").toEqual([]);
  const [seen] = await two.undelivered({ addressee: "chat" });
  if (!mine || !seen) throw new Error("Nothing is undelivered");
  expect([await one.acknowledge(mine), await two.acknowledge(seen), await one.acknowledge(mine)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(await two.undelivered({ addressee: "chat" })).toEqual([]);
});

it("a page leases the end of one task before it comes", async () => {
  const lab = extensionLab();
  const [one, two] = [lab.page().client, lab.page().client];
  await one.start("papers", "report", {}, { id: "a", notify: ["chat"] });
  const mine = { ...WISH, receipt: "mine", task: "a" };
  expect(await one.undelivered(mine)).toEqual([]);
  await lab.extension.advance(16_000);
  expect(await two.undelivered(WISH)).toEqual([]);
  expect(await one.undelivered(mine)).toMatchObject([{ id: "a", receipt: "mine" }]);
  await expect(one.undelivered({ ...WISH, task: "" })).rejects.toThrow("`task` is a text");
});

it("a page adds an addressee to a task, and finds a question of it", async () => {
  const lab = extensionLab();
  lab.server.asks = true;
  const { client } = lab.page();
  await client.start("papers", "report", {}, { id: "a" });
  await client.notify({ id: "a" }, "chat");
  await lab.extension.advance(16_000);
  const [question] = await client.undelivered(WISH);
  expect(question?.id).toBe(`a/${question?.question?.key}`);
  expect(question && (await client.acknowledge(question))).toBe(true);
  expect(await client.undelivered({ addressee: "chat" })).toEqual([]);
  await expect(client.notify({ id: "unknown" }, "chat")).rejects.toThrow("not stored");
});
