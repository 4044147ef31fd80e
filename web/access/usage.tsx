import type { LimitName, Usage } from "./access-api.ts";

/** What a person may use of the worker, and what of it is used. */
export function UsageSection({ usage }: { readonly usage: Usage }) {
  const { limits, inFlight, inFlightPerEndpoint, callsThisMinute, readsThisMinute, streams } = usage;
  const endpoints = Object.entries(inFlightPerEndpoint).filter(([, tasks]) => tasks > 0);
  return (
    <section aria-labelledby="usage-title">
      <h2 id="usage-title">Usage and limits</h2>
      <ul className="usage">
        <Meter label="Running tasks" used={inFlight} limits={limits} of="callsInFlight" />
        {endpoints.map(([name, tasks]) => (
          <Meter
            key={name}
            label={`Running at ${name}`}
            used={tasks}
            limits={limits}
            of="callsInFlightPerEndpoint"
          />
        ))}
        <Meter label="Calls this minute" used={callsThisMinute} limits={limits} of="callsPerMinute" />
        <Meter label="Reads this minute" used={readsThisMinute} limits={limits} of="readsPerMinute" />
        <Meter label="Open event streams" used={streams} limits={limits} of="streams" />
      </ul>
      <p className="quiet">
        A call may have {kilobytes(limits.argumentBytes)} of arguments, and a result{" "}
        {kilobytes(limits.resultBytes)}. The worker's variable LIMITS changes them.
      </p>
    </section>
  );
}

interface MeterProps {
  readonly label: string;
  readonly used: number;
  readonly limits: Usage["limits"];
  readonly of: LimitName;
}

function Meter({ label, used, limits, of }: MeterProps) {
  const limit = limits[of];
  return (
    <li>
      <bdi>{label}</bdi>
      <span className="usage-count">
        {used.toLocaleString("en")} of {limit.toLocaleString("en")}
      </span>
      <meter
        min={0}
        max={limit}
        high={0.8 * limit}
        optimum={0}
        value={Math.min(used, limit)}
        aria-label={label}
      />
    </li>
  );
}

function kilobytes(bytes: number): string {
  return `${Math.floor(bytes / 1024).toLocaleString("en")} KiB`;
}
