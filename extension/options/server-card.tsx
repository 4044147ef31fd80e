import { requestHost } from "holdfast/extension/page";
import { useState } from "react";
import { explain } from "../../ui/app/advice.ts";
import { Failed } from "../../ui/app/failed.tsx";
import { dropTools } from "../../ui/call/tool-lists.ts";
import { useTools } from "../../ui/call/use-tools.ts";
import { useTasks } from "../../ui/clients/hooks.ts";
import { Button } from "../../ui/controls/button.tsx";
import { useSession } from "../../ui/servers/use-session.ts";
import { reloadServers } from "../app/messages.ts";
import { giveBackHosts } from "../servers/hosts.ts";
import { type KnownServer, removeServer } from "../servers/known-servers.ts";
import { useAccess } from "../servers/use-access.ts";
import { GiveHeader } from "./give-header.tsx";
import { signOut } from "./sign-in-flow.ts";
import { SignInHere } from "./sign-in-here.tsx";

/** What is known of a server, what it lacks, and the way to be rid of it. */
export function ServerCard({ server }: { readonly server: KnownServer }) {
  const { url, name } = server;
  const access = useAccess(server);
  const running = useTasks({ endpoint: url, where: ({ outcome }) => outcome === undefined }).length;
  const [problem, setProblem] = useState<string>();
  const [sure, setSure] = useState(false);
  const act = (doing: Promise<void>): void => {
    setProblem(undefined);
    doing.catch((error: unknown) => setProblem(explain(error)));
  };
  return (
    <article className="server-card" aria-label={name} data-server={url} data-access={access}>
      <div className="section-heading">
        <h3>
          <bdi>{name}</bdi>
        </h3>
        <Button
          size="compact"
          variant="default"
          onClick={() => (running > 0 && !sure ? setSure(true) : act(remove(server)))}
        >
          {sure ? "Remove it anyway" : "Remove"}
        </Button>
      </div>
      <bdi className="quiet mono">{url}</bdi>
      {sure && (
        <p role="alert">
          {running === 1 ? "A task of it is" : `${running} tasks of it are`} not finished. Nobody asks for
          them when it is removed; they go on here when it is added again.
        </p>
      )}
      {access === "no permission" && (
        <div className="lacking" role="alert">
          <p>
            The browser does not let the extension access {new URL(url).host}, so its tasks wait. Allow it,
            here or in the browser's own settings for extensions.
          </p>
          <Button size="small" onClick={() => act(allow(url))}>
            Allow it
          </Button>
        </div>
      )}
      {access === "no header" && (
        <p role="alert">
          The browser was closed after the header was entered, so its tasks wait. Enter the header again.
        </p>
      )}
      {server.authorization === "header" && <GiveHeader server={server} lacking={access === "no header"} />}
      {server.authorization === "oauth" && access !== "no permission" && (
        <SignInHere server={server} isSignedIn={access === "ready"} />
      )}
      {access === "ready" && <Found url={url} />}
      {problem && <p role="alert">{problem}</p>}
    </article>
  );
}

/** What the server says of itself. */
function Found({ url }: { readonly url: string }) {
  const found = useTools(url);
  const session = useSession(url, found.status === "known");
  switch (found.status) {
    case "asking":
      return (
        <p className="quiet" role="status">
          Asking the server…
        </p>
      );
    case "failed":
      return <Failed problem={found.problem} again={found.again} />;
    case "known":
      return (
        <p className="server-found">
          {session && <span className="tag">MCP {session.generation}</span>}{" "}
          {found.tools.length === 1 ? "1 tool" : `${found.tools.length} tools`}
        </p>
      );
  }
}

async function allow(url: string): Promise<void> {
  if (!(await requestHost(url))) throw new Error("The browser did not give the permission.");
  dropTools(url);
}

async function remove(server: KnownServer): Promise<void> {
  const { url } = server;
  await signOut(server);
  await removeServer(url);
  await giveBackHosts([url]);
  dropTools(url);
  await reloadServers();
}
