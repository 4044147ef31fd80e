/** A set that forgets its oldest member when it has too many. */
export class RecentSet<T> extends Set<T> {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  override add(value: T): this {
    this.delete(value);
    super.add(value);
    for (const oldest of this) {
      if (this.size <= this.#max) break;
      this.delete(oldest);
    }
    return this;
  }
}
