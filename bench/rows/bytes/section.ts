import type { Row, Section } from "../../row.ts";
import { LIBRARIES, PAGES, type Shipment, STACKS, shippedBytes } from "./shipped.ts";

const KIB = 1_024;

/** What a browser has to load, minified and gzipped: every bundle is made by the same esbuild, so one sample each. */
export const bytes: Section = {
  id: "bytes",
  title: "Bytes",
  async *run() {
    yield row("bytes-library", "The library, without an SDK", LIBRARIES, {
      of: "Holdfast + IndexedDB",
      atMost: 20 * KIB,
      text: "Holdfast + IndexedDB at most 20 KB",
    });
    yield row("bytes-stack", "All that is needed to run a task", STACKS, {
      of: "Holdfast + IndexedDB + its own transport",
      atMost: 24 * KIB,
      text: "at most 24 KB with its own transport",
    });
    yield row("bytes-page", "A page that calls one tool and resumes", PAGES, undefined);
  },
};

async function row(
  id: string,
  title: string,
  shipments: readonly Shipment[],
  aim: { readonly of: string; readonly atMost: number; readonly text: string } | undefined,
): Promise<Row> {
  const points = [];
  for (const shipment of shipments)
    points.push({ subject: shipment.subject, samples: [await shippedBytes(shipment)] });
  const own = points.find(({ subject }) => subject === aim?.of)?.samples[0] ?? Number.POSITIVE_INFINITY;
  return {
    id,
    title,
    unit: "bytes",
    better: "less",
    points,
    ...(aim && { aim: { text: aim.text, met: own <= aim.atMost } }),
  };
}
