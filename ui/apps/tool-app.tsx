import type { Task, ToolResult } from "holdfast";
import { lazy, Suspense, useEffect, useRef } from "react";
import { takeFocusWish, wishFocus } from "../app/focus-wish.ts";
import { useFollowed } from "../app/followed.ts";
import { useServer, useWorkspace } from "../clients/workspace-context.ts";
import { Button } from "../controls/button.tsx";
import { useStory } from "../history/history-context.ts";
import { allowApps, allowedServers } from "./allowed-servers.ts";
import { appOfTool } from "./app-of-tool.ts";

const AppView = lazy(() => import("./app-view.tsx"));

/** The app that a result's tool names. Nothing of it is fetched before the person allows the apps of its server. */
export function ToolApp({ task, result }: { readonly task: Task; readonly result: ToolResult }) {
  const { appFrame, readResource } = useWorkspace();
  const { endpoint } = task.view;
  const server = useServer(endpoint);
  const uri = appOfTool(useStory(task.id).tool);
  const isAllowed = useFollowed(allowedServers).includes(endpoint);
  if (uri === undefined || !server || !appFrame || !readResource) return null;
  if (isAllowed)
    return (
      <Suspense fallback={<p className="quiet">Fetching the app…</p>}>
        <AppView
          key={`${task.id} ${uri}`}
          task={task}
          result={result}
          uri={uri}
          server={server}
          appFrame={appFrame}
          read={readResource}
        />
      </Suspense>
    );
  return <Offer task={task.id} endpoint={endpoint} title={server.title} uri={uri} />;
}

interface OfferProps {
  readonly task: string;
  readonly endpoint: string;
  readonly title: string;
  readonly uri: string;
}

function Offer({ task, endpoint, title, uri }: OfferProps) {
  const offer = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (takeFocusWish("app-offer", task)) offer.current?.querySelector("button")?.focus();
  }, [task]);
  const allow = (): void => {
    wishFocus("app", task);
    allowApps(endpoint, true);
  };
  return (
    <div className="resource app-offer" ref={offer}>
      <span>
        <Button size="compact" variant="default" onClick={allow}>
          Show the app of this server
        </Button>
      </span>
      <span className="quiet">
        <bdi>{title}</bdi> has an app that shows this result: <bdi className="mono">{uri}</bdi>. It is code of
        the server. It runs apart from this page, may fetch nothing, and gets this call only. You allow all
        apps of this server, until you take it back.
      </span>
    </div>
  );
}
