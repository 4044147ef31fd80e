import { Component, type ReactNode } from "react";
import { Button } from "../controls/button.tsx";
import { NotFetchedError } from "./later.ts";

interface State {
  readonly problem: string | undefined;
  readonly isNotFetched?: boolean;
}

/** A part of the page that something a server sent has broken must not take the rest along. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { problem: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return {
      problem: error instanceof Error ? error.message : String(error),
      isNotFetched: error instanceof NotFetchedError,
    };
  }

  override render(): ReactNode {
    const { problem, isNotFetched } = this.state;
    if (problem === undefined) return this.props.children;
    return (
      <div role="alert" className="broken-view">
        <p>This view could not be shown: {problem}. The tasks are not affected.</p>
        {isNotFetched ? (
          <Button variant="default" onClick={() => location.reload()}>
            Reload the page
          </Button>
        ) : (
          <Button variant="default" onClick={() => this.setState({ problem: undefined })}>
            Show it again
          </Button>
        )}
      </div>
    );
  }
}
