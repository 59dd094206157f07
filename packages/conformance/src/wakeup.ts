/** How long a client waits for an answer. Generous, because speed is not tested. */
const PATIENCE_MS = 10_000

/** Lets one caller wait until a condition holds. */
export class Wakeup {
  #look: () => void = () => undefined

  /** Checks the condition again, because something has come. */
  wake(): void {
    this.#look()
  }

  /** @throws Error if the condition does not hold within ten seconds */
  async whenSo(isSo: () => boolean): Promise<void> {
    const timeout = AbortSignal.timeout(PATIENCE_MS)
    while (!isSo()) {
      if (timeout.aborted) throw new Error('the broker does not answer')
      await new Promise<void>((resolve) => {
        this.#look = resolve
        timeout.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
}
