import { type FormEvent, useState } from "react";
import { Button } from "../../ui/controls/button.tsx";
import { SecretField } from "../../ui/controls/text-field.tsx";
import { readAccess } from "./access-api.ts";
import { keepToken } from "./worker-token.ts";

/** Signs the page in to the worker, for this tab. */
export function SignIn() {
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
    <form className="access-sign-in" onSubmit={signIn} aria-labelledby="sign-in-title" noValidate>
      <h2 id="sign-in-title">Sign in to the worker</h2>
      <SecretField
        label="Your Holdfast secret"
        description="OWNER_SECRET, your token of TOKENS, or the token that holdfast serve printed. Kept for this tab until it is closed."
        value={secret}
        autoComplete="current-password"
        onChange={(event) => setSecret(event.currentTarget.value)}
        error={problem}
        showLabel="Show the secret"
      />
      <Button type="submit">Sign in</Button>
    </form>
  );
}
