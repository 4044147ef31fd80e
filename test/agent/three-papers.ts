import { describe, expect, it } from "vitest";
import type { News } from "../../src/agent/conversation.ts";
import { endedMark } from "../../src/agent/messages.ts";
import { paperOf } from "../../worker/samples/paper.ts";
import { type Left, noProcess, type SlowPapers, slowPapers } from "./slow-papers.ts";

export const DOIS = ["10.1/a", "10.1/b", "10.1/c"];
const LEASE_MS = 300_000;

/** What a scripted model does with the conversation, whatever the API: it calls, says that it waits, or says what it has. */
export function next(
  conversation: unknown,
): { readonly calls: readonly string[] } | { readonly text: string } {
  // However often the text was quoted.
  const said = JSON.stringify(conversation).replaceAll("\\", "");
  const ended = DOIS.filter((doi) => said.includes(`Acquired "${paperOf(doi).title}" (${doi})`));
  if (ended.length > 0) return { text: `I have ${ended.join(", ")}.` };
  return said.includes("It is task ") ? { text: "They are running." } : { calls: DOIS };
}

/** An adapter with its official library. */
export interface Adapter {
  /** Adds the news, has the model answer with its tools, and returns all messages. Throws where the process dies. */
  turn(
    messages: readonly object[],
    news: News,
    papers: SlowPapers,
    answered: () => void,
  ): Promise<readonly object[]>;
  withNews(messages: readonly object[], news: News): readonly object[];
}

/** A process that goes on with the conversation, once all that runs has ended. */
export async function laterProcess(left: Left): Promise<Awaited<ReturnType<typeof slowPapers>>> {
  const papers = await slowPapers(left, "chat-1");
  for (const task of await papers.client.resume()) await task.result();
  return papers;
}

/** Counts the model's answers, and has the process die before one of them. */
function dyingBefore(answer: number): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count === answer) throw new Error("The process died");
  };
}

/** A model whose calls return three papers has each once, though the process dies before the app has stored or acknowledged them. */
function returnsOnce(adapter: Adapter): void {
  const prompt = [{ role: "user", content: "Get three papers" }];
  const copy = (messages: readonly object[]): readonly object[] => JSON.parse(JSON.stringify(messages));
  const idsOf = async ({ client }: SlowPapers): Promise<string[]> =>
    (await client.list()).map(({ id }) => id).sort();

  it("has results that its calls returned as news, if the process died before they were stored", async () => {
    const left = noProcess();
    const dying = await slowPapers(left, "chat-1", 120_000);
    const death = adapter.turn(prompt, await dying.conversation.news(), dying, dyingBefore(2));
    await expect(death).rejects.toThrow();
    const ids = await idsOf(dying);
    expect(ids).toHaveLength(3);
    expect((await dying.conversation.news()).ended, "the turn may yet store them").toEqual([]);
    await dying.client.close();

    await left.clock.sleep(LEASE_MS);
    const answering = await laterProcess(left);
    const news = await answering.conversation.news();
    expect(news.ended.map(({ task }) => task.id).sort()).toEqual(ids);
    const stored = copy(await adapter.turn(prompt, news, answering, () => undefined));
    expect(JSON.stringify(stored.at(-1))).toContain(`I have ${DOIS.join(", ")}.`);
    await answering.conversation.stored(stored);
    await left.clock.sleep(LEASE_MS);
    expect((await answering.conversation.news()).size).toBe(0);
    for (const id of ids) expect(JSON.stringify(stored).split(endedMark(id))).toHaveLength(2);
    expect(left.server.acquisitions).toBe(3);
    await answering.close();
  });

  it.each([
    ["and does not add them again, if the process died before it acknowledged", false],
    ["and acknowledges them when they are stored", true],
  ])("stores results that its calls returned, %s", async (_how, isAcknowledged) => {
    const left = noProcess();
    const asking = await slowPapers(left, "chat-1", 120_000);
    const all = await adapter.turn(prompt, await asking.conversation.news(), asking, () => undefined);
    const stored = copy(all);
    expect(JSON.stringify(stored.at(-1))).toContain(`I have ${DOIS.join(", ")}.`);
    const ids = await idsOf(asking);
    if (isAcknowledged) await asking.conversation.stored(stored);
    await asking.client.close();

    await left.clock.sleep(LEASE_MS);
    const later = await laterProcess(left);
    const news = await later.conversation.news();
    expect(news.ended.map(({ task }) => task.id).sort()).toEqual(isAcknowledged ? [] : ids);
    expect(adapter.withNews(stored, news)).toEqual(stored);
    await news.acknowledge();
    expect((await later.conversation.news()).size).toBe(0);
    for (const id of ids) expect(JSON.stringify(stored)).toContain(endedMark(id));
    expect(left.server.acquisitions).toBe(3);
    await later.close();
  });
}

/** A model that asked for three papers and went on has each once they ended, once, though processes die on the way. */
export function deliversOnce(name: string, adapter: Adapter): void {
  describe(name, () => {
    it("has three papers in one message once they ended, once each, though two processes died on the way", async () => {
      const left = noProcess();
      let stored: readonly object[] = [{ role: "user", content: "Get three papers" }];
      const store = (messages: readonly object[]): void => {
        stored = JSON.parse(JSON.stringify(messages)) as object[];
      };

      const asking = await slowPapers(left, "chat-1");
      store(await adapter.turn(stored, await asking.conversation.news(), asking, () => undefined));
      expect(JSON.stringify(stored.at(-1))).toContain("They are running.");
      const ids = (await asking.client.list()).map(({ id }) => id);
      expect(ids).toHaveLength(3);
      await asking.client.close();

      // Dies while the model answers: nothing is stored.
      const dying = await laterProcess(left);
      const lost = await dying.conversation.news();
      expect(lost.ended.map(({ task }) => task.id)).toEqual(ids);
      const death = adapter.turn(stored, lost, dying, () => {
        throw new Error("The process died");
      });
      await expect(death).rejects.toThrow();
      const second = await dying.conversation.news();
      expect(second.ended, "a turn that runs elsewhere has it").toEqual([]);
      await dying.client.close();

      // Dies after the answer was stored, before it is acknowledged.
      await left.clock.sleep(LEASE_MS);
      const answering = await laterProcess(left);
      const before = stored.length;
      store(await adapter.turn(stored, await answering.conversation.news(), answering, () => undefined));
      expect(JSON.stringify(stored.at(-1))).toContain(`I have ${DOIS.join(", ")}.`);
      expect(stored.length - before, "one message with all, and the answer").toBe(2);
      await answering.client.close();

      await left.clock.sleep(LEASE_MS);
      const last = await laterProcess(left);
      const again = await last.conversation.news();
      expect(again.ended.map(({ task }) => task.id)).toEqual(ids);
      expect(adapter.withNews(stored, again)).toEqual(stored);
      await again.acknowledge();
      expect((await last.conversation.news()).ended).toEqual([]);
      for (const id of ids) expect(JSON.stringify(stored).split(endedMark(id))).toHaveLength(2);
      expect(left.server.acquisitions).toBe(3);
      await last.close();
    });

    returnsOnce(adapter);
  });
}
