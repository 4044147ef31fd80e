import { useEffect, useState } from "react";
import { hrefOf } from "../../ui/app/route.ts";
import { Button } from "../../ui/controls/button.tsx";
import {
  endSubscription,
  readWebhooks,
  sendAgain,
  type WebhookDelivery,
  type Webhooks,
} from "./access-api.ts";
import { TwoStepButton } from "./two-step-button.tsx";

/** How many deliveries are shown at first. */
const SHOWN = 10;
/** How often what was sent again is looked for, and how often at most, in ms. */
const AGAIN_MS = 1_000;
const LOOKS = 15;

/** Where the worker posts to when a task of the person has ended or asks, and what became of each message. */
export function WebhookSection() {
  const [webhooks, setWebhooks] = useState<Webhooks>();
  const [problem, setProblem] = useState<string>();
  const [shown, setShown] = useState(SHOWN);
  const [looks, setLooks] = useState(1);
  useEffect(() => {
    if (looks <= 0) return;
    let current = true;
    readWebhooks().then(
      (read) => current && setWebhooks(read),
      (error: unknown) => current && setProblem(String((error as Error).message)),
    );
    const timer = setTimeout(() => setLooks((left) => left - 1), AGAIN_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [looks]);
  const again = (delivery: WebhookDelivery): void => {
    setProblem(undefined);
    sendAgain(delivery).then(
      () => setLooks(LOOKS),
      (error: unknown) => setProblem(String((error as Error).message)),
    );
  };
  const end = async (id: string): Promise<void> => {
    await endSubscription(id);
    setWebhooks(await readWebhooks());
  };
  if (!webhooks)
    return problem === undefined ? null : (
      <section aria-label="Webhooks">
        <p role="alert">{problem}</p>
      </section>
    );
  const { subscriptions, deliveries } = webhooks;
  return (
    <section aria-labelledby="webhooks-title">
      <h2 id="webhooks-title">Webhooks</h2>
      {subscriptions.length === 0 && deliveries.length === 0 && (
        <p className="quiet">
          None. A call names its own (<code>webhook</code>), and agents subscribe to events by MCP Events.
        </p>
      )}
      {subscriptions.length > 0 && (
        <ul className="access-list" aria-label="Event subscriptions">
          {subscriptions.map(({ id, name, filter, url, until }) => (
            <li key={id}>
              <div className="access-what">
                <bdi className="access-name">{name}</bdi>
                <span className="quiet">
                  to <bdi>{url}</bdi>
                  {Object.values(filter).length > 0 && (
                    <>
                      {" · of "}
                      <bdi>{Object.values(filter).join(", ")}</bdi>
                    </>
                  )}
                  {" · until "}
                  {time(until)} unless renewed
                </span>
              </div>
              <div className="access-actions">
                <TwoStepButton
                  label="End"
                  question="Its client gets no more events. End it?"
                  of={`${name} to ${url}`}
                  act={() => end(id)}
                />
              </div>
            </li>
          ))}
        </ul>
      )}
      {deliveries.length > 0 && (
        <>
          <h3>Deliveries</h3>
          <ul className="access-list" aria-label="Deliveries">
            {deliveries.slice(0, shown).map((delivery) => (
              <Row key={delivery.id} delivery={delivery} again={() => again(delivery)} />
            ))}
          </ul>
          {deliveries.length > shown && (
            <Button size="small" variant="default" onClick={() => setShown(shown + 50)}>
              Show more of {deliveries.length}
            </Button>
          )}
        </>
      )}
      {problem !== undefined && <p role="alert">{problem}</p>}
    </section>
  );
}

function Row({ delivery, again }: { readonly delivery: WebhookDelivery; readonly again: () => void }) {
  const { kind, taskId, event, url, result } = delivery;
  const what = kind === "task" ? "The end of a task" : `Event ${event}`;
  return (
    <li data-result={result}>
      <div className="access-what">
        <span>
          <bdi className="access-name">{what}</bdi>
        </span>
        <span className="quiet">
          to <bdi>{url}</bdi>
          {taskId !== undefined && (
            <>
              {" · "}
              <a href={hrefOf("tasks", taskId)}>its task</a>
            </>
          )}
        </span>
        <span className={result === "given_up" || result === "failed" ? "retry" : "quiet"}>
          {stateOf(delivery)}
        </span>
      </div>
      <div className="access-actions">
        <Button size="small" variant="default" aria-label={`Send again to ${url}`} onClick={again}>
          Send again
        </Button>
      </div>
    </li>
  );
}

function stateOf({ attempts, at, result, status, dueAt }: WebhookDelivery): string {
  const reply = status === undefined ? "no reply" : `HTTP ${status}`;
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const next = dueAt === undefined ? "" : `, next at ${time(dueAt)}`;
  if (result === undefined) return `Waits to be sent${next}`;
  switch (result) {
    case "delivered":
      return `Delivered at ${time(at ?? 0)} (${reply}, ${tries})${next}`;
    case "failed":
      return `Failed at ${time(at ?? 0)} (${reply}, ${tries})${next}`;
    case "given_up":
      return `Given up at ${time(at ?? 0)} (${reply}, ${tries})${next}`;
    case "unwanted":
      return "Not sent: its task is gone, its question is answered, or its subscription has ended";
  }
}

function time(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
