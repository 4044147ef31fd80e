import { useEffect, useState } from "react";
import { explain } from "../../ui/app/advice.ts";
import { dropTools } from "../../ui/call/tool-lists.ts";
import { useWorkspace } from "../../ui/clients/workspace-context.ts";
import { Button } from "../../ui/controls/button.tsx";
import { TextField } from "../../ui/controls/text-field.tsx";
import { originOf } from "../servers/hosts.ts";
import type { KnownServer } from "../servers/known-servers.ts";
import { KEEPING_WORDS } from "./keeping-words.ts";
import {
  ClientWantedError,
  HostsWantedError,
  redirectAddress,
  type SignInPlace,
  signIn,
  signInPlace,
  signOut,
} from "./sign-in-flow.ts";

export interface SignInHereProps {
  readonly server: KnownServer;
  readonly isSignedIn: boolean;
}

/** The way to sign in at a server, and out of it. */
export function SignInHere({ server, isSignedIn }: SignInHereProps) {
  const { client } = useWorkspace();
  const [place, setPlace] = useState<SignInPlace>();
  const [origins, setOrigins] = useState<readonly string[]>([]);
  const [clientId, setClientId] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [again, setAgain] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` asks once more.
  useEffect(() => {
    if (isSignedIn) return;
    let current = true;
    setProblem(undefined);
    signInPlace(server.url).then(
      (found) => current && setPlace(found),
      (error: unknown) => current && setProblem(`The server did not say where to sign in: ${explain(error)}`),
    );
    return () => {
      current = false;
    };
  }, [server.url, isSignedIn, again]);
  const enter = async (known: SignInPlace): Promise<void> => {
    // First of all: a browser asks only as long as the click is fresh.
    const wanted = [...new Set([originOf(known.issuer), ...origins])];
    if (!(await chrome.permissions.request({ origins: wanted })))
      throw new Error(
        `The extension has no permission to access ${known.issuer.host}. Press the button again, and allow it.`,
      );
    await signIn(server, known, clientId === undefined ? undefined : { clientId: clientId.trim() });
    dropTools(server.url);
    client.nudge();
  };
  const attempt = (work: Promise<void>): void => {
    setBusy(true);
    setProblem(undefined);
    work
      .catch((error: unknown) => {
        if (error instanceof HostsWantedError) setOrigins(error.origins);
        if (error instanceof ClientWantedError) setClientId("");
        setProblem(error instanceof ClientWantedError ? undefined : explain(error));
      })
      .finally(() => setBusy(false));
  };
  if (isSignedIn)
    return (
      <div className="sign-in">
        <p className="quiet">Signed in. {KEEPING_WORDS[server.keeping]}</p>
        <Button
          size="compact"
          variant="default"
          onClick={() => attempt(signOut(server).then(() => dropTools(server.url)))}
        >
          Sign out
        </Button>
      </div>
    );
  return (
    <div className="sign-in">
      {!place && !problem && (
        <p className="quiet" role="status">
          Asking the server where to sign in…
        </p>
      )}
      {place && (
        <p>
          You are not signed in, so its tasks wait. The sign-in opens a window of{" "}
          <bdi className="mono">{place.issuer.host}</bdi>, and the browser may ask whether the extension may
          access it.
        </p>
      )}
      {place && clientId !== undefined && (
        <>
          <p>
            {place.issuer.host} registers no clients by itself. Register one there with the redirect address{" "}
            <bdi className="mono">{redirectAddress()}</bdi>, and enter its id.
          </p>
          <TextField
            label="Client id"
            name="client-id"
            value={clientId}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setClientId(event.currentTarget.value)}
          />
        </>
      )}
      {problem && <p role="alert">{problem}</p>}
      {place ? (
        <Button
          size="small"
          disabled={isBusy || clientId?.trim() === ""}
          onClick={() => attempt(enter(place))}
        >
          {isBusy ? "Signing in…" : `Sign in at ${place.issuer.host}`}
        </Button>
      ) : (
        problem && (
          <Button size="small" variant="default" onClick={() => setAgain(again + 1)}>
            Ask again
          </Button>
        )
      )}
    </div>
  );
}
