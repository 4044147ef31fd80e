interface Family {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  started: { name: "holdfast_calls_started_total", help: "Tool calls taken on." },
  settled: { name: "holdfast_tasks_settled_total", help: "Tasks that reached an outcome.", label: "outcome" },
  polls: {
    name: "holdfast_polls_total",
    help: "tasks/get requests sent upstream, and calls of the status tools of pairs.",
  },
  upstream_requests: { name: "holdfast_upstream_requests_total", help: "HTTP requests sent upstream." },
  upstream_errors: {
    name: "holdfast_upstream_errors_total",
    help: "HTTP requests upstream that failed: by status, or `network`.",
    label: "reason",
  },
  wakeups: { name: "holdfast_wakeups_total", help: "Alarms that went off." },
  alarm_failures: { name: "holdfast_alarm_failures_total", help: "Alarms that failed, and are tried again." },
  rows_written: {
    name: "holdfast_rows_written_total",
    help: "Rows written by task groups, alarms included.",
  },
  rows_read: { name: "holdfast_rows_read_total", help: "Rows read by task groups." },
  webhooks: { name: "holdfast_webhooks_total", help: "Webhook deliveries.", label: "result" },
  pushes: { name: "holdfast_pushes_total", help: "Web Push messages.", label: "result" },
};

/** The Prometheus text format, version 0.0.4. Every family is there, with 0 before its first count. */
export function prometheusText(totals: Readonly<Record<string, number>>): string {
  const lines: string[] = [];
  for (const [key, { name, help, label }] of Object.entries(FAMILIES)) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
    const counted = Object.entries(totals).filter(([count]) => count === key || count.startsWith(`${key}:`));
    for (const [count, total] of counted.sort(([a], [b]) => a.localeCompare(b))) {
      const value = count.slice(key.length + 1);
      lines.push(label ? `${name}{${label}="${escaped(value)}"} ${total}` : `${name} ${total}`);
    }
    if (counted.length === 0 && !label) lines.push(`${name} 0`);
  }
  return `${lines.join("\n")}\n`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
