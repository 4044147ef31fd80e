import { useState } from "react";
import { ButtonLink } from "../../ui/controls/button.tsx";
import { type Connection, type DroppedTokens, disconnect } from "./access-api.ts";
import { day } from "./day.ts";
import { TwoStepButton } from "./two-step-button.tsx";

const DROPPED: Readonly<Record<DroppedTokens, string>> = {
  revoked: "Its server has revoked your tokens.",
  "no-revocation":
    "Your tokens are deleted here. Its server offers no revocation: end the access on the server's own page, too.",
  failed:
    "Your tokens are deleted here. Its server could not be asked to revoke them: end the access on the server's own page, too.",
  none: "There were no tokens.",
};

export interface ConnectionsProps {
  readonly connections: readonly Connection[];
  readonly changed: () => void;
  /** Called when the person opens the page on which a server is connected. */
  readonly left: (endpoint: string) => void;
}

/** The servers that the worker uses in the person's name, and the way to connect and disconnect each. */
export function Connections({ connections, changed, left }: ConnectionsProps) {
  const [dropped, setDropped] = useState<{ readonly name: string; readonly tokens: DroppedTokens }>();
  const drop = async (connection: Connection): Promise<void> => {
    const tokens = await disconnect(connection);
    setDropped({ name: connection.title ?? connection.endpoint, tokens });
    changed();
  };
  return (
    <section aria-labelledby="connections-title">
      <h2 id="connections-title">Servers used in your name</h2>
      {connections.length === 0 ? (
        <p className="quiet">No server of this worker asks each person for consent.</p>
      ) : (
        <ul className="access-list">
          {connections.map((connection) => (
            <Row key={connection.endpoint} connection={connection} drop={drop} left={left} />
          ))}
        </ul>
      )}
      <p className="access-outcome" role="status">
        {dropped && (
          <>
            <bdi>{dropped.name}</bdi> is disconnected. {DROPPED[dropped.tokens]}
          </>
        )}
      </p>
    </section>
  );
}

interface RowProps extends Pick<ConnectionsProps, "left"> {
  readonly connection: Connection;
  readonly drop: (connection: Connection) => Promise<void>;
}

function Row({ connection, drop, left }: RowProps) {
  const { endpoint, title = endpoint, state, connect } = connection;
  const isOpen = state !== "connected";
  const action = state === "ended" ? "Reconnect" : "Connect";
  return (
    <li data-state={state}>
      <div className="access-what">
        <bdi className="access-name">{title}</bdi>
        <span className={state === "ended" ? "retry" : "quiet"}>{wordsOf(connection)}</span>
      </div>
      <div className="access-actions">
        {isOpen && (
          <ButtonLink
            href={connect}
            target="_blank"
            rel="noopener"
            onClick={() => left(endpoint)}
            size="small"
            aria-label={`${action} ${title}`}
          >
            {action}
          </ButtonLink>
        )}
        {state === "connected" && (
          <TwoStepButton
            label="Disconnect"
            question="Its tasks will wait. Disconnect?"
            of={title}
            act={() => drop(connection)}
          />
        )}
      </div>
    </li>
  );
}

function wordsOf({ state, since }: Connection): string {
  switch (state) {
    case "connected":
      return since === undefined ? "Connected" : `Connected since ${day(since)}`;
    case "ended":
      return `The server ended your consent${since === undefined ? "" : ` on ${day(since)}`}. Its tasks wait until you reconnect it.`;
    case "none":
      return "Not connected. Its tools cannot be used.";
  }
}
