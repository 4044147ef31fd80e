import { type FormEvent, useState } from "react";
import { Button } from "../../ui/controls/button.tsx";
import { SecretField } from "../../ui/controls/text-field.tsx";
import { readAccess } from "./access-api.ts";
import { hasSignInPage, keepToken } from "./worker-token.ts";

/** Signs the page in to the worker, for this tab. */
export function SignIn() {
  return (
    <div className="access-sign-in">
      <h2>Sign in to the worker</h2>
      {hasSignInPage() && <BySignInPage />}
      <BySecret />
    </div>
  );
}

/** On the worker's own page, which knows passkeys and the person's accounts. */
function BySignInPage() {
  const [problem, setProblem] = useState<string>();
  const leave = (): void => {
    setProblem(undefined);
    import("./console-sign-in.ts")
      .then(({ openSignInPage }) => openSignInPage())
      .catch((error: unknown) => setProblem(String((error as Error).message)));
  };
  return (
    <>
      <Button onClick={leave}>Open the sign-in page</Button>
      <p className="quiet">
        With a passkey, an account or your secret. This tab gets a token that ends after 12 hours, and when
        you sign out.
      </p>
      {problem !== undefined && <p role="alert">{problem}</p>}
    </>
  );
}

function BySecret() {
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState<string>();
  const signIn = (event: FormEvent): void => {
    event.preventDefault();
    const token = secret.trim();
    if (!/^[!-~]+$/.test(token)) return setProblem("Enter your secret. It has no spaces.");
    readAccess(token).then(
      (access) => {
        if (!access) return setProblem("This secret is not known here.");
        keepToken(token);
        // The client of the worker's tasks is made with its token.
        location.reload();
      },
      (error: unknown) => setProblem(String((error as Error).message)),
    );
  };
  return (
    <form className="by-secret" onSubmit={signIn} aria-label="Sign in with a secret" noValidate>
      <SecretField
        label={hasSignInPage() ? "Or your Holdfast secret" : "Your Holdfast secret"}
        description="OWNER_SECRET, your token of TOKENS, or the token that holdfast serve printed. Kept for this tab until it is closed."
        value={secret}
        autoComplete="current-password"
        onChange={(event) => setSecret(event.currentTarget.value)}
        error={problem}
        showLabel="Show the secret"
      />
      <Button type="submit" variant={hasSignInPage() ? "default" : "filled"}>
        Sign in
      </Button>
    </form>
  );
}
