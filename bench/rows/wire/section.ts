import type { Generation } from "holdfast";
import { extTasks } from "../../peers/ext-tasks.ts";
import { holdfast } from "../../peers/holdfast.ts";
import type { Peer } from "../../peers/peer.ts";
import { v1Client } from "../../peers/v1-client.ts";
import type { Point, Row, Section } from "../../row.ts";
import type { Manner } from "../../servers/plain-server.ts";
import { bestPeer } from "../../table.ts";
import { POLL_MS, type TaskCost, wireCost } from "./scenario.ts";

export const GENERATIONS: readonly Generation[] = ["2025-11-25", "2026-07-28"];
export const MANNERS: readonly Manner[] = ["polling", "pushing", "rate-limiting"];
export const SECONDS: readonly number[] = [4, 60, 3_600];
const PEERS: readonly Peer[] = [holdfast, extTasks, v1Client];

/** One task of 4 s, 60 s and 1 h, on virtual time: the same figures every time, so one sample each. */
export const wire: Section = {
  id: "wire",
  title: "On the wire",
  async *run({ note }) {
    for (const generation of GENERATIONS) {
      for (const manner of MANNERS) {
        note(`${generation}, a ${manner} server`);
        const costs = await costsOf(generation, manner);
        yield row(costs, generation, manner, "requests", ({ requests }) => requests);
        yield row(costs, generation, manner, "bytes", ({ bytes }) => bytes);
      }
    }
  },
};

interface Measured {
  readonly subject: string;
  readonly seconds: number;
  readonly cost: TaskCost | undefined;
}

async function costsOf(generation: Generation, manner: Manner): Promise<readonly Measured[]> {
  const costs: Measured[] = [];
  for (const seconds of SECONDS) {
    for (const peer of PEERS.filter((candidate) => candidate.speaks(generation))) {
      const cost = await wireCost(peer, { generation, manner, taskMs: seconds * 1_000 });
      costs.push({ subject: peer.name, seconds, cost });
    }
  }
  return costs;
}

function row(
  costs: readonly Measured[],
  generation: Generation,
  manner: Manner,
  unit: "requests" | "bytes",
  figure: (cost: TaskCost) => number,
): Row {
  const points: Point[] = costs.map(({ subject, seconds, cost }) => ({
    subject,
    x: seconds,
    samples: cost ? [figure(cost)] : [],
  }));
  const measured: Row = {
    id: `wire-${unit}-${generation}-${manner}`,
    title: `${unit === "bytes" ? "Bytes" : "Requests"} of one task, ${generation}, a ${manner} server`,
    unit,
    better: "less",
    x: { name: "the task's duration", unit: "s" },
    points,
  };
  return {
    ...measured,
    aim: { text: "never above the best peer", met: SECONDS.every((x) => notAbove(measured, x)) },
    notes: unit === "requests" ? [lateNote(costs)] : [],
  };
}

function notAbove(row: Row, x: number): boolean {
  const own = row.points.find((point) => point.subject === holdfast.name && point.x === x)?.samples[0];
  const best = bestPeer(row, x)?.samples[0];
  return own !== undefined && (best === undefined || own <= best);
}

/** Fewer requests are no merit if the result comes later for it. */
function lateNote(costs: readonly Measured[]): string {
  const late = costs.map(({ subject, seconds, cost }) => {
    return `${subject}, ${seconds} s: ${cost ? `${cost.lateMs / 1_000} s` : "no result"}`;
  });
  return `The server suggests a poll every ${POLL_MS / 1_000} s. From the task's end to its result in the app: ${late.join("; ")}.`;
}
