import type { ReactNode } from "react";
import { hrefOf, useRoute, type View } from "../../ui/app/route.ts";
import { useInputRequests } from "../../ui/clients/hooks.ts";
import { useRunningCount } from "../../ui/clients/running-count.ts";
import { Button } from "../../ui/controls/button.tsx";

export interface HeaderProps {
  /** Leads to the questions, where the view below does not begin with them. */
  readonly questions?: View;
  readonly children?: ReactNode;
}

/** What stands above the tasks: where one can go, and how many of them run and ask. */
export function Header({ questions, children }: HeaderProps) {
  const asking = useInputRequests().length;
  const running = useRunningCount();
  return (
    <header className="page-header">
      <h1>
        <img src="/icons/icon-48.png" alt="Holdfast" width="24" height="24" />
      </h1>
      <nav aria-label="Views">
        <ViewLink view="tasks">
          Tasks{" "}
          <span className="count" title={`${running} running`}>
            {running}
          </span>
        </ViewLink>
        <ViewLink view="call">Call</ViewLink>
      </nav>
      <p className="asking" role="status">
        {asking > 0 && questions && (
          <a href={hrefOf(questions)}>{asking === 1 ? "1 question" : `${asking} questions`}</a>
        )}
      </p>
      <div className="page-tools">
        {children}
        <Button size="compact" variant="default" onClick={() => void chrome.runtime.openOptionsPage()}>
          Servers
        </Button>
      </div>
    </header>
  );
}

function ViewLink({ view, children }: { readonly view: View; readonly children: ReactNode }) {
  const route = useRoute();
  return (
    <a href={hrefOf(view)} aria-current={view === route.view ? "page" : undefined}>
      {children}
    </a>
  );
}
