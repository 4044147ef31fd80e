import type { InputRequest, JsonObject, TaskView } from "holdfast";
import { connectServers, consentQuestion } from "../../front/messages.ts";
import type { Consent } from "../directory/principal-directory-rpc.ts";
import type { Caller, CallerEndpoint } from "./caller.ts";

const KEY = /^holdfast-consent-(\d+)$/;

/** Returns the round of a request for consent by the key it was asked under; undefined for a question of the server. */
export function consentRound(key: string): number | undefined {
  const round = KEY.exec(key)?.[1];
  return round === undefined ? undefined : Number(round);
}

/** Whether the task waits for its person, whom this client cannot ask, or who has declined: then the running result has to say so. */
export function needsPerson({ outcome, retry }: TaskView): boolean {
  return !outcome && retry?.failure.kind === "unauthorized";
}

/** Where a person lets the worker use the endpoint's server in their name. */
export function connectAddress({ origin }: Caller, endpoint: string): string {
  return `${origin}/connect/${endpoint}`;
}

/**
 * The task as this client sees it. The requests of a task fail while the person's consent is missing at the endpoint's server:
 * then a client that can open addresses is asked to (elicitation, URL mode), and any other sees what the person has to do.
 */
export async function withConsentAsked(caller: Caller, view: TaskView): Promise<TaskView> {
  const endpoint = caller.endpoint(view.endpoint);
  if (!endpoint?.isPersonal || view.outcome || !view.retry) return view;
  const { [endpoint.name]: consent } = await caller.objects.directory.consents();
  return !consent || consent.state === "connected" ? view : asking(endpoint, view, consent);
}

function asking(endpoint: CallerEndpoint, view: TaskView, { round, declined }: Consent): TaskView {
  const { caller, name, title } = endpoint;
  const url = connectAddress(caller, name);
  if (!caller.traits.abilities.urls || declined) {
    const failure = { kind: "unauthorized", message: connectServers(url) } as const;
    return { ...view, retry: { since: view.retry?.since ?? view.createdAt, failure } };
  }
  // The person may be at the server's page.
  if (round === undefined) return view;
  const params: JsonObject = { mode: "url", message: consentQuestion(title), url };
  const request: InputRequest = { key: `holdfast-consent-${round}`, method: "elicitation/create", params };
  return { ...view, status: "input_required", inputRequests: [...view.inputRequests, request] };
}
