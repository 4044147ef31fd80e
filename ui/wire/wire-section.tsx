import { type TaskView, VERSION } from "holdfast";
import { useMemo } from "react";
import { clock, duration } from "../app/duration.ts";
import { useFollowed } from "../app/followed.ts";
import { inFileName } from "../app/save-file.ts";
import { DownloadButton } from "../result/download-button.tsx";
import { JsonTree } from "../result/json-tree.tsx";
import { sizeText } from "../result/media.ts";
import { harOf } from "./har.ts";
import { exchangesOf, type Folded, folded } from "./of-task.ts";
import type { Body, Exchange, WireLog } from "./wire-log.ts";
import "./wire.css";

export interface WireSectionProps {
  readonly log: WireLog;
  readonly task: TaskView;
}

/** What this page sent to the server of a task, and what came back. */
export function WireSection({ log, task }: WireSectionProps) {
  const all = useFollowed(log.exchanges);
  const exchanges = useMemo(() => exchangesOf(all, task), [all, task]);
  const groups = useMemo(() => folded(exchanges), [exchanges]);
  return (
    <section aria-labelledby="wire-title" className="wire">
      <div className="section-heading">
        <h3 id="wire-title">Requests</h3>
        {exchanges.length > 0 && (
          <DownloadButton
            what="the requests as HAR"
            word="HAR"
            fileName={`${inFileName(task.tool)}-${task.id.slice(0, 8)}.har`}
            blob={() => new Blob([harOf(exchanges, VERSION)], { type: "application/json" })}
          />
        )}
      </div>
      {groups.length === 0 ? (
        <p className="quiet">
          None since this page was opened. What an earlier page, another tab or the worker sent is not here.
        </p>
      ) : (
        <ol>
          {groups.map((group) => (
            <Group key={group.first.id} group={group} start={task.createdAt} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Group({ group: { first, all }, start }: { readonly group: Folded; readonly start: number }) {
  const last = all.at(-1) ?? first;
  return (
    <li>
      <details>
        <summary>
          <Line exchange={last} count={all.length} start={start} />
        </summary>
        {all.length > 1 ? (
          <ol>
            {all.map((exchange) => (
              <li key={exchange.id}>
                <details>
                  <summary>
                    <Line exchange={exchange} count={1} start={start} />
                  </summary>
                  <Whole exchange={exchange} />
                </details>
              </li>
            ))}
          </ol>
        ) : (
          <Whole exchange={first} />
        )}
      </details>
    </li>
  );
}

interface LineProps {
  readonly exchange: Exchange;
  readonly count: number;
  readonly start: number;
}

function Line({ exchange, count, start }: LineProps) {
  const { at, http, rpc, status, ms, request, response, problem, isOpen } = exchange;
  const isBad = problem !== undefined || (status !== undefined && status >= 400);
  const retryAfter = exchange.responseHeaders?.find(([name]) => name === "retry-after")?.[1];
  return (
    <span className="wire-line">
      <time dateTime={new Date(at).toISOString()}>+{clock(Math.max(0, at - start))}</time>
      <bdi className="mono">{rpc ?? http}</bdi>
      {count > 1 && <span className="tag">× {count}</span>}
      <span className={isBad ? "retry" : "quiet"}>
        {problem ?? (status === undefined ? "no reply yet" : `HTTP ${status}`)}
        {retryAfter !== undefined && `, retry after ${retryAfter} s`}
      </span>
      <span className="quiet">
        {isOpen ? "stream is open" : ms === undefined ? "" : duration(ms)}
        {" · "}
        {sizeText(request.bytes)} sent
        {response && `, ${sizeText(response.bytes)} received`}
      </span>
    </span>
  );
}

function Whole({ exchange }: { readonly exchange: Exchange }) {
  const { http, url, requestHeaders, request, responseHeaders = [], response } = exchange;
  return (
    <div className="wire-whole">
      <h4>
        {http} <bdi className="mono">{url}</bdi>
      </h4>
      <Headers headers={requestHeaders} />
      <BodyView body={request} label="Body of the request" />
      {response && (
        <>
          <h4>Reply</h4>
          <Headers headers={responseHeaders} />
          <BodyView body={response} label="Body of the reply" />
        </>
      )}
    </div>
  );
}

function Headers({ headers }: { readonly headers: readonly (readonly [string, string])[] }) {
  return (
    <dl className="wire-headers mono">
      {headers.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function BodyView({ body: { text, bytes }, label }: { readonly body: Body; readonly label: string }) {
  const json = useMemo(() => parsed(text), [text]);
  if (text === "") return null;
  if (json !== undefined) return <JsonTree value={json} label={label} />;
  return (
    <>
      <pre className="plain-text">
        <bdi>{text}</bdi>
      </pre>
      {bytes > text.length && <p className="quiet">The rest of {sizeText(bytes)} is left out.</p>}
    </>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
