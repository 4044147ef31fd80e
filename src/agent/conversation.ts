/**
 * Conversations with a model as addressees of their tasks: what ended goes into the next turn.
 * @module
 */
import { callError } from "../answered-call.ts";
import { type Clock, systemClock } from "../clock.ts";
import { TaskError } from "../errors.ts";
import { type InboxClient, inboxOf } from "../inbox/local-inbox.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { Delivery, TaskInbox } from "../task-inbox.ts";
import type { TaskView } from "../task-view.ts";
import { failureResult } from "./failure-result.ts";

/** A client with an inbox: a `TaskClient`, a `RemoteTaskClient` or an `ExtensionTaskClient`. */
export type ConversationClient = TaskClientApi & (InboxClient | TaskInbox);

export interface ConversationOptions {
  /** Names the conversation, and so the addressee: the same in every process that goes on with it. */
  readonly id: string;
  /** How long a turn may take until {@link News.acknowledge}, in ms, before another process gets its news: 2 minutes. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
}

/** A task that ended, and what a model is to have of it: the tool's result, or a failure (`isError`). */
export interface EndedTask {
  readonly task: TaskView;
  readonly result: ToolResult;
}

/** What ended since the last turn. The adapters (`aiSdkNews`, `anthropicNews`, …) put it into the messages. */
export interface News {
  /** By the age of the tasks; empty if there is nothing new. */
  readonly ended: readonly EndedTask[];
  /** Call it once the messages with the news are stored, or the model has answered. Resolves when that is durable. */
  acknowledge(): Promise<void>;
}

/**
 * A conversation whose tools' tasks may end after their turn, or after their process. Give it to `agentTools` as
 * `conversation`, then take the news before each turn:
 *
 * ```ts
 * const conversation = new Conversation(client, { id: chatId });
 * const tools = aiSdkTools(await agentTools(client, { conversation }));
 * const news = await conversation.news();
 * const messages = aiSdkNews(await load(chatId), news);
 * const { responseMessages } = await generateText({ model, tools, messages });
 * await save(chatId, [...messages, ...responseMessages]);
 * await news.acknowledge();
 * ```
 *
 * If the process dies before `acknowledge`, the news comes again. The adapters do not add what the messages have already.
 */
export class Conversation {
  readonly id: string;
  readonly #client: ConversationClient;
  readonly #inbox: TaskInbox;
  readonly #clock: Clock;
  readonly #leaseMs: number;

  constructor(
    client: ConversationClient,
    { id, leaseMs = 120_000, clock = systemClock }: ConversationOptions,
  ) {
    this.id = id;
    this.#client = client;
    this.#inbox = inboxOf(client, { clock });
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** Leases what ended and was not acknowledged. Rejects as {@link TaskInbox.undelivered} does. */
  async news(): Promise<News> {
    const all = await this.#inbox.undelivered({ addressee: this.id, leaseMs: this.#leaseMs });
    const read = await Promise.all(
      all.map(async (delivery) => ({ delivery, ended: await endedTask(delivery) })),
    );
    const known = read.flatMap(({ delivery, ended }) => (ended ? [{ delivery, ended }] : []));
    return {
      ended: known.map(({ ended }) => ended),
      acknowledge: async () => {
        await Promise.all(known.map(({ delivery }) => this.#inbox.acknowledge(delivery)));
      },
    };
  }

  /**
   * Calls back whenever there may be news: at once if something ended before, after each end in whatever tab, and when the
   * lease of a turn that was not acknowledged has ended. The function returned ends it. Start a turn of the model there.
   */
  watch(listener: () => void): () => void {
    let cancel = (): void => undefined;
    let watching = true;
    const look = async (): Promise<void> => {
      cancel();
      const all = await this.#inbox.undelivered({ addressee: this.id }).catch(() => undefined);
      if (!watching) return;
      const open = all?.some(({ question }) => !question);
      if (open) listener();
      cancel();
      if (open || !all) cancel = this.#clock.after(this.#leaseMs, () => void look());
    };
    const unsubscribe = this.#client.subscribe(({ view: { outcome } }) => {
      if (outcome) void look();
    });
    void look();
    return () => {
      watching = false;
      cancel();
      unsubscribe();
    };
  }

  /** For `agentTools`: the end of the task was returned to the model within its call. */
  async returned({ id, view: { taskId, addressees } }: Task): Promise<void> {
    const isOwn = addressees?.length === 1 && addressees[0] === this.id;
    // Nobody asks for a plain call again once its caller has the result.
    if (taskId === undefined && isOwn) return this.#client.forget(id);
    await this.#inbox.acknowledge({ addressee: this.id, receipt: "returned", task: { id } });
  }
}

/** Undefined for a question, and for a result that cannot be fetched now: it comes with later news. */
async function endedTask({ task, question }: Delivery): Promise<EndedTask | undefined> {
  const { outcome } = task.view;
  if (question || !outcome) return undefined;
  if (outcome.kind !== "completed")
    return { task: task.view, result: failureResult(callError(task.view, outcome), { task: task.view }) };
  try {
    return { task: task.view, result: await task.result() };
  } catch (error) {
    return error instanceof TaskError
      ? { task: task.view, result: failureResult(error, { task: task.view }) }
      : undefined;
  }
}
