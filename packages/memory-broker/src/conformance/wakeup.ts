/** How long a client waits for an answer: for conformance only, so generous. */
const PATIENCE_MS = 10_000

/** Has one wait until what came makes something so. */
export class Wakeup {
  #look: () => void = () => undefined

  /** Something has come. */
  wake(): void {
    this.#look()
  }

  /** @throws Error nothing that came within ten seconds has made it so */
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
