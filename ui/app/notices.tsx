import { Button, CloseButton } from "../controls/button.tsx";
import { useFollowed } from "./followed.ts";
import { useOnline } from "./online.ts";
import { problem } from "./problems.ts";
import { settle, undoable } from "./undo.ts";

/** What concerns the whole page. It is the page's foot: it covers nothing, and what is above it stays where it is. */
export function Notices() {
  const online = useOnline();
  const message = useFollowed(problem);
  const done = useFollowed(undoable);
  return (
    <div className="notices">
      {!online && (
        <p className="notice" id="offline" role="status">
          No network. Tasks continue at their servers, and this page polls them when the network is back.
        </p>
      )}
      {done && (
        <p className="notice" id="undo" role="status">
          <span>
            <bdi>{done.message}</bdi>
          </span>
          <Button size="small" variant="default" title="Ctrl+Z" onClick={done.undo}>
            Undo
          </Button>
          <CloseButton aria-label="Dismiss this message" onClick={settle} />
        </p>
      )}
      {message !== undefined && (
        <p className="notice notice-problem" id="problem" role="alert">
          <span>{message}</span>
          <CloseButton aria-label="Dismiss this message" onClick={() => problem.set(undefined)} />
        </p>
      )}
    </div>
  );
}
