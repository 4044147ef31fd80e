import type { Channel } from "../../src/runtime/tab-platform.ts";
import type { Agenda } from "./agenda.ts";
import { copy } from "./copy.ts";
import type { Random } from "./random.ts";
import type { Tab } from "./tab.ts";

interface Port extends Channel {
  readonly name: string;
  readonly tab: Tab;
  /** When the last message to this port arrives: the messages of one tab arrive in order. */
  lastArrivesAt: number;
  open: boolean;
}

/** The BroadcastChannels of one origin. Messages take their time, and those to one port keep their order. */
export class ChannelHub {
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #ports: Set<Port> = new Set();

  constructor(agenda: Agenda, random: Random) {
    this.#agenda = agenda;
    this.#random = random;
  }

  open(tab: Tab, name: string): Channel {
    const port: Port = {
      name,
      tab,
      lastArrivesAt: 0,
      open: true,
      onmessage: null,
      postMessage: (message) => this.#post(port, message),
      close: () => {
        port.open = false;
        this.#ports.delete(port);
      },
    };
    this.#ports.add(port);
    tab.onDeath(() => port.close());
    return port;
  }

  #post(from: Port, message: unknown): void {
    if (!from.open || !from.tab.awake) return;
    for (const port of this.#ports) {
      if (port === from || port.name !== from.name) continue;
      const data: unknown = copy(message);
      const slow = this.#random.chance(0.02);
      const arrivesAt = this.#agenda.now + this.#random.between(0, slow ? 300 : 6);
      port.lastArrivesAt = Math.max(port.lastArrivesAt, arrivesAt);
      port.tab.after(port.lastArrivesAt - this.#agenda.now, () => {
        if (port.open) port.onmessage?.({ data });
      });
    }
  }
}
