import { useCallback, useEffect, useState } from "react";
import { Failed } from "../../ui/app/failed.tsx";
import { useWorkspace } from "../../ui/clients/workspace-context.ts";
import { Button } from "../../ui/controls/button.tsx";
import { useHistory } from "../../ui/history/history-context.ts";
import { PushSection } from "../notifications/push-section.tsx";
import { type Access, readAccess, revokeGrant } from "./access-api.ts";
import { Connections } from "./connections.tsx";
import { Grants } from "./grants.tsx";
import { SignIn } from "./sign-in-form.tsx";
import { UsageSection } from "./usage.tsx";
import { WebhookSection } from "./webhooks.tsx";
import { dropToken, grantOfToken, isSignedIn } from "./worker-token.ts";
import "./access.css";

/** How often the worker is asked while a server is being connected, in ms. */
const AGAIN_MS = 2_000;

type Read =
  | { readonly kind: "asking" }
  | { readonly kind: "unknown" }
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "known"; readonly access: Access };

/** What a person has let others do by the worker: agents that call it, and servers that it calls in the person's name. */
export function AccessView() {
  const [read, setRead] = useState<Read>({ kind: "asking" });
  const again = useCallback((): void => {
    readAccess().then(
      (access) => setRead(access ? { kind: "known", access } : { kind: "unknown" }),
      (error: unknown) => setRead({ kind: "failed", problem: String((error as Error).message) }),
    );
  }, []);
  useEffect(() => {
    again();
  }, [again]);
  const leaving = useLeaving(again, read);
  return (
    <div className="access split-master">
      <div className="access-pane">
        {read.kind === "asking" && (
          <p className="quiet" role="status">
            Asking the worker…
          </p>
        )}
        {read.kind === "failed" && <Failed problem={read.problem} again={again} />}
        {read.kind === "known" && (
          <>
            <Connections connections={read.access.connections} changed={again} left={leaving} />
            <Grants grants={read.access.grants} changed={again} />
            <WebhookSection />
            <UsageSection usage={read.access.usage} />
            <PushSection />
          </>
        )}
        {read.kind === "unknown" || (read.kind === "known" && !isSignedIn()) ? <SignIn /> : null}
        {isSignedIn() && read.kind !== "asking" && <SignOut />}
      </div>
    </div>
  );
}

/** Asks again while the person connects a server in another tab. Returns what to call when the person leaves for one. */
function useLeaving(again: () => void, read: Read): (endpoint: string) => void {
  const [awaited, setAwaited] = useState<string>();
  const isThere =
    read.kind === "known" &&
    read.access.connections.some(({ endpoint, state }) => endpoint === awaited && state === "connected");
  useEffect(() => {
    if (awaited === undefined || isThere) return;
    const timer = setInterval(() => document.visibilityState === "visible" && again(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [again, awaited, isThere]);
  return setAwaited;
}

function SignOut() {
  const { client, servers } = useWorkspace();
  const history = useHistory();
  /** The next person at this browser finds nothing of this one's tasks on its disk. */
  const forgetTasks = async (): Promise<void> => {
    const edge = new Set(servers.get().flatMap(({ name, mode }) => (mode === "edge" ? [name] : [])));
    const tasks = (await client.list()).filter(({ view }) => edge.has(view.endpoint));
    await Promise.all(tasks.map(({ id }) => history.forget(id)));
  };
  /** The token opens nothing from now on, wherever it may have been copied to. */
  const endGrant = async (): Promise<void> => {
    const grant = grantOfToken();
    if (grant !== undefined) await revokeGrant({ id: grant });
  };
  const leave = async (): Promise<void> => {
    await forgetTasks().catch(() => undefined);
    // Last: the worker refuses what this page asks from then on.
    const ended = endGrant();
    dropToken();
    await ended.catch(() => undefined);
    location.reload();
  };
  return (
    <Button size="small" variant="default" onClick={() => void leave()}>
      Sign out of the worker
    </Button>
  );
}
