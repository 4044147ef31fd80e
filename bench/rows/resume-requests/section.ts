import { extTasks } from "../../peers/ext-tasks.ts";
import { holdfast } from "../../peers/holdfast.ts";
import type { Peer } from "../../peers/peer.ts";
import { v1Client, v1ClientKeepingItsSession, v1ClientKeepingItsTask } from "../../peers/v1-client.ts";
import type { Row, Section } from "../../row.ts";
import { resumeCost, type WireCost } from "../wire/scenario.ts";
import { GENERATIONS } from "../wire/section.ts";

const PEERS: readonly Peer[] = [
  holdfast,
  extTasks,
  v1Client,
  v1ClientKeepingItsTask,
  v1ClientKeepingItsSession,
];

/** A page resumes a task that another page left, and asks for its status. On virtual time, so one sample each. */
export const resumeRequests: Section = {
  id: "resume-requests",
  title: "Requests on resuming",
  async *run() {
    for (const generation of GENERATIONS) {
      for (const status of ["working", "ended"] as const) {
        const costs: { readonly peer: Peer; readonly cost: WireCost | undefined }[] = [];
        for (const peer of PEERS.filter((candidate) => candidate.speaks(generation))) {
          costs.push({ peer, cost: await resumeCost(peer, generation, status) });
        }
        const least = generation === "2025-11-25" && status === "ended" ? 2 : 1;
        const own = costs.find(({ peer }) => peer === holdfast)?.cost?.requests;
        const row: Row = {
          id: `resume-requests-${generation}-${status}`,
          title: `Requests to resume a task that ${status === "ended" ? "has ended" : "still works"}, ${generation}`,
          unit: "requests",
          better: "less",
          points: costs.map(({ peer, cost }) => ({
            subject: peer.name,
            samples: cost ? [cost.requests] : [],
          })),
          aim: {
            text:
              least === 1
                ? "one request a resumed poll"
                : "one request a resumed poll, and one for the result",
            met: own === least,
          },
          notes: costs.flatMap(({ peer, cost }) => (cost ? [`${peer.name}: ${cost.sent.join(", ")}.`] : [])),
        };
        yield row;
      }
    }
  },
};
