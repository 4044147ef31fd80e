import { inject } from "vitest";

/** One HTTP request as a sample server's wire log holds it. */
export interface WireEntry {
  /** When it arrived there: ms since 1970. */
  readonly at: number;
  readonly generation: string;
  readonly http: string;
  readonly method?: string;
  readonly response?: boolean;
  readonly taskId?: string;
  readonly sessionId?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

/** A lab of the worker's sample servers of one's own: its tasks and its wire log are nobody else's. */
export class SampleLab {
  readonly name: string = `lab-${crypto.randomUUID().slice(0, 8)}`;

  /** The page, calling this lab. */
  get page(): string {
    return `${inject("workerUrl")}/?lab=${this.name}`;
  }

  async wire(): Promise<readonly WireEntry[]> {
    return (await fetch(this.#address("wire"))).json() as Promise<readonly WireEntry[]>;
  }

  async count(method: string): Promise<number> {
    return (await this.wire()).filter((entry) => entry.method === method).length;
  }

  async clearWire(): Promise<void> {
    await fetch(this.#address("wire"), { method: "DELETE" });
  }

  async arm(faults: object): Promise<void> {
    const reply = await fetch(this.#address("faults"), { method: "POST", body: JSON.stringify(faults) });
    if (!reply.ok) throw new Error(`The lab refused ${JSON.stringify(faults)}: ${await reply.text()}`);
  }

  #address(path: string): string {
    return `${inject("workerUrl")}/samples/${this.name}/${path}`;
  }
}
