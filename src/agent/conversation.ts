/**
 * Conversations with a model as addressees of their tasks: what ended or is asked goes into the next turn.
 * @module
 */
import { callError } from "../answered-call.ts";
import { type Clock, systemClock } from "../clock.ts";
import { TaskError } from "../errors.ts";
import { type InboxClient, inboxOf } from "../inbox/local-inbox.ts";
import type { InputRequest } from "../protocol/input-request.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import { randomId } from "../random-id.ts";
import type { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { Delivery, DeliveryReceipt, TaskInbox } from "../task-inbox.ts";
import type { TaskView } from "../task-view.ts";
import { failureResult, subject } from "./failure-result.ts";
import { hasMark, questionName, withMarks } from "./marks.ts";
import { askedMark, deliveredElsewhere, endedMark } from "./messages.ts";
import type { AddressedConversation, HeldTask } from "./options.ts";
import { questionTexts } from "./question-news.ts";

/** A client with an inbox: a `TaskClient`, a `RemoteTaskClient` or an `ExtensionTaskClient`. */
export type ConversationClient = TaskClientApi & (InboxClient | TaskInbox);

export interface ConversationOptions {
  /** Names the conversation, and so the addressee: the same in every process that goes on with it. */
  readonly id: string;
  /**
   * How long a turn may take until its messages are stored ({@link Conversation.stored}), in ms, before another process gets what
   * it delivers: 2 minutes.
   */
  readonly leaseMs?: number;
  /** The model may answer what a task asks: `agentTools` has a tool `answer_task`. By default the app answers. */
  readonly allowAnswers?: boolean;
  readonly clock?: Clock;
}

/** A task that ended, and what a model is to have of it: the tool's result, or a failure (`isError`). */
export interface EndedTask {
  readonly task: TaskView;
  readonly result: ToolResult;
}

/** A question of a task. The app answers with {@link Task.answer}, unless the model may. */
export interface AskedTask {
  readonly task: TaskView;
  readonly question: InputRequest;
  /** The model may answer ({@link ConversationOptions.allowAnswers}). */
  readonly mayAnswer: boolean;
}

/** What is new since the last turn. The adapters (`aiSdkNews`, `anthropicNews`, …) put it into the messages. */
export interface News {
  /** What ended, by the age of the tasks. */
  readonly ended: readonly EndedTask[];
  /** What tasks ask, by their age. A question that was answered meanwhile is not among them. */
  readonly asked: readonly AskedTask[];
  /** How many ends and questions there are. If it is 0, no turn is needed. */
  readonly size: number;
  /**
   * For adapters: texts about questions that the messages lack, or none. Also of a question that the messages have and that was
   * answered elsewhere, so that the model does not answer it.
   */
  questions(messages: readonly unknown[]): readonly string[];
  /**
   * Acknowledges the news alone, once the messages with it are stored or the model has answered. {@link Conversation.stored} also
   * acknowledges what the turn's calls returned. Resolves when that is durable.
   */
  acknowledge(): Promise<void>;
}

/** How long a call that waits for a task leases its end, in ms. The lease is renewed while the call waits. */
const CALL_LEASE_MS = 10_000;

/** What this process has leased for a turn. */
interface InHand {
  readonly delivery: DeliveryReceipt;
  /** What the messages have of it. */
  readonly mark: string;
  /** When the lease ends, in ms since 1970. */
  readonly until: number;
  /** A plain call that was answered: nobody asks for it again. */
  readonly isAnswered: boolean;
}

/**
 * A conversation whose tools' tasks may end, or ask something, after their turn or after their process. Give it to `agentTools` as
 * `conversation`, take the news before each turn, and say when the messages are stored:
 *
 * ```ts
 * const conversation = new Conversation(client, { id: chatId });
 * const tools = aiSdkTools(await agentTools(client, { conversation }));
 * const news = await conversation.news();
 * const messages = aiSdkNews(await load(chatId), news);
 * const { responseMessages } = await generateText({ model, tools, messages });
 * const all = [...messages, ...responseMessages];
 * await save(chatId, all);
 * await conversation.stored(all);
 * ```
 *
 * If the process dies before `stored`, what it had comes again as news, also an end that a call had returned. The adapters do not
 * add what the messages have already: the results of the tools and the news carry a mark with the task's id.
 */
export class Conversation implements AddressedConversation {
  readonly id: string;
  readonly allowAnswers: boolean;
  readonly #client: ConversationClient;
  readonly #inbox: TaskInbox;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #receipt: string = randomId();
  /** By the ids of the deliveries. */
  readonly #inHand: Map<string, InHand> = new Map();
  /** The ids of the tasks that calls wait for. */
  readonly #awaited: Map<HeldTask, string> = new Map();
  readonly #watchers: Set<() => void> = new Set();

  constructor(
    client: ConversationClient,
    { id, leaseMs = 120_000, allowAnswers = false, clock = systemClock }: ConversationOptions,
  ) {
    this.id = id;
    this.allowAnswers = allowAnswers;
    this.#client = client;
    this.#inbox = inboxOf(client, { clock });
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** Leases what ended and what is asked, and was not acknowledged. Rejects as {@link TaskInbox.undelivered} does. */
  async news(): Promise<News> {
    const [all, tasks] = await Promise.all([this.#lease(this.#leaseMs), this.#client.list()]);
    // Before any other call of this method goes on: all have one receipt.
    const mine = all.filter((delivery) => !this.#isTaken(delivery));
    for (const delivery of mine) this.#take(delivery);
    const read = await Promise.all(mine.map((delivery) => endedTask(delivery)));
    const ended = read.filter((end) => end !== undefined);
    const asked = mine.flatMap(({ task: { view }, question }) =>
      question ? [{ task: view, question, mayAnswer: this.allowAnswers }] : [],
    );
    const known = mine.filter(({ question }, index) => question || read[index]);
    const running = tasks.flatMap(({ view }) => (view.outcome ? [] : [view]));
    // A result that cannot be fetched now comes with later news.
    for (const delivery of mine) if (!known.includes(delivery)) this.#inHand.delete(delivery.id);
    return {
      ended,
      asked,
      size: known.length,
      questions: (messages) => questionTexts(messages, asked, running),
      acknowledge: () => this.#acknowledge(known.map(({ id }) => id)),
    };
  }

  /**
   * Acknowledges what the stored messages have: news, and ends and questions that the turn's calls returned. Call it whenever
   * messages were stored, with all of them or with those that were added. Resolves when that is durable.
   */
  async stored(messages: readonly unknown[]): Promise<void> {
    if (this.#inHand.size === 0) return;
    const said = JSON.stringify(messages);
    await this.#acknowledge([...this.#inHand].flatMap(([id, { mark }]) => (hasMark(said, mark) ? [id] : [])));
  }

  /**
   * Calls back whenever there may be news: at once if something ended or was asked before, after each end and question in whatever
   * tab, and when the lease of a turn that was not acknowledged has ended. The function returned ends it. Start a turn of the model
   * there.
   */
  watch(listener: () => void): () => void {
    let cancel = (): void => undefined;
    let watching = true;
    const look = async (): Promise<void> => {
      cancel();
      const all = await this.#inbox.undelivered({ addressee: this.id }).catch(() => undefined);
      if (!watching) return;
      // What somebody else has leased is looked at when that lease ends.
      if (all?.some((delivery) => !delivery.leasedForMs && !this.#isTaken(delivery))) listener();
      cancel();
      if (all?.length === 0) return;
      const waits = (all ?? []).map(({ leasedForMs = this.#leaseMs }) => leasedForMs);
      cancel = this.#clock.after(Math.min(this.#leaseMs, ...waits), () => void look());
    };
    const again = (): void => void look();
    const unsubscribe = this.#client.subscribe(({ view: { outcome, inputRequests } }) => {
      if (outcome || inputRequests.length > 0) again();
    });
    this.#watchers.add(again);
    again();
    return () => {
      watching = false;
      cancel();
      unsubscribe();
      this.#watchers.delete(again);
    };
  }

  /** For `agentTools`: a call waits for the task, so that no other tab delivers its end meanwhile. */
  hold(task: Task, budgetMs: number): HeldTask {
    let cancel = (): void => undefined;
    let leasing: Promise<unknown> = Promise.resolve();
    let isLeased = false;
    const lease = (ms: number): Promise<readonly Delivery[] | undefined> => {
      isLeased = true;
      // One after the other: a shorter lease must not replace a later one.
      const next = leasing.then(() => this.#lease(ms, task.id).catch(() => undefined));
      leasing = next;
      return next;
    };
    const renew = (): void => {
      void lease(CALL_LEASE_MS);
      cancel = this.#clock.after(CALL_LEASE_MS / 2, renew);
    };
    if (budgetMs > 0 && !task.view.outcome) renew();
    const held: HeldTask = {
      ended: async (result, isNew) => {
        const leased = await lease(this.#leaseMs);
        const end = leased?.find(({ question }) => !question);
        if (end && !this.#inHand.has(end.id)) this.#take(end, isAnswered(task.view, this.id));
        const isElsewhere = isNew && leased && !end && (await this.#isOpen(task));
        return isElsewhere ? elsewhere(task.view) : withMarks(result, [endedMark(task.id)]);
      },
      asked: async (result, keys) => {
        const leased = keys.length > 0 ? await lease(this.#leaseMs) : [];
        isLeased &&= keys.length === 0;
        for (const delivery of leased ?? []) {
          const { id, question } = delivery;
          if (question && keys.includes(question.key) && !this.#inHand.has(id)) this.#take(delivery);
        }
        return withMarks(
          result,
          keys.map((key) => askedMark(task.id, questionName(key))),
        );
      },
      release: () => {
        cancel();
        this.#awaited.delete(held);
        // Any process may take what comes from now on.
        if (task.view.outcome) return;
        if (isLeased) void lease(1);
        for (const look of this.#watchers) look();
      },
    };
    this.#awaited.set(held, task.id);
    return held;
  }

  #lease(leaseMs: number, task?: string): Promise<readonly Delivery[]> {
    return this.#inbox.undelivered({ addressee: this.id, receipt: this.#receipt, leaseMs, task });
  }

  /** Whether the end waits to be delivered, by another process. */
  async #isOpen({ id }: Task): Promise<boolean> {
    const all = await this.#inbox.undelivered({ addressee: this.id, task: id }).catch(() => []);
    return all.length > 0;
  }

  /** Whether a turn or a call of this process has it, and may yet store it. */
  #isTaken({ id, task }: Delivery): boolean {
    const until = this.#inHand.get(id)?.until ?? 0;
    return this.#clock.now() < until || [...this.#awaited.values()].includes(task.id);
  }

  #take(delivery: Delivery, isAnswered = false): void {
    const { id, task, question } = delivery;
    const mark = question ? askedMark(task.id, questionName(question.key)) : endedMark(task.id);
    this.#inHand.set(id, { delivery, mark, until: this.#clock.now() + this.#leaseMs, isAnswered });
  }

  async #acknowledge(ids: readonly string[]): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        const { delivery, isAnswered } = this.#inHand.get(id) ?? {};
        if (!delivery) return;
        if (isAnswered) await this.#client.forget(delivery.task.id);
        else await this.#inbox.acknowledge(delivery);
        this.#inHand.delete(id);
      }),
    );
  }
}

/** A plain call whose only addressee has its result: nobody asks for it again. */
function isAnswered({ taskId, addressees }: TaskView, addressee: string): boolean {
  return taskId === undefined && addressees?.length === 1 && addressees[0] === addressee;
}

/** The result of a call whose end another process is about to put into the conversation. Without a mark: it may die before. */
function elsewhere(task: TaskView): ToolResult {
  return {
    content: [{ type: "text", text: deliveredElsewhere(subject(task, undefined), task.id) }],
    structuredContent: { task: task.id, status: "delivered" },
  };
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
