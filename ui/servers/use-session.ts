import type { Session } from "holdfast";
import { useEffect, useState } from "react";
import { useWorkspace } from "../clients/workspace-context.ts";

/** What was agreed with a server, once it has been `reached`. */
export function useSession(endpoint: string | undefined, reached: boolean): Session | undefined {
  const { client } = useWorkspace();
  const [found, setFound] = useState<{ readonly of: string; readonly session: Session | undefined }>();
  useEffect(() => {
    if (endpoint === undefined || !reached) return;
    let current = true;
    client.session(endpoint).then(
      (session) => current && setFound({ of: endpoint, session }),
      // A server whose header this tab has not got has no session either.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, endpoint, reached]);
  return found && found.of === endpoint ? found.session : undefined;
}
