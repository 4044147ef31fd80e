import { withoutServersMarks } from "../../front/outcome.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Link } from "../upstream/link.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Catalog } from "./catalog.ts";
import type { NamedLink } from "./server-facts.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface UpstreamSubscriptionsSetting {
  /** Those of a modern agent. */
  readonly subscriptions: Subscriptions;
  readonly upstreams: readonly Upstream[];
  readonly links: () => readonly NamedLink[];
  readonly isLegacyAgent: () => boolean;
  /** `undefined` until it is known who the agent is. */
  readonly catalog: () => Catalog | undefined;
}

/** What the agent wants the servers to report: log messages, resources and lists. Each server is asked in the words of its generation. */
export class UpstreamSubscriptions {
  readonly #setting: UpstreamSubscriptionsSetting;
  /** For servers that are connected again. */
  #logLevel: JsonObject | undefined;
  readonly #resources: Set<string> = new Set();
  /** The streams of modern servers. */
  readonly #streams: WeakMap<Link, AbortController> = new WeakMap();

  constructor(setting: UpstreamSubscriptionsSetting) {
    this.#setting = setting;
  }

  /** A server is connected. After a reconnect it gets the agent's log level and subscriptions again. */
  connected(link: Link, again: boolean): void {
    if (!link.sessions) return this.#listen(link);
    if (!again) return;
    const { serverCapabilities } = link.session;
    const replay = (method: string, params: JsonObject): void =>
      void link.request(method, params, new AbortController().signal).catch(() => undefined);
    if (this.#logLevel && serverCapabilities.logging) replay("logging/setLevel", this.#logLevel);
    if (!serverCapabilities.resources) return;
    for (const uri of this.#resources) replay("resources/subscribe", { uri });
  }

  async setLogLevel(params: JsonObject, signal: AbortSignal): Promise<void> {
    this.#logLevel = params;
    const able = this.#setting.upstreams.filter(({ link }) => link?.session.serverCapabilities.logging);
    await Promise.all(able.map((upstream) => upstream.request("logging/setLevel", params, signal)));
  }

  /** An agent of the older generation subscribes to a resource, or no longer does. */
  async change(
    method: "resources/subscribe" | "resources/unsubscribe",
    params: JsonObject,
    catalog: Catalog,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const uri = String(params.uri);
    if (method === "resources/subscribe") this.#resources.add(uri);
    else this.#resources.delete(uri);
    const upstream = await catalog.serverOf(uri, signal);
    if ((await upstream.connected()).sessions)
      return withoutServersMarks(await catalog.routed(method, params, signal));
    this.#listenAgain();
    return {};
  }

  /** The subscriptions of a modern agent have changed: updates those at the servers of either generation. */
  async changed(): Promise<void> {
    this.#listenAgain();
    const wanted = this.#setting.subscriptions.resources;
    const ask = async (method: string, uri: string): Promise<void> => {
      const { signal } = new AbortController();
      const upstream = await this.#setting.catalog()?.serverOf(uri, signal);
      if (!upstream || !(await upstream.connected()).sessions) return;
      await upstream.request(method, { uri }, signal);
    };
    const added = [...wanted].filter((uri) => !this.#resources.has(uri));
    const dropped = [...this.#resources].filter((uri) => !wanted.has(uri));
    for (const uri of added) this.#resources.add(uri);
    for (const uri of dropped) this.#resources.delete(uri);
    await Promise.allSettled([
      ...added.map((uri) => ask("resources/subscribe", uri)),
      ...dropped.map((uri) => ask("resources/unsubscribe", uri)),
    ]);
  }

  /** One stream to each modern server carries all notifications that the agent subscribed to. */
  #listen(link: Link): void {
    const { isLegacyAgent, subscriptions } = this.#setting;
    this.#streams.get(link)?.abort();
    const controller = new AbortController();
    this.#streams.set(link, controller);
    const uris = [...(isLegacyAgent() ? this.#resources : subscriptions.resources)];
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
    };
    link.request("subscriptions/listen", { notifications }, controller.signal).catch(() => undefined);
  }

  #listenAgain(): void {
    for (const { link } of this.#setting.links()) if (!link.sessions) this.#listen(link);
  }
}
