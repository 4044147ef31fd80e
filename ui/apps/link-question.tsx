import { useEffect, useState } from "react";
import { Button, ButtonLink } from "../controls/button.tsx";

/** An address that an app wants to open. */
export interface Link {
  readonly url: string;
  readonly answer: (opened: boolean) => void;
}

/** A person who clicks in the app when the question comes must not answer it. In ms. */
const GRACE_MS = 500;

/** Asks the person whether to open an address. */
export function LinkQuestion({ url, answer }: Link) {
  const [isReady, setReady] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setReady(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="resource app-link" role="alert">
      <span>
        The app wants to open <bdi className="mono">{url}</bdi>
      </span>
      <span className="app-link-answers">
        {isReady ? (
          <ButtonLink
            size="compact"
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            onClick={() => answer(true)}
          >
            Open it
          </ButtonLink>
        ) : (
          <Button size="compact" disabled>
            Open it
          </Button>
        )}
        <Button size="compact" variant="default" disabled={!isReady} onClick={() => answer(false)}>
          Do not open it
        </Button>
      </span>
    </div>
  );
}
