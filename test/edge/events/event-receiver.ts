import {
  experimental_createMCPEventWebhook as createMCPEventWebhook,
  type Experimental_MCPEvent as MCPEvent,
  type Experimental_MCPEventStore as MCPEventStore,
  type Experimental_MCPEventSubscription as MCPEventSubscription,
  type Experimental_MCPEventSubscriptionInfo as MCPEventSubscriptionInfo,
} from "@ai-sdk/mcp";
import { type Listening, listen } from "../gateway/node-http.ts";

/** A POST to the receiver, and the status it was answered with. */
export interface Delivery {
  readonly headers: Headers;
  readonly body: string;
  readonly status: number;
}

export interface ReceivedEvent {
  readonly subscription: MCPEventSubscriptionInfo;
  readonly event: MCPEvent;
}

/** The AI SDK's webhook for MCP Events, on 127.0.0.1, with the store that its client shares. */
export class EventReceiver {
  readonly store: MCPEventStore;
  /** All that came, in order. */
  readonly deliveries: Delivery[] = [];
  /** The events that the AI SDK accepted, in order; a repeated one as often as it came. */
  readonly events: ReceivedEvent[] = [];
  /** Answers in place of the AI SDK. */
  answer: (() => Response | undefined) | undefined;
  readonly #handle: (request: Request) => Promise<Response>;
  #listening: Listening | undefined;

  private constructor() {
    const subscriptions = new Map<string, MCPEventSubscription>();
    this.store = {
      get: async (key) => subscriptions.get(key),
      getById: async (id) => [...subscriptions.values()].find((known) => known.id === id),
      set: async (subscription) => void subscriptions.set(subscription.key, subscription),
      update: async (key, patch) => {
        const known = subscriptions.get(key);
        if (known) subscriptions.set(key, { ...known, ...patch });
      },
      delete: async (key) => void subscriptions.delete(key),
    };
    this.#handle = createMCPEventWebhook({
      store: this.store,
      onEvent: async (received) => void this.events.push(received),
    });
  }

  static async start(): Promise<EventReceiver> {
    const receiver = new EventReceiver();
    receiver.#listening = await listen((request) => receiver.#received(request));
    return receiver;
  }

  /** Where a subscriber wants its events. */
  get url(): string {
    return this.#listening?.url ?? "";
  }

  /** The tasks of the events of a type, each once, whatever came twice. */
  tasks(name: string): ReadonlySet<unknown> {
    return new Set(this.events.flatMap(({ event }) => (event.name === name ? [event.data.taskId] : [])));
  }

  /** Has the AI SDK verify a request that nobody sent. */
  verify(url: string, { headers, body }: Pick<Delivery, "headers" | "body">): Promise<Response> {
    return this.#handle(new Request(url, { method: "POST", headers, body }));
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  async #received(request: Request): Promise<Response> {
    const body = await request.clone().text();
    const reply = this.answer?.() ?? (await this.#handle(request));
    this.deliveries.push({ headers: request.headers, body, status: reply.status });
    return reply;
  }
}
