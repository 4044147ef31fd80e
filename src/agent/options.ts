import { type Clock, systemClock } from "../clock.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { Task } from "../task.ts";
import type { TaskReader } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";
import { HeldTasks } from "./held-tasks.ts";
import { MAX_QUOTE } from "./quoting.ts";
import type { EndpointPrefix } from "./tool-names.ts";

/** Well inside the 60 s that MCP clients and agent loops allow a tool. */
export const DEFAULT_BUDGET_MS = 45_000;

export interface AgentOptions {
  /** Only these endpoints' tools and tasks. By default all. */
  readonly endpoints?: readonly string[];
  /** How long one call of a tool may take, in ms, before the model is given a running result: 45 s. */
  readonly budgetMs?: number;
  /** The same for the call that starts a task: 0 hands the task over at once, and `check_task` waits. By default `budgetMs`. */
  readonly callBudgetMs?: number;
  /** The model may answer what a server asks: there is a tool `answer_task`. By default as the conversation has it, else the app answers. */
  readonly allowAnswers?: boolean;
  /** The host returns a repeated call to its running task: running results say that calling again is safe. */
  readonly joinsCalls?: boolean;
  /** When a tool's name has its endpoint's before it. */
  readonly prefix?: EndpointPrefix;
  /**
   * Which tasks the model may see and touch, of those that this set of tools did not start: where one
   * client serves several principals. By default all of the endpoints.
   */
  readonly visible?: (task: TaskView) => boolean;
  /** How much of a text by a server is quoted, in characters: 500. */
  readonly maxQuoteLength?: number;
  /** Called with each endpoint whose tools cannot be listed. It is left out. Without this, `agentTools` rejects. */
  readonly onUnavailable?: (endpoint: string, error: unknown) => void;
  readonly clock?: Clock;
  /** The addressee of the calls: what ends or asks something after its turn is in the conversation's `news()`. */
  readonly conversation?: AddressedConversation;
}

/** What the tools need of a `Conversation` (`holdfast/agent/conversation`). */
export interface AddressedConversation {
  readonly id: string;
  /** The model may answer what a task asks. */
  readonly allowAnswers?: boolean;
  /** A call waits for the task, so long as the budget says (in ms), and returns its end itself. */
  hold(task: Task, budgetMs: number): HeldTask;
}

/** A task that a call waits for. */
export interface HeldTask {
  /**
   * The call returns the end. Resolves with the result as the model is to have it: with a mark for the messages that are stored.
   * @param isNew The call began the task. If another process delivers the end at this moment, the result is a reference to it.
   */
  ended(result: ToolResult, isNew: boolean): Promise<ToolResult>;
  /** The call returns a running result. @param keys The questions that it asks the model. */
  asked(result: ToolResult, keys: readonly string[]): Promise<ToolResult>;
  /** The call is over, however. */
  release(): void;
}

/** What the tools of one set share. The companion tools need a {@link TaskReader} alone. */
export interface AgentContext<Client extends TaskReader = TaskReader> {
  readonly client: Client;
  readonly clock: Clock;
  readonly budgetMs: number;
  readonly callBudgetMs: number;
  readonly allowAnswers: boolean;
  readonly joinsCalls: boolean | undefined;
  readonly maxQuoteLength: number;
  readonly held: HeldTasks;
  readonly conversation: AddressedConversation | undefined;
  readonly visible: (task: TaskView) => boolean;
  /** Names the model knows tools by, and whether they may be repeated, by `toolKey`. */
  readonly known: Map<string, KnownTool>;
}

export interface KnownTool {
  readonly name: string;
  readonly repeatable: boolean;
}

export function agentContext<Client extends TaskReader>(
  client: Client,
  options: AgentOptions,
): AgentContext<Client> {
  const { endpoints, visible, budgetMs = DEFAULT_BUDGET_MS } = options;
  const held = new HeldTasks();
  return {
    client,
    clock: options.clock ?? systemClock,
    budgetMs,
    callBudgetMs: options.callBudgetMs ?? budgetMs,
    allowAnswers: options.allowAnswers ?? options.conversation?.allowAnswers ?? false,
    joinsCalls: options.joinsCalls,
    maxQuoteLength: options.maxQuoteLength ?? MAX_QUOTE,
    held,
    conversation: options.conversation,
    visible: (task) =>
      held.has(task.id) ||
      ((endpoints?.includes(task.endpoint) ?? true) && (visible === undefined || visible(task))),
    known: new Map(),
  };
}

export function toolKey({ endpoint, tool }: { readonly endpoint: string; readonly tool: string }): string {
  return JSON.stringify([endpoint, tool]);
}
