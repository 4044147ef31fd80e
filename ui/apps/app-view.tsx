import { type Task, type ToolResult, VERSION } from "holdfast";
import { useEffect, useRef, useState } from "react";
import { explain } from "../app/advice.ts";
import { takeFocusWish, wishFocus } from "../app/focus-wish.ts";
import { Button } from "../controls/button.tsx";
import type { Server } from "../servers/server.ts";
import { useWholeView } from "../task/use-whole-view.ts";
import { allowApps } from "./allowed-servers.ts";
import { appDocument } from "./app-document.ts";
import { AppHost } from "./app-host.ts";
import { checkFramePolicy } from "./frame-policy.ts";
import { type Link, LinkQuestion } from "./link-question.tsx";
import "./apps.css";

/** How high an app is before it says so, in CSS pixels. */
const FIRST_HEIGHT = 240;
/** How long an app may take to say goodbye. */
const TEARDOWN_MS = 300;

export interface AppViewProps {
  readonly task: Task;
  readonly result: ToolResult;
  readonly uri: string;
  readonly server: Server;
  /** The page that the app runs in. */
  readonly appFrame: string;
  readonly read: (endpoint: string, uri: string) => Promise<unknown>;
}

type State =
  | { readonly kind: "asking" }
  | { readonly kind: "shown"; readonly html: string }
  | { readonly kind: "closed"; readonly reason: string };

/** An app of a server whose apps are allowed. */
export default function AppView({ task, result, uri, server, appFrame, read }: AppViewProps) {
  const { view, problem } = useWholeView(task.view);
  const [state, setState] = useState<State>({ kind: "asking" });
  const [attempt, setAttempt] = useState(0);
  const host = useRef<AppHost>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks the same again.
  useEffect(() => {
    let current = true;
    setState({ kind: "asking" });
    // Where apps cannot run, their server is not asked.
    checkFramePolicy(appFrame)
      .then(() => read(server.name, uri))
      .then((reply) => appDocument(reply, uri))
      .then(
        (html) => current && setState({ kind: "shown", html }),
        (error: unknown) => current && setState({ kind: "closed", reason: explain(error) }),
      );
    return () => {
      current = false;
    };
  }, [appFrame, read, server.name, uri, attempt]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The button that was pressed has gone.
    if (takeFocusWish("app", task.id)) heading.current?.focus();
  }, [task.id]);
  const takeBack = async (): Promise<void> => {
    const late = new Promise((resolve) => setTimeout(resolve, TEARDOWN_MS));
    await Promise.race([host.current?.teardown("The person no longer wants to see it."), late]);
    wishFocus("app-offer", task.id);
    allowApps(server.name, false);
  };
  const lacksArguments = view.omitted?.includes("arguments") === true;
  return (
    <section className="tool-app" aria-labelledby="app-title">
      <div className="section-heading">
        <h4 id="app-title" ref={heading} tabIndex={-1}>
          App of <bdi>{server.title}</bdi>
        </h4>
        <Button size="compact" variant="default" onClick={() => void takeBack()}>
          Do not show apps of this server
        </Button>
      </div>
      {lacksArguments && problem !== undefined && <p role="alert">The arguments of the call: {problem}</p>}
      {(state.kind === "asking" || (lacksArguments && problem === undefined)) && (
        <p className="quiet">Fetching the app…</p>
      )}
      {state.kind === "closed" && (
        <p role="alert">
          {state.reason}{" "}
          <Button size="compact" variant="default" onClick={() => setAttempt(attempt + 1)}>
            Try again
          </Button>
        </p>
      )}
      {state.kind === "shown" && !lacksArguments && (
        <Frame
          host={host}
          html={state.html}
          title={`App of ${server.title}`}
          appFrame={appFrame}
          given={{ arguments: view.arguments, result }}
          onClose={(reason) => setState({ kind: "closed", reason })}
        />
      )}
    </section>
  );
}

interface FrameProps {
  readonly host: { current: AppHost | undefined };
  readonly html: string;
  readonly title: string;
  readonly appFrame: string;
  readonly given: { readonly arguments: Task["view"]["arguments"]; readonly result: ToolResult };
  readonly onClose: (reason: string) => void;
}

function Frame({ host, title, appFrame, ...rest }: FrameProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  // An app gets its call once, as it was when the app was opened.
  const [{ html, given, onClose }] = useState(rest);
  const [height, setHeight] = useState(FIRST_HEIGHT);
  const [link, setLink] = useState<Link>();
  useEffect(() => {
    const own = new AppHost({
      ...{ html, ...given, version: VERSION, onHeight: setHeight, onLink: setLink, onClose },
      theme: document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light",
      now: () => performance.now(),
      // An opaque origin has no name. The console's frame-src keeps every other site out of the frame.
      post: (message) => frame.current?.contentWindow?.postMessage(message, "*"),
    });
    host.current = own;
    const receive = (event: MessageEvent): void => {
      if (event.origin !== "null" || event.source !== frame.current?.contentWindow) return;
      own.receive(() => event.data);
    };
    addEventListener("message", receive);
    return () => {
      removeEventListener("message", receive);
      own.end();
    };
  }, [host, html, given, onClose]);
  const answer = (opened: boolean): void => {
    link?.answer(opened);
    setLink(undefined);
  };
  return (
    <>
      {link && <LinkQuestion key={link.url} url={link.url} answer={answer} />}
      <iframe
        ref={frame}
        title={title}
        src={appFrame}
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        height={height}
      />
    </>
  );
}
