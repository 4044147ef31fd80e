import type { Clock } from "../../src/clock.ts";
import type { Agenda } from "./agenda.ts";

/** How coarse a hidden page's timers are, in ms: browsers allow them once a second. */
const HIDDEN_TIMER_MS = 1_000;

/**
 * A page: its life, and the one door by which anything reaches its code. A frozen page's timers and
 * messages wait for it; a dead page's never come, so that nothing of its memory has any effect.
 */
export class Tab {
  readonly name: string;
  readonly #agenda: Agenda;
  readonly #waiting: (() => void)[] = [];
  readonly #endings: Set<() => void> = new Set();
  readonly #showings: Set<() => void> = new Set();
  #alive = true;
  #frozen = false;
  #visible = true;
  /** When it was last thawed; a browser gives a page no time to receive what it missed before its timers fire. */
  thawedAt: number = Number.NEGATIVE_INFINITY;

  /** When it last came to be, or ceased to be, {@link present}. */
  presenceChangedAt: number;

  constructor(name: string, agenda: Agenda) {
    this.name = name;
    this.#agenda = agenda;
    this.presenceChangedAt = agenda.now;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Its code can run now. */
  get awake(): boolean {
    return this.#alive && !this.#frozen;
  }

  get visible(): boolean {
    return this.#visible;
  }

  /** Somebody looks at it, and its code can run. */
  get present(): boolean {
    return this.awake && this.#visible;
  }

  /** In ms of the world. */
  get now(): number {
    return this.#agenda.now;
  }

  get clock(): Clock {
    const agenda = this.#agenda;
    return {
      now: () => agenda.wall,
      ...(agenda.hasElapsed && { elapsed: () => agenda.now }),
      after: (ms, callback) => this.after(this.#visible ? ms : Math.max(ms, HIDDEN_TIMER_MS), callback),
    };
  }

  /** Has the page's code do something later. The function returned calls it off. */
  after(ms: number, run: () => void): () => void {
    let due: (() => void) | undefined = run;
    const cancel = this.#agenda.after(ms, () => this.#enter(() => due?.()));
    return () => {
      due = undefined;
      cancel();
    };
  }

  /** The page ends without a word: a crash, a reload, a closed tab. */
  die(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const end of [...this.#endings]) end();
  }

  /** Calls `end` at once if the tab is dead already: the disk may write its requests after its death. */
  onDeath(end: () => void): void {
    if (this.#alive) this.#endings.add(end);
    else end();
  }

  freeze(): void {
    this.#change(() => {
      this.#frozen = true;
    });
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#change(() => {
      this.#frozen = false;
    });
    this.thawedAt = this.#agenda.now;
    for (const run of this.#waiting.splice(0)) this.#agenda.after(0, () => this.#enter(run));
  }

  hide(): void {
    this.#change(() => {
      this.#visible = false;
    });
  }

  show(): void {
    if (this.#visible) return;
    this.#change(() => {
      this.#visible = true;
    });
    for (const shown of [...this.#showings]) this.after(0, shown);
  }

  onVisible(callback: () => void): () => void {
    this.#showings.add(callback);
    return () => this.#showings.delete(callback);
  }

  #change(how: () => void): void {
    const before = this.present;
    how();
    if (this.present !== before) this.presenceChangedAt = this.#agenda.now;
  }

  #enter(run: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) this.#waiting.push(run);
    else run();
  }
}
