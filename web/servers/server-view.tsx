import type { Session } from "holdfast";
import { Failed } from "../../ui/app/failed.tsx";
import { hrefOf } from "../../ui/app/route.ts";
import { Skeleton } from "../../ui/app/skeleton.tsx";
import { supportOf } from "../../ui/call/task-support.ts";
import { useTools } from "../../ui/call/use-tools.ts";
import { Button } from "../../ui/controls/button.tsx";
import { JsonTree } from "../../ui/result/json-tree.tsx";
import { keptHeader } from "../../ui/servers/header-secret.ts";
import type { Server } from "../../ui/servers/server.ts";
import { useSession } from "../../ui/servers/use-session.ts";
import { Authorize } from "./authorize.tsx";
import { EditServer } from "./edit-server.tsx";
import { addPairs } from "./known-servers.ts";
import { SuggestedPairs } from "./suggested-pairs.tsx";

/** What is known of one server. */
export function ServerView({ server }: { readonly server: Server }) {
  const reachable = server.authorization !== "header" || keptHeader(server.name) !== undefined;
  const found = useTools(reachable ? server.name : undefined);
  const session = useSession(server.name, found.status === "known");
  return (
    <section aria-labelledby="server-title" className="server-view">
      <h2 id="server-title">
        <bdi>{server.title}</bdi>
      </h2>
      <p className="quiet">
        {server.mode === "edge"
          ? "Called by the worker, which holds its tasks: they continue with no page open."
          : "Called by this page, which stores its tasks in IndexedDB and resumes them when it is open."}
      </p>
      <Authorize server={server} />
      {reachable && found.status === "asking" && <Skeleton label="Asking the server…" bars={2} height={7} />}
      {found.status === "failed" && <Failed problem={found.problem} again={found.again} />}
      {session && <SessionFacts session={session} {...(server.url !== undefined && { url: server.url })} />}
      {found.status === "known" && (
        <>
          <div className="section-heading">
            <h3>Tools</h3>
            <Button size="compact" variant="default" onClick={found.again}>
              Ask again
            </Button>
          </div>
          <ul className="server-tools">
            {found.tools.map((tool) => {
              const support = supportOf(tool, session);
              return (
                <li key={tool.name}>
                  <a href={hrefOf("call", server.name, tool.name)}>
                    <bdi>{tool.name}</bdi>
                  </a>{" "}
                  <span className="tag" title={support.detail}>
                    {support.word}
                  </span>
                  {tool.facts.repeatable && (
                    <span className="tag" title="The server declares that this tool is safe to repeat">
                      repeatable
                    </span>
                  )}
                </li>
              );
            })}
          </ul>
          <SuggestedPairs
            tools={found.tools}
            use={
              server.added
                ? async (pairs) => {
                    await addPairs(server.name, pairs);
                    location.reload();
                  }
                : undefined
            }
          />
        </>
      )}
      {server.added && <EditServer server={server} />}
    </section>
  );
}

function SessionFacts({ session, url }: { readonly session: Session; readonly url?: string }) {
  const { generation, protocolVersion, serverInfo, serverCapabilities } = session;
  const facts: readonly (readonly [string, string])[] = [
    ["Address", url ?? ""],
    ["Generation", generation],
    ["Protocol version", protocolVersion],
    ["Server", [serverInfo?.title ?? serverInfo?.name, serverInfo?.version].filter(Boolean).join(" ")],
  ];
  return (
    <>
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
      </dl>
      <h3>Capabilities</h3>
      <JsonTree value={serverCapabilities} label="Capabilities" />
    </>
  );
}
