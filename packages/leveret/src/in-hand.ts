/** Work that has begun and not ended. */
export class InHand {
  #count = 0
  #onEmpty: (() => void)[] = []

  get size(): number {
    return this.#count
  }

  /** Call when work begins … */
  begin(): void {
    this.#count += 1
  }

  /** … and when it has ended, however it did. */
  end(): void {
    this.#count -= 1
    if (this.#count === 0) for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  /** Resolves as soon as there is none. */
  async whenEmpty(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve))
  }
}
